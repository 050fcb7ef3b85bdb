"""Receipts called back by platforms: signed with the platform's own key and bound to its own deliveries."""

from datetime import datetime, timedelta
from typing import Any

from apiflask import APIBlueprint
from flask import request
from sqlalchemy import delete
from sqlalchemy.orm import Session

from services.credit_push.api.schemas import ReceiptsIn, ReceiptsOut
from services.credit_push.models import Nonce
from services.credit_push.transports.base import FILED, REFUSED, Receipt
from services.credit_push.usecases import Deps
from services.credit_push.usecases.receiving import receive_receipts
from shared.db import dialect_of, upsert
from shared.errors import NotFound, Unauthenticated
from shared.http import WINDOW_SECONDS, BadSignature, verify_request
from shared.web.access import access, public
from shared.web.problem import problems

RESULTS = {"accepted": FILED, "rejected": REFUSED}


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


def add_routes(bp: APIBlueprint, deps: Deps) -> None:
    @bp.post("/receipts/<platform>")
    @access(public())  # whoever signs with the platform's key
    @problems(401, 404)
    @bp.input(ReceiptsIn)
    @bp.output(ReceiptsOut)
    @bp.doc(
        summary="平台回执（签名回调）", description="请求头 X-Key-Id、X-Timestamp、X-Nonce、X-Signature。"
    )
    def receive(platform: str, json_data: dict[str, Any]) -> dict[str, Any]:
        profile = deps.catalogue.get(platform)
        if profile is None or profile.receipts.by != "callback":
            raise NotFound("not-found", "该平台不以回调方式送达回执")
        receipts = [
            Receipt(
                key=row["idempotency_key"],
                result=RESULTS[row["result"]],
                receipt_number=row["receipt_number"],
                field=row["field"],
                code=row["code"],
                message=row["message"],
                batch_id=json_data["batch_id"],
            )
            for row in json_data["receipts"]
        ]
        with deps.db.write() as session:
            _check_signature(session, deps, profile.transport.key)
            receive_receipts(session, deps, profile, receipts)
        return {"received": len(receipts)}


def _check_signature(session: Session, deps: Deps, reference: str) -> None:
    key = deps.keys.get(reference)

    def secret_of(key_id: str) -> bytes | None:
        return key.secret if key is not None and key.key_id == key_id else None

    target = request.full_path if request.query_string else request.path
    try:
        verify_request(
            request.method,
            target,
            request.get_data(cache=True),
            dict(request.headers.items()),
            secret_of=secret_of,
            now=deps.clock.system_now(),
            nonces=StoredNonces(session),
        )
    except BadSignature as error:
        raise Unauthenticated("bad-signature", "签名无法验证", error.reason) from error
