"""Announcing a letter to its party by mail or text message, and the evidence of it."""

from typing import Any

from apiflask import APIBlueprint
from apiflask.fields import Boolean, Date, DateTime, String
from marshmallow import validate
from sqlalchemy.orm import Session

from services.blacklist.letters.api.common import READ, WRITE
from services.blacklist.letters.queries.finding import find_letter
from services.blacklist.letters.queries.sendings import sending_view, sendings_of
from services.blacklist.letters.queries.unserved import unserved_letters
from services.blacklist.letters.usecases.reading import trace_unserved
from services.blacklist.letters.usecases.sending import CHANNELS, STATES, SendingWish, send_letter
from services.blacklist.store import Deps
from shared.web.access import access, principal
from shared.web.idempotency import Once
from shared.web.paging import PageQuery, page, page_schema
from shared.web.schemas import Schema, Text


class SendingIn(Schema):
    channel = String(required=True, validate=validate.OneOf(tuple(CHANNELS)))
    contact = Text(254, required=True, metadata={"description": "当事人确认的电子邮箱或手机号码，不留存"})
    consent = Text(
        300, required=True, metadata={"description": "当事人同意电子送达的依据，如送达地址确认书的日期"}
    )


class SendingOut(Schema):
    id = String(required=True)
    letter_id = String(required=True)
    channel = String(required=True, validate=validate.OneOf(tuple(CHANNELS)))
    contact = String(required=True, metadata={"description": "已遮盖"})
    consent = String(required=True)
    state = String(required=True, validate=validate.OneOf(tuple(STATES)))
    by = String(required=True)
    requested_at = DateTime(required=True)
    settled_at = DateTime(required=True, allow_none=True)
    provider_id = String(required=True, allow_none=True, metadata={"description": "邮件或短信平台的编号"})
    reason = String(required=True, allow_none=True)
    signed_at = DateTime(required=True, allow_none=True, metadata={"description": "当事人签收的时间"})
    problem = String(required=True, allow_none=True, metadata={"description": "签收后未能登记送达的原因"})


class UnservedOut(Schema):
    id = String(required=True)
    case_id = String(required=True)
    subject_name = String(required=True)
    title = String(required=True)
    number = String(required=True)
    date = Date(required=True)
    stamped = Boolean(required=True, metadata={"description": "是否已有盖章件"})
    sending = String(
        required=True,
        allow_none=True,
        validate=validate.OneOf(tuple(STATES)),
        metadata={"description": "最近一次电子送达的情况"},
    )


UnservedPage = page_schema(UnservedOut, "UnservedLetterPage")
SendingPage = page_schema(SendingOut, "LetterSendingPage")


def add_routes(bp: APIBlueprint, deps: Deps, once: Once) -> None:
    @bp.post("/letters/<letter_id>/sendings")
    @access(WRITE)
    @bp.input(SendingIn)
    @bp.output(SendingOut, 201)
    @bp.doc(summary="电子送达：以邮件或短信通知当事人凭签收码签收")
    @once.write(SendingOut, 201)
    def create_sending(session: Session, letter_id: str, json_data: dict[str, Any]) -> dict[str, Any]:
        wish, at = SendingWish(**json_data), deps.clock.now()
        return sending_view(send_letter(session, deps, letter_id, wish, actor=principal(), at=at))

    @bp.get("/letters/<letter_id>/sendings")
    @access(READ)
    @bp.output(SendingPage)
    @bp.doc(summary="电子送达的发送与签收情况")
    def list_sendings(letter_id: str) -> dict[str, Any]:
        with deps.db.read() as session:
            letter, _ = find_letter(session, letter_id, principal())
            return page(sendings_of(session, letter.id), None)

    @bp.get("/letters/unserved")
    @access(READ)
    @bp.input(PageQuery, location="query")
    @bp.output(UnservedPage)
    @bp.doc(summary="本部门待送达的文书")
    def list_unserved(query_data: dict[str, Any]) -> dict[str, Any]:
        with deps.db.read() as session:
            found = unserved_letters(session, principal(), query_data["cursor"], query_data["limit"])
        trace_unserved(deps, principal(), found["items"])
        return found
