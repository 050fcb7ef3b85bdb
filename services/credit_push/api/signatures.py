"""Requests of platforms are signed with a key of theirs, within the window, each nonce once."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from flask import request
from sqlalchemy import delete
from sqlalchemy.orm import Session

from services.credit_push.models import Nonce
from services.credit_push.usecases import Deps
from shared.db import dialect_of, upsert
from shared.errors import Unauthenticated
from shared.http import WINDOW_SECONDS, BadSignature, verify_request
from shared.logs import get_log

log = get_log(__name__)


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


def check_signature(session: Session, deps: Deps, references: Iterable[str]) -> str:
    """The key id of a request signed with one of these keys; else Unauthenticated, and a line in the log."""
    known = {key.key_id: key.secret for name in references if (key := deps.keys.get(name)) is not None}
    target = request.full_path if request.query_string else request.path
    try:
        return verify_request(
            request.method,
            target,
            request.get_data(cache=True),
            dict(request.headers.items()),
            secret_of=known.get,
            now=deps.clock.system_now(),
            nonces=StoredNonces(session),
        )
    except BadSignature as error:
        log.warning("bad signature", path=request.path, address=request.remote_addr, why=error.reason)
        raise Unauthenticated("bad-signature", "签名无法验证", error.reason) from error
