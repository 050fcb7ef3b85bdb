"""人工报送: sheets and letters waiting for a person, their batch numbers, feedback sheets and replies."""

from collections.abc import Callable

from apiflask import APIBlueprint
from flask import redirect, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from services.credit_push import queries
from services.credit_push.domain import REJECTED
from services.credit_push.models import Batch
from services.credit_push.usecases import Deps
from services.credit_push.usecases.hand import (
    REPLIES,
    Paper,
    blank_feedback,
    import_feedback,
    read_screenshot,
    record_hand,
    record_reply,
    take_paper,
)
from services.credit_push.web.monitor import DOERS, PER_PAGE, page_of, visible_region
from shared.errors import DomainError, FieldError, Invalid, NotFound
from shared.web.access import access, principal, roles
from shared.web.body import body_limit
from shared.web.files import file_answer
from shared.web.listing import last_seen, listed

LARGEST_UPLOAD = 20 * 1024 * 1024
LONGEST_NUMBER = 100
BATCH_STATES = {
    "open": ("待下载", "orange"),
    "downloaded": ("已下载待登记", "yellow"),
    "recorded": ("已报送待反馈", "blue"),
    "closed": ("已办结", "green"),
}
ACTS = {
    "downloaded": "下载",
    "recorded": "登记已报送",
    "screenshot-seen": "查看截图",
    "feedback": "导入平台反馈表",
    "replied": "登记复函",
    "reminded": "逾期未复函，已提醒",
}
KINDS = {"sheet": "报送表", "letter": "撤销函"}


def add_routes(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/hand")
    @access(roles(*DOERS))
    def batches() -> Response:
        return _batches(deps)

    @bp.get("/hand/<batch_id>")
    @access(roles(*DOERS))
    def batch(batch_id: str) -> Response:
        return _batch(deps, batch_id)

    @bp.post("/hand/<batch_id>/download")
    @access(roles("operator"))
    def download_form(batch_id: str) -> Response:
        try:
            return _file(take_paper(deps, batch_id, principal().username))
        except DomainError as error:
            return _batch(deps, batch_id, error)

    @bp.get("/hand/<batch_id>/screenshot")
    @access(roles(*DOERS))
    def screenshot(batch_id: str) -> Response:
        with deps.db.write() as session:
            who = principal()
            paper = read_screenshot(session, deps, batch_id, who.username, visible_region(who))
        return _file(paper, inline=True)

    _add_results(bp, deps)


def _add_results(bp: APIBlueprint, deps: Deps) -> None:
    @bp.post("/hand/<batch_id>/record")
    @access(roles("operator"))
    @body_limit(LARGEST_UPLOAD)
    def record_form(batch_id: str) -> Response:
        def record(session: Session) -> object:
            number, image = _text("batch_number"), _upload("screenshot")
            return record_hand(session, deps, batch_id, number, principal().username, image or None)

        return _do(deps, batch_id, record)

    @bp.get("/hand/<batch_id>/feedback-sheet")
    @access(roles("operator"))
    def blank_sheet(batch_id: str) -> Response:
        with deps.db.read() as session:
            return _file(blank_feedback(session, batch_id))

    @bp.post("/hand/<batch_id>/feedback")
    @access(roles("operator"))
    @body_limit(LARGEST_UPLOAD)
    def feedback_form(batch_id: str) -> Response:
        who = principal().username
        return _do(deps, batch_id, lambda s: import_feedback(s, deps, batch_id, _upload("sheet"), who))

    @bp.post("/hand/<batch_id>/reply")
    @access(roles("operator"))
    def reply_form(batch_id: str) -> Response:
        def reply(session: Session) -> object:
            result, message = request.form.get("result", ""), request.form.get("message", "")
            result = result if result in REPLIES else "rejected"
            told = {"result": result, "number": _text("reply_number"), "message": message[:500]}
            return record_reply(session, deps, batch_id, **told, who=principal().username)

        return _do(deps, batch_id, reply)


def _text(name: str) -> str:
    value = request.form.get(name, "").strip()
    if not value or len(value) > LONGEST_NUMBER:
        pointed = FieldError(f"/{name}", f"请填写，不超过 {LONGEST_NUMBER} 个字符。")
        raise Invalid("validation-failed", "提交的内容有误", fields=[pointed])
    return value


def _upload(name: str) -> bytes:
    file = request.files.get(name)
    return file.read() if file else b""


def _do(deps: Deps, batch_id: str, work: Callable[[Session], object]) -> Response:
    try:
        with deps.db.write() as session:
            work(session)
    except DomainError as error:
        return _batch(deps, batch_id, error)
    return redirect(url_for(".batch", batch_id=batch_id), 303)


def _file(paper: Paper, *, inline: bool = False) -> Response:
    return file_answer(paper.body, paper.media_type, paper.name, inline=inline)


def _batches(deps: Deps) -> Response:
    with deps.db.read() as session:
        found = queries.batches(session, last_seen(), PER_PAGE, visible_region(principal()))
        rows, around = listed(found, PER_PAGE)
    return page_of(
        "push/batches.html",
        "hand",
        rows=rows,
        catalogue=deps.catalogue,
        batch_states=BATCH_STATES,
        kinds=KINDS,
        **around,
    )


def _batch(deps: Deps, batch_id: str, error: DomainError | None = None) -> Response:
    with deps.db.read() as session:
        row, region = session.get(Batch, batch_id), visible_region(principal())
        members = queries.batch_rows(session, batch_id, region)
        if row is None or (region and not members):
            raise NotFound("not-found", "没有这个报送批次")
        acts = queries.batch_acts(session, batch_id)
    return page_of(
        "push/batch.html",
        "hand",
        error,
        row=row,
        members=members,
        acts=acts,
        act_names=ACTS,
        late=row.state == "recorded"
        and row.reply_due_on is not None
        and row.reply_due_on < deps.clock.today(),
        profile=deps.catalogue.get(row.platform),
        batch_states=BATCH_STATES,
        kinds=KINDS,
        refused=row.kind == "letter" and any(one.state == REJECTED for one in members),
        may_act=principal().has("operator"),
        number=request.form.get("batch_number", ""),
        reply_number=request.form.get("reply_number", ""),
    )
