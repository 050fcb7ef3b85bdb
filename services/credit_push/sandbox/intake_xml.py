"""XML way in (公共资源交易 V2.0 chapter 17): one message a request, 17.2 lists or corrects, 17.3 revokes."""

from dataclasses import dataclass
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring
from flask import Blueprint, Response, request

from services.credit_push.sandbox.answers import Refused, check_signature, known_platform, receipt_xml
from services.credit_push.sandbox.desk import Desk, book, draw, moment, take_rows
from services.credit_push.sandbox.intake_json import spoiled, told_receipt
from services.credit_push.sandbox.ledger import CORRECT, LIST, WITHDRAW, Receipt, Submission, find_record
from services.credit_push.sandbox.platforms import Platform

_BODIES = {"17.2": ("BlacklistInfo", "trade_listing"), "17.3": ("RevokeBlacklistInfo", "trade_revocation")}
_HEAD = ["MessageId", "MessageType", "Sender", "SendTime"]


@dataclass(frozen=True)
class Message:
    """A message whose frame is right; its content is still to be checked."""

    id: str
    type: str
    layout: str
    content: dict[str, str]


def xml_blueprint(desk: Desk) -> Blueprint:
    """POST and GET of messages under /platforms/{id}."""
    routes = Blueprint("xml", __name__)

    @routes.post("/platforms/<name>/messages")
    def take_message(name: str) -> Response:
        platform = known_platform(name, "xml")
        check_signature(desk, platform)
        return _take(desk, platform, _read_message())

    @routes.get("/platforms/<name>/messages/<path:key>")
    def tell_message(name: str, key: str) -> Response:
        platform = known_platform(name, "xml")
        check_signature(desk, platform)
        return _xml(receipt_xml(told_receipt(desk, platform, key)))

    return routes


def _xml(body: bytes) -> Response:
    return Response(body, 200, mimetype="application/xml")


def _read_message() -> Message:
    if request.mimetype not in {"application/xml", "text/xml"}:
        raise Refused(415, "unsupported-media-type", "Content-Type 应为 application/xml")
    try:
        root = fromstring(request.get_data())
    except (ParseError, DefusedXmlException, ValueError) as error:
        raise Refused(400, "malformed-request", "请求体不是合法的 XML") from error
    if root.tag != "Message" or [child.tag for child in root] != ["Head", "Body"]:
        raise Refused(422, "validation-failed", "报文应为 Message，内含 Head 与 Body")
    return _framed(root[0], root[1])


def _framed(head: Element, body: Element) -> Message:
    values = {child.tag: (child.text or "").strip() for child in head}
    if [child.tag for child in head] != _HEAD or not all(values.values()):
        raise Refused(422, "validation-failed", f"Head 应依次为 {'、'.join(_HEAD)}，且不为空")
    element, layout = _BODIES.get(values["MessageType"], ("", ""))
    if not element or [child.tag for child in body] != [element]:
        raise Refused(422, "validation-failed", "MessageType 与 Body 不符，应为 17.2 或 17.3")
    names = [child.tag for child in body[0]]
    if len(names) != len(set(names)) or any(len(child) for child in body[0]):
        raise Refused(422, "validation-failed", "元素重复或嵌套")
    content = {child.tag: child.text or "" for child in body[0]}
    return Message(values["MessageId"], values["MessageType"], layout, content)


def _take(desk: Desk, platform: Platform, message: Message) -> Response:
    strikes = draw(desk, platform, 1)
    now = moment(desk, strikes.late)
    with desk.store.write() as cx:
        held = find_record(cx, platform.id, message.content.get("RecordId", ""))
        row = _submission(message, listed=held is not None and held["status"] == "listed")
        receipt = take_rows(cx, platform, [row], strikes, now)[0]
        if strikes.late:
            receipt = Receipt(receipt.idempotency_key, "pending")
        body = b"" if "drop_receipt" in strikes.own else receipt_xml(receipt)
        book(cx, platform.id, now.at, "xml", f"POST {request.path}", row.raw, "200", body.decode())
    return spoiled(strikes.own) or _xml(body)


def _submission(message: Message, *, listed: bool) -> Submission:
    """17.2 for a record that is shown corrects it: the version must then rise."""
    content, version = message.content, message.content.get("RecordVersion", "")
    operation = WITHDRAW if message.type == "17.3" else CORRECT if listed else LIST
    return Submission(
        key=message.id,
        operation=operation,
        layout=message.layout,
        content=content,
        subject_name=content.get("SubjectName", ""),
        document_number=content.get("DocumentNumber", ""),
        raw=request.get_data(as_text=True),
        batch_id=message.id,
        listing_id=content.get("RecordId", ""),
        version=int(version) if version.isdecimal() else None,
    )
