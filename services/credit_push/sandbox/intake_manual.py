"""Manual way in: a person uploads the platform's template; a withdrawal is a numbered letter with a reply."""

import hashlib
import json
import sqlite3
from datetime import datetime

from flask import Blueprint, Response, request

from services.credit_push.sandbox.answers import Refused, answer, known_platform
from services.credit_push.sandbox.checking import names_of
from services.credit_push.sandbox.desk import Desk, book, doubled, draw, moment, take_rows
from services.credit_push.sandbox.intake_json import spoiled
from services.credit_push.sandbox.ledger import OPERATIONS, Submission
from services.credit_push.sandbox.platforms import Platform
from services.credit_push.sandbox.sheets import BadSheet, feedback_csv, read_sheet
from shared.clock import local_date

_LETTER = {"number", "document_number", "subject_name"}
_REFUSALS = {0: "没有相符的公示记录", 1: ""}
_SEVERAL = "相符的公示记录不止一条，请补充材料"


def manual_blueprint(desk: Desk) -> Blueprint:
    """Upload, feedback and letters under /platforms/{id}."""
    routes = Blueprint("manual", __name__)

    @routes.post("/platforms/<name>/upload")
    def take_sheet(name: str) -> Response:
        platform = known_platform(name, "manual")
        sent = request.files.get("sheet")
        if sent is None:
            raise Refused(422, "validation-failed", "请选择要上传的表格（sheet）")
        return _take(desk, platform, sent.read())

    @routes.get("/platforms/<name>/feedback/<batch_number>")
    def tell_feedback(name: str, batch_number: str) -> Response:
        platform = known_platform(name, "manual")
        with desk.store.read() as cx:
            found = cx.execute(
                "SELECT body FROM feedbacks WHERE platform = ? AND batch_id = ? AND due_at <= ?",
                (platform.id, batch_number, moment(desk).visible_at),
            ).fetchone()
        if found is None:
            raise Refused(404, "not-found", "没有此批次，或平台尚未反馈")
        return Response(found["body"], 200, mimetype="text/csv")

    @routes.post("/platforms/<name>/letters")
    def take_letter(name: str) -> Response:
        platform = known_platform(name, "manual")
        return _take_letter(desk, platform, _read_letter())

    return routes


def _take(desk: Desk, platform: Platform, body: bytes) -> Response:
    try:
        cells = read_sheet(body, "xlsx")
    except BadSheet as error:
        raise Refused(422, "validation-failed", str(error)) from error
    expected = ["操作", *names_of("procurement_sheet"), "业务流水号"]
    if len(cells) < 2 or cells[0] != expected or any(len(row) != len(expected) for row in cells):
        raise Refused(422, "validation-failed", "表头与平台模板不符，或没有数据行")
    now = moment(desk)
    digest = hashlib.sha256(body).hexdigest()
    batch = f"HB{local_date(now.at):%Y%m%d}{digest[:8].upper()}"
    rows = [_submission(row, batch) for row in cells[1:]]
    strikes = draw(desk, platform, len(rows))
    with desk.store.write() as cx:
        receipts = take_rows(cx, platform, rows, strikes, now)
        told = doubled(list(enumerate(receipts, 1)), strikes)
        feedback = feedback_csv(told)
        if told and not _fed_back(cx, platform, batch):
            cx.execute(
                "INSERT INTO feedbacks (platform, batch_id, body, due_at, state) VALUES (?,?,?,?,'done')",
                (platform.id, batch, feedback, now.visible_at + strikes.late),
            )
        text = "\n".join("\t".join(row) for row in cells)
        book(cx, platform.id, now.at, "manual", f"POST {request.path}", text, "200", batch)
    return spoiled(strikes.own) or answer({"batch_number": batch})


def _fed_back(cx: sqlite3.Connection, platform: Platform, batch: str) -> bool:
    query = "SELECT 1 FROM feedbacks WHERE platform = ? AND batch_id = ?"
    return cx.execute(query, (platform.id, batch)).fetchone() is not None


def _submission(row: list[str], batch: str) -> Submission:
    content = dict(zip(names_of("procurement_sheet"), row[1:-1], strict=True))
    return Submission(
        key=row[-1],
        operation=OPERATIONS.get(row[0], "list"),
        layout="procurement_sheet",
        content=content,
        subject_name=content["企业名称"],
        document_number=content["决定书文号"],
        raw="\t".join(row),
        batch_id=batch,
    )


def _read_letter() -> dict[str, str]:
    document = request.get_json(silent=True)
    if not isinstance(document, dict) or set(document) != _LETTER:
        raise Refused(422, "validation-failed", "函件应有且仅有 number、document_number、subject_name")
    if not all(isinstance(value, str) and value.strip() for value in document.values()):
        raise Refused(422, "validation-failed", "函件编号、决定书文号、企业名称不能为空")
    return document


def _take_letter(desk: Desk, platform: Platform, letter: dict[str, str]) -> Response:
    """A letter is answered once: the same number gives the same reply, with other content a conflict."""
    strikes = draw(desk, platform, 1)
    now = moment(desk)
    with desk.store.write() as cx:
        held = cx.execute(
            "SELECT * FROM letters WHERE platform = ? AND number = ?", (platform.id, letter["number"])
        ).fetchone()
        if held is not None and any(held[name] != letter[name] for name in _LETTER):
            raise Refused(409, "CONFLICT", "同一函件编号已用于另一事项")
        if held is not None:
            reply = {name: str(held[name]) for name in ("reply_number", "result", "message")}
        else:
            reply = _reply(cx, platform, letter, now.at, strikes.rows[0])
        text, told = json.dumps(letter, ensure_ascii=False), json.dumps(reply, ensure_ascii=False)
        book(cx, platform.id, now.at, "manual", f"POST {request.path}", text, "200", told)
    absent = reply["message"] == _REFUSALS[0]
    return spoiled(strikes.own) or answer(reply | {"code": "NOT_FOUND" if absent else ""})


def _reply(
    cx: sqlite3.Connection, platform: Platform, letter: dict[str, str], at: datetime, struck: frozenset[str]
) -> dict[str, str]:
    where = (platform.id, letter["document_number"], letter["subject_name"])
    keys = cx.execute(
        "SELECT record_key FROM records WHERE platform = ? AND document_number = ? AND subject_name = ?"
        " AND status = 'listed'",
        where,
    ).fetchall()
    message = "平台按设定不予办理（模拟故障）" if "reject" in struck else _REFUSALS.get(len(keys), _SEVERAL)
    number = f"HBF{local_date(at):%Y%m%d}-{hashlib.sha256(letter['number'].encode()).hexdigest()[:8].upper()}"
    result = "rejected" if message else "accepted"
    if not message and "lose_record" not in struck:
        cx.execute(
            "UPDATE records SET status = 'withdrawn', received_at = ?, receipt_number = ?, raw = ?"
            " WHERE platform = ? AND record_key = ?",
            (at.isoformat(), number, json.dumps(letter, ensure_ascii=False), platform.id, keys[0][0]),
        )
    message = message or "已撤除该记录"
    cx.execute(
        "INSERT INTO letters (platform, number, document_number, subject_name, reply_number, result,"
        " message, at) VALUES (?,?,?,?,?,?,?,?)",
        (platform.id, letter["number"], *where[1:], number, result, message, at.isoformat()),
    )
    return {"reply_number": number, "result": result, "message": message}
