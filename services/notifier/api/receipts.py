"""Signed acknowledgements: taken out by both sides, and held against our keys by anyone."""

from typing import Any

from apiflask import APIBlueprint
from apiflask.fields import Boolean, Dict, Nested, String
from flask import Response, make_response
from marshmallow import validate

from services.notifier.models import Deps
from services.notifier.queries.receipts import receipts_of, stop_receipts
from services.notifier.usecases.receipts import is_genuine
from shared.web.access import access, principal, public, signed_in
from shared.web.paging import page, page_schema
from shared.web.schemas import Schema

SHORT = validate.Length(max=200)


class ReceiptSignature(Schema):
    algorithm = String(required=True, validate=SHORT)
    key_id = String(required=True, validate=SHORT)
    value = String(required=True, validate=SHORT)


class ReceiptProof(Schema):
    document = Dict(keys=String(), required=True, metadata={"description": "签收的内容，签名即覆盖这一项"})
    signature = Nested(ReceiptSignature, required=True)


class GenuineOut(Schema):
    genuine = Boolean(required=True, metadata={"description": "true：确由本系统签名，未经改动"})


ReceiptPage = page_schema(ReceiptProof, "ReceiptPage")


def add_routes(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/notices/<notice_id>/receipts")
    @access(signed_in())
    @bp.output(ReceiptPage)
    @bp.doc(summary="一条须签收的消息的签收凭证（已签名）")
    def list_receipts(notice_id: str) -> Response:
        with deps.db.read() as session:
            return _fresh(page(receipts_of(session, principal(), notice_id), None))

    @bp.get("/stops/<notice_id>/receipts")
    @access(signed_in())
    @bp.output(ReceiptPage)
    @bp.doc(summary="实施单位签收停止通知的凭证（已签名），供作出决定的部门留存")
    def list_stop_receipts(notice_id: str) -> Response:
        with deps.db.read() as session:
            return _fresh(page(stop_receipts(session, principal(), notice_id), None))

    @bp.post("/receipts/verify")
    @access(public())
    @bp.input(ReceiptProof)
    @bp.output(GenuineOut)
    @bp.doc(summary="核验签收凭证")
    def verify_receipt(json_data: dict[str, Any]) -> dict[str, Any]:
        return {"genuine": is_genuine(json_data["document"], json_data["signature"], deps.keyring)}


def _fresh(body: dict[str, Any]) -> Response:
    """Names are in it: no cache keeps it."""
    answer = make_response(body)
    answer.headers["Cache-Control"] = "no-store"
    return answer
