"""How many requests an address may make, without captcha: tokens leased by the handful, not one by one.

All processes of one machine share the budgets in a small SQLite file of their own. A process takes a
hundredth of an address's hour at once and hands it out from memory; an address that has none is told when to
come back. Addresses stand in the file as keyed hashes whose key is forgotten with the process's end.
"""

import hashlib
import json
import secrets
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple

from sqlalchemy import MetaData
from sqlalchemy.exc import OperationalError

from shared.budgets import Budget, budget_table, forget_whole, spend, whose
from shared.db import Database, open_database

Wsgi = Callable[[dict[str, Any], Any], Iterable[bytes]]
LEASES = 100
"""An hour's budget is taken in so many parts."""
KEPT_SECONDS = 60.0
MOST_CLIENTS = 20_000
FREE = ("/static/", "/healthz", "/readyz", "/metrics")
_metadata = MetaData()
_table = budget_table(_metadata)
_TOO_MANY = {
    "title": "请求过于频繁",
    "status": 429,
    "slug": "too-many-requests",
    "detail": "请按 Retry-After 指示的秒数等待后再查询。批量使用请下载数据文件或订阅变更流。",
}


class Lease(NamedTuple):
    """What one process may still hand out to one client, or until when it refuses."""

    left: int
    until: float


class Turnstile:
    """WSGI in front of the public application."""

    def __init__(self, app: Wsgi, file: Path, *, per_hour: int, proxies: int, prefix: str = "") -> None:
        self._app, self._per_hour, self._proxies = app, per_hour, proxies
        self._free = tuple(prefix + each for each in FREE)
        self._problem = json.dumps({"type": f"{prefix}/problems/too-many-requests", **_TOO_MANY}).encode()
        self._secret = secrets.token_bytes(16)
        self._leases: dict[str, Lease] = {}
        self._lock = Lock()
        self._db = open_budgets(file)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if environ["PATH_INFO"].startswith(self._free):
            return self._app(environ, start_response)
        late = self.late(client_address(environ, self._proxies))
        if late is None:
            return self._app(environ, start_response)
        headers = [
            ("Content-Type", "application/problem+json"),
            ("Content-Length", str(len(self._problem))),
            ("Retry-After", str(max(1, round(late)))),
            ("Cache-Control", "no-store"),
        ]
        start_response("429 Too Many Requests", headers)
        return [self._problem]

    def late(self, address: str) -> float | None:
        """None if the address may go on, else the seconds it has to wait."""
        now = time.monotonic()
        with self._lock:
            lease = self._leases.get(address)
            if lease is None or lease.until <= now:
                lease = self._leased(address, now)
            if lease.left == 0:
                self._leases[address] = lease
                return lease.until - now if lease.until > now else None
            left = lease.left - 1
            self._leases[address] = Lease(left, lease.until if left else now)
            return None

    def _leased(self, address: str, now: float) -> Lease:
        """A handful of tokens, or one, or a refusal until there will be one."""
        if len(self._leases) >= MOST_CLIENTS:
            self._leases.clear()
        handful = max(1, self._per_hour // LEASES)
        try:
            late = self._spent(address, handful)
            if late is not None and handful > 1:
                handful, late = 1, self._spent(address, 1)
        except OperationalError:
            return Lease(handful, now + KEPT_SECONDS)  # a public register is not closed by a busy file
        if late is not None:
            return Lease(0, now + late.total_seconds())
        return Lease(handful, now + KEPT_SECONDS)

    def _spent(self, address: str, count: int) -> timedelta | None:
        key = hashlib.blake2b(whose(address).encode(), key=self._secret, digest_size=16).hexdigest()
        at = datetime.now(UTC)
        with self._db.write() as session:
            forget_whole(session, _table, at)
            return spend(session, _table, [Budget(key, self._per_hour)], at, count=count)


def open_budgets(file: Path) -> Database:
    """The shared file, with its table; no connection is left open for a process that will fork."""
    db = open_database(f"sqlite:///{file}")
    _metadata.create_all(db.engine)
    db.close()
    return db


def client_address(environ: dict[str, Any], proxies: int) -> str:
    """Who asks: what the outermost of our own proxies saw, or the connection's other end."""
    seen = [part.strip() for part in environ.get("HTTP_X_FORWARDED_FOR", "").split(",")]
    if proxies and len(seen) >= proxies and seen[-proxies]:
        return str(seen[-proxies])
    return str(environ.get("REMOTE_ADDR", ""))
