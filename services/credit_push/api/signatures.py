"""Requests of platforms are signed with a key of theirs, within the window, each nonce once.

What is not believed changes nothing, and is written down after the roll-back (`refusals_kept`).
"""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta

from flask import request
from sqlalchemy import delete
from sqlalchemy.orm import Session

from services.credit_push.models import Nonce
from services.credit_push.usecases import Deps
from services.credit_push.usecases.refusing import (
    FOREIGN,
    FOREIGN_ADDRESS,
    FORGED,
    NOBODY,
    REPLAYED,
    STALE,
    UNKNOWN,
    Refusal,
    keep_refused,
)
from shared.db import dialect_of, upsert
from shared.errors import Forbidden, Unauthenticated
from shared.http import ALGORITHMS, WINDOW_SECONDS, BadSignature, verify_request
from shared.logs import get_log

log = get_log(__name__)
REASONS = {
    "timestamp outside the window": STALE,
    "nonce used before": REPLAYED,
    "unknown key": UNKNOWN,
}


class StoredNonces:
    """Nonces in the transaction that stores the receipts: rolled back together, shared by all processes."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, key_id: str, nonce: str, now: datetime) -> bool:
        """False if the nonce was used within the window."""
        self._session.execute(
            delete(Nonce).where(Nonce.seen_at < now - timedelta(seconds=2 * WINDOW_SECONDS))
        )
        put = upsert(dialect_of(self._session))(Nonce).values(key_id=key_id, nonce=nonce, seen_at=now)
        return self._session.execute(put.on_conflict_do_nothing().returning(Nonce.nonce)).scalar() is not None


def check_signature(session: Session, deps: Deps, signers: Mapping[str, str]) -> str:
    """The key id of a request signed with one of these keys, each with the algorithm of its owner.

    Else Unauthenticated, and a line in the log.
    """
    known = {
        key.key_id: (key.theirs(algorithm), algorithm)
        for name, algorithm in signers.items()
        if (key := deps.keys.get(name)) is not None
    }
    _, algorithm = known.get(request.headers.get("X-Key-Id", ""), (b"", ALGORITHMS[0]))
    target = request.full_path if request.query_string else request.path
    try:
        return verify_request(
            request.method,
            target,
            request.get_data(cache=True),
            dict(request.headers.items()),
            secret_of=lambda key_id: known[key_id][0] if key_id in known else None,
            now=deps.clock.system_now(),
            nonces=StoredNonces(session),
            algorithm=algorithm,
        )
    except BadSignature as error:
        log.warning("bad signature", path=request.path, address=request.remote_addr, why=error.reason)
        raise Unauthenticated("bad-signature", "签名无法验证", error.reason) from error


@contextmanager
def refusals_kept(deps: Deps, door: str, platform: str = "") -> Iterator[None]:
    """Around the transaction of a signed request: what is refused in it is kept in one of its own."""
    try:
        yield
    except (Unauthenticated, Forbidden) as error:
        if error.slug not in ("bad-signature", "foreign-address"):
            raise
        owner, key_id = _owner(deps)
        why = FOREIGN_ADDRESS if isinstance(error, Forbidden) else _why(error)
        if why == UNKNOWN and owner and platform:
            why = FOREIGN
        note_refused(deps, door, platform or owner or NOBODY, why, key_id)
        raise


def note_refused(deps: Deps, door: str, platform: str, why: str, key_id: str | None = None) -> None:
    """Write down that the current request was not believed."""
    digest = hashlib.sha256(request.get_data(cache=True)).hexdigest()
    address = (request.remote_addr or "")[:45] or None
    with deps.db.write() as session:
        keep_refused(session, Refusal(platform, door, why, key_id, digest, address), deps.clock.system_now())


def _why(error: Unauthenticated) -> str:
    cause = error.__cause__
    return REASONS.get(cause.reason, FORGED) if isinstance(cause, BadSignature) else FORGED


def _owner(deps: Deps) -> tuple[str, str | None]:
    """The platform whose key the request names, and that key; nothing where we know no such key."""
    named = request.headers.get("X-Key-Id", "")
    for profile in deps.catalogue.values() if named else ():
        for reference in (profile.transport.key, profile.door.key):
            key = deps.keys.get(reference) if reference else None
            if key is not None and key.key_id == named:
                return profile.id, named
    return "", None
