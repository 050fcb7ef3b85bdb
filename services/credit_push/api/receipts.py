"""Receipts called back by platforms: signed with the platform's own key and bound to its own deliveries."""

from typing import Any

from apiflask import APIBlueprint

from services.credit_push.api.schemas import ReceiptsIn, ReceiptsOut
from services.credit_push.api.signatures import check_signature, note_refused, refusals_kept
from services.credit_push.transports.base import FILED, REFUSED, Receipt
from services.credit_push.usecases import Deps
from services.credit_push.usecases.observing import Report, keep_reports
from services.credit_push.usecases.receiving import receive_receipts
from services.credit_push.usecases.refusing import NOBODY, UNKNOWN_PLATFORM
from shared.errors import NotFound
from shared.web.access import access, public
from shared.web.problem import problems

RESULTS = {"accepted": FILED, "rejected": REFUSED}


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
            note_refused(deps, "callback", profile.id if profile else NOBODY, UNKNOWN_PLATFORM)
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
        reports = [
            Report(row["displayed_at"], row["absent_at"], key=row["idempotency_key"])
            for row in json_data["receipts"]
        ]
        with refusals_kept(deps, "callback", profile.id), deps.db.write() as session:
            check_signature(session, deps, {profile.transport.key: profile.signature})
            receive_receipts(session, deps, profile, receipts)
        keep_reports(deps, profile, reports)
        return {"received": len(receipts)}
