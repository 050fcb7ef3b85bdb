"""Misbehaviour on demand: who, what, how often, how long. Set over POST /faults, kept over restarts.

`reject` and `lose_record` strike rows, `stale_site` what is asked of a public site; the others strike
submissions (a request, a packet, an exchange row).
"""

import random
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Lock
from typing import Any

from services.credit_push.sandbox.store import Store
from shared.ids import new_id

KINDS = (
    "reject",
    "error500",
    "timeout",
    "slow",
    "garbage",
    "drop_receipt",
    "duplicate_receipt",
    "delayed_receipt",
    "lose_record",
    "stale_site",
)
KIND_NAMES = {
    "reject": "退回",
    "error500": "返回 500",
    "timeout": "超时不答",
    "slow": "缓慢",
    "garbage": "回乱码",
    "drop_receipt": "丢回执",
    "duplicate_receipt": "重复回执",
    "delayed_receipt": "迟到回执",
    "lose_record": "受理后丢失记录",
    "stale_site": "网站停留在原状",
}
OUTAGES = frozenset({"error500", "timeout", "slow"})  # these strike questions as well as submissions
EVERYWHERE = "*"
SLOW_SECONDS = 2.0
HANG_SECONDS = 10.0  # longer than any client of ours waits
LATE_SECONDS = 3.0
CRASHED_SECONDS = 1.0  # a file or sweep that failed with an "error 500" is tried again after this
GARBAGE_TEXT = "\x7f\ufffd<<<%%% 系统维护中 0x00"


@dataclass
class Fault:
    """One fault as set; `count` is what is left of it, None without limit."""

    id: str
    platform: str
    kind: str
    rate: float
    count: int | None
    until: float | None
    set_at: str
    struck: int = 0

    def document(self) -> dict[str, Any]:
        """As JSON."""
        until = datetime.fromtimestamp(self.until, UTC).isoformat() if self.until else None
        return {**vars(self), "until": until}


class Faults:
    """The faults set now. `dice` decides where a rate is below 1; a fault with a seed has dice of its own, so
    that it strikes the same draws each time (until a restart).
    """

    def __init__(self, store: Store, dice: random.Random | None = None) -> None:
        self._store = store
        self._dice = dice or random.Random()  # noqa: S311  chance, not a secret
        self._seeded: dict[str, random.Random] = {}
        self._lock = Lock()
        with store.read() as cx:
            rows = cx.execute("SELECT * FROM faults ORDER BY id").fetchall()
        self._faults = [Fault(**dict(row)) for row in rows]

    def set(
        self,
        platform: str,
        kind: str,
        rate: float,
        count: int | None,
        seconds: float | None,
        seed: int | None = None,
    ) -> Fault:
        """Set a fault and keep it."""
        until = time.time() + seconds if seconds else None
        fault = Fault(new_id(), platform, kind, rate, count, until, datetime.now(UTC).isoformat())
        with self._store.write() as cx:
            cx.execute(
                "INSERT INTO faults (id, platform, kind, rate, count, until, set_at, struck)"
                " VALUES (:id, :platform, :kind, :rate, :count, :until, :set_at, :struck)",
                vars(fault),
            )
        with self._lock:
            self._faults.append(fault)
            if seed is not None:
                self._seeded[fault.id] = random.Random(seed)  # noqa: S311  chance, not a secret
        return fault

    def clear(self, platform: str | None = None) -> int:
        """Forget all faults, or one platform's; returns how many."""
        with self._lock:
            gone = [fault for fault in self._faults if platform in (None, fault.platform)]
            self._faults = [fault for fault in self._faults if fault not in gone]
        with self._store.write() as cx:
            cx.executemany("DELETE FROM faults WHERE id = ?", [(fault.id,) for fault in gone])
        return len(gone)

    def current(self) -> list[Fault]:
        """Those that can still strike."""
        now = time.time()
        with self._lock:
            return [fault for fault in self._faults if _live(fault, now)]

    def strike(self, platform: str, kinds: Iterable[str]) -> frozenset[str]:
        """Which of these kinds strike now; each that does is counted. Not inside a store transaction."""
        if not self._faults:
            return frozenset()
        wanted, now, hit = set(kinds), time.time(), []
        with self._lock:
            for fault in self._faults:
                if fault.platform in (platform, EVERYWHERE) and fault.kind in wanted and _live(fault, now):
                    dice = self._seeded.get(fault.id, self._dice)
                    if fault.rate < 1 and dice.random() >= fault.rate:
                        continue
                    fault.struck += 1
                    fault.count = None if fault.count is None else fault.count - 1
                    hit.append(fault)
        self._keep(hit)
        return frozenset(fault.kind for fault in hit)

    def _keep(self, hit: list[Fault]) -> None:
        if hit:
            with self._store.write() as cx:
                cx.executemany(
                    "UPDATE faults SET count = ?, struck = ? WHERE id = ?",
                    [(fault.count, fault.struck, fault.id) for fault in hit],
                )


def _live(fault: Fault, now: float) -> bool:
    return (fault.count is None or fault.count > 0) and (fault.until is None or now < fault.until)
