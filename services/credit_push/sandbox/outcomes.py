"""A stand-in takes what became of the requests it brought: strictly, and each key once."""

import hashlib
import json
import sqlite3
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, request

from services.credit_push.sandbox.answers import Refused, answer, check_signature, known_platform
from services.credit_push.sandbox.desk import Desk, book
from services.credit_push.sandbox.intake_json import spoiled
from services.credit_push.sandbox.platforms import PLATFORMS, Platform

FIELDS = {
    "idempotency_key": 100,
    "ticket": 100,
    "kind": 20,
    "listing_id": 36,
    "document_number": 128,
    "outcome": 20,
    "reason": 4000,
    "decided_at": 40,
}
OPTIONAL = ("reason", "document_number")
FOR_BOTH = ("受理", "不予受理", "已终止公示", "需补正材料")
OUTCOMES = {
    "objection": (*FOR_BOTH, "异议成立", "异议不成立"),
    "repair": (*FOR_BOTH, "准予修复", "不予修复", "延长办理期限"),
}
_TOLD = (
    "SELECT platform, ticket, kind, listing_id, outcome, reason, idempotency_key, receipt_number, at"
    " FROM outcomes ORDER BY number"
)


def outcomes_blueprint(desk: Desk) -> Blueprint:
    """POST /platforms/{id}/answers, and GET /answers for programs."""
    routes = Blueprint("outcomes", __name__)

    @routes.post("/platforms/<name>/answers")
    def take_answer(name: str) -> Response:
        platform = known_platform(name)
        check_signature(desk, platform)
        if not platform.files_requests:
            raise Refused(404, "not-found", "该平台不转送异议和修复申请")
        struck = desk.faults.strike(name, ("garbage",))
        told = _take(desk, platform, _read())
        return spoiled(frozenset(struck)) or answer(told)

    @routes.get("/answers")
    def tell_answers() -> Response:
        platform = request.args.get("platform")
        names = [known_platform(platform).id] if platform else list(PLATFORMS)
        with desk.store.read() as cx:
            rows = [dict(row) for row in cx.execute(_TOLD)]
        return answer({"answers": [row for row in rows if row["platform"] in names]})

    return routes


def _read() -> dict[str, str]:
    if request.mimetype != "application/json":
        raise Refused(415, "unsupported-media-type", "Content-Type 应为 application/json")
    try:
        document: Any = json.loads(request.get_data())
    except (ValueError, RecursionError) as error:
        raise Refused(400, "malformed-request", "请求体不是合法的 JSON") from error
    return checked(document)


def checked(document: Any) -> dict[str, str]:
    """What is told of a request, if it is said rightly, whatever way it came."""
    if not isinstance(document, dict) or set(document) != set(FIELDS):
        raise Refused(422, "validation-failed", f"应有且仅有 {'、'.join(FIELDS)}")
    for name, longest in FIELDS.items():
        value = document[name]
        if not isinstance(value, str) or len(value) > longest or (not value and name not in OPTIONAL):
            raise Refused(422, "validation-failed", f"{name} 应为不超过 {longest} 字的文字")
    if document["outcome"] not in OUTCOMES.get(document["kind"], ()):
        raise Refused(422, "validation-failed", "办理结果与申请种类不符")
    _check_time(document["decided_at"])
    return document


def _check_time(value: str) -> None:
    try:
        aware = datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        aware = False
    if not aware:
        raise Refused(422, "validation-failed", "decided_at 应为带时区的时间")


def _take(desk: Desk, platform: Platform, document: dict[str, str]) -> dict[str, str]:
    now = desk.clock.now()
    with desk.store.write() as cx:
        told = {
            "idempotency_key": document["idempotency_key"],
            "result": "accepted",
            "receipt_number": take_outcome(cx, platform, document, now),
        }
        body, said = request.get_data(as_text=True), json.dumps(told, ensure_ascii=False)
        book(cx, platform.id, now, "json", f"POST {request.path}", body, "200", said)
    return told


def take_outcome(cx: sqlite3.Connection, platform: Platform, document: dict[str, str], now: datetime) -> str:
    """Its receipt number, the same for a key that came before; Refused where it does not fit."""
    digest = hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()
    number = _known(cx, platform, document, digest)
    return _keep(cx, platform, document, digest, now) if number is None else number


def _known(cx: sqlite3.Connection, platform: Platform, document: dict[str, str], digest: str) -> str | None:
    """The receipt of a key that came before; no ticket of ours, or a key used for something else: refused."""
    given = cx.execute(
        "SELECT kind, listing_id FROM filings WHERE platform = ? AND ticket = ?",
        (platform.id, document["ticket"]),
    ).fetchone()
    if given is None or tuple(given) != (document["kind"], document["listing_id"]):
        raise Refused(422, "unknown-ticket", "没有此受理号，或者种类、名单不符")
    found = cx.execute(
        "SELECT receipt_number, body_digest FROM outcomes WHERE platform = ? AND idempotency_key = ?",
        (platform.id, document["idempotency_key"]),
    ).fetchone()
    if found is not None and found["body_digest"] != digest:
        raise Refused(409, "conflict", "同一业务流水号已用于其他内容")
    return str(found["receipt_number"]) if found is not None else None


def _keep(
    cx: sqlite3.Connection, platform: Platform, document: dict[str, str], digest: str, now: datetime
) -> str:
    count = cx.execute("SELECT count(*) FROM outcomes WHERE platform = ?", (platform.id,)).fetchone()[0]
    number = f"BLJG{count + 1:08d}"
    names = ("idempotency_key", "ticket", "kind", "listing_id", "outcome", "reason")
    cx.execute(
        "INSERT INTO outcomes (platform, idempotency_key, ticket, kind, listing_id, outcome, reason,"
        " body_digest, receipt_number, at) VALUES (?,?,?,?,?,?,?,?,?,?)",
        (platform.id, *(document[name] for name in names), digest, number, now.isoformat()),
    )
    return number
