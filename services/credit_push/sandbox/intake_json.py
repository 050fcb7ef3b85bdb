"""JSON way in (canonical records): receipts in the answer, or by a signed callback."""

import json
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, request

from services.credit_push.sandbox.answers import Refused, answer, check_signature, known_platform
from services.credit_push.sandbox.callbacks import queue_callback
from services.credit_push.sandbox.desk import Desk, book, doubled, draw, moment, take_rows
from services.credit_push.sandbox.faults import GARBAGE_TEXT
from services.credit_push.sandbox.ledger import (
    OPERATIONS,
    WITHDRAW,
    Receipt,
    Submission,
    find_receipt,
    receipt_from,
)
from services.credit_push.sandbox.platforms import Platform

MOST_ROWS = 500
_HEAD = ("batch_id", "sender", "count", "sent_at")


def json_blueprint(desk: Desk) -> Blueprint:
    """POST and GET of records under /platforms/{id}."""
    routes = Blueprint("json", __name__)

    @routes.post("/platforms/<name>/records")
    def take_records(name: str) -> Response:
        platform = known_platform(name, "json")
        check_signature(desk, platform)
        return _take(desk, platform, _read_batch())

    @routes.get("/platforms/<name>/records/<path:key>")
    def tell_record(name: str, key: str) -> Response:
        platform = known_platform(name, "json")
        check_signature(desk, platform)
        return answer(told_receipt(desk, platform, key).document())

    return routes


def told_receipt(desk: Desk, platform: Platform, key: str) -> Receipt:
    """The receipt of a key, `pending` while it may not be told yet; 404 if there is none."""
    with desk.store.read() as cx:
        found = find_receipt(cx, platform.id, key)
    if found is None:
        raise Refused(404, "not-found", "没有此业务流水号")
    if found["visible_at"] > moment(desk).visible_at:
        return Receipt(key, "pending")
    return receipt_from(found)


def _read_batch() -> dict[str, Any]:
    if request.mimetype != "application/json":
        raise Refused(415, "unsupported-media-type", "Content-Type 应为 application/json")
    try:
        document = json.loads(request.get_data())
    except ValueError as error:
        raise Refused(400, "malformed-request", "请求体不是合法的 JSON") from error
    if not isinstance(document, dict) or set(document) != {"head", "records"}:
        raise Refused(422, "validation-failed", "请求体应有且仅有 head 与 records")
    _check_head(document["head"], document["records"])
    return document


def _check_head(head: Any, records: Any) -> None:
    if not isinstance(head, dict) or set(head) != set(_HEAD):
        raise Refused(422, "validation-failed", f"head 应有且仅有 {'、'.join(_HEAD)}")
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        raise Refused(422, "validation-failed", "records 应为记录列表")
    if len(records) > MOST_ROWS:
        raise Refused(413, "payload-too-large", f"每批不超过 {MOST_ROWS} 条")
    if not records or head["count"] != len(records):
        raise Refused(422, "validation-failed", "head.count 与记录数不符")
    if not all(isinstance(head[name], str) and head[name] for name in ("batch_id", "sender", "sent_at")):
        raise Refused(422, "validation-failed", "head 中的批次号、报送单位、时间不能为空")


def _take(desk: Desk, platform: Platform, document: Mapping[str, Any]) -> Response:
    batch_id = document["head"]["batch_id"]
    rows = [_submission(record, batch_id) for record in document["records"]]
    strikes = draw(desk, platform, len(rows))
    now = moment(desk, strikes.late)
    with desk.store.write() as cx:
        receipts = take_rows(cx, platform, rows, strikes, now)
        if platform.receipts == "callback":
            told: dict[str, Any] = {"batch_id": batch_id, "accepted_rows": len(rows)}
            gone = frozenset(row.key for row in rows if row.operation == WITHDRAW)
            queue_callback(cx, platform, batch_id, receipts, strikes, now, gone)
        else:
            told = {
                "batch_id": batch_id,
                "receipts": _answered(doubled(receipts, strikes), late=strikes.late > 0),
            }
        text = json.dumps(told, ensure_ascii=False)
        status = 202 if platform.receipts == "callback" else 200
        body = request.get_data(as_text=True)
        book(cx, platform.id, now.at, "json", f"POST {request.path}", body, str(status), text)
    return spoiled(strikes.own) or Response(text, status, mimetype="application/json")


def _answered(receipts: list[Receipt], *, late: bool) -> list[dict[str, str]]:
    return [(Receipt(r.idempotency_key, "pending") if late else r).document() for r in receipts]


def spoiled(strikes: frozenset[str]) -> Response | None:
    """The answer as garbage, where that fault struck: the work is done all the same."""
    if "garbage" not in strikes:
        return None
    return Response(GARBAGE_TEXT.encode("utf-16"), 200, mimetype="application/octet-stream")


def _submission(record: Mapping[str, Any], batch_id: str) -> Submission:
    content = {name: value for name, value in record.items() if name != "idempotency_key"}
    version = content.get("version")
    return Submission(
        key=str(record.get("idempotency_key") or ""),
        operation=OPERATIONS.get(str(content.get("status")), "list"),
        layout="canonical",
        content=content,
        subject_name=str(content.get("subject_name") or ""),
        document_number=str(content.get("document_number") or ""),
        raw=json.dumps(record, ensure_ascii=False),
        batch_id=batch_id,
        listing_id=str(content.get("listing_id") or ""),
        version=version if isinstance(version, int) and not isinstance(version, bool) else None,
    )
