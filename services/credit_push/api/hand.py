"""Work by hand: the sheet or letter to carry, the batch number, the feedback sheet, the reply to a letter."""

from typing import Any

from apiflask import APIBlueprint
from flask import Response

from services.credit_push import queries
from services.credit_push.api.deliveries import DOERS, visible_region
from services.credit_push.api.schemas import BatchOut, BatchPage, FeedbackIn, HandIn, ReplyIn, SettledOut
from services.credit_push.usecases import Deps
from services.credit_push.usecases.hand import (
    Paper,
    import_feedback,
    read_screenshot,
    record_hand,
    record_reply,
    take_paper,
)
from shared.sheets import XLSX
from shared.web.access import access, principal, roles
from shared.web.body import body_limit
from shared.web.files import file_answer
from shared.web.openapi import produces
from shared.web.paging import PageQuery, cut, last_id, page
from shared.web.problem import problems

LARGEST_UPLOAD = 20 * 1024 * 1024


def as_download(paper: Paper) -> Response:
    """A file for a person; never cached, for it may hold identity numbers."""
    return file_answer(paper.body, paper.media_type, paper.name)


def add_routes(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/batches")
    @access(roles(*DOERS))
    @bp.input(PageQuery, location="query")
    @bp.output(BatchPage)
    @bp.doc(summary="人工报送批次")
    def list_batches(query_data: dict[str, Any]) -> dict[str, Any]:
        limit, cursor = query_data["limit"], query_data["cursor"]
        before = last_id(cursor)
        with deps.db.read() as session:
            region = visible_region(principal())
            found = queries.batches(session, before, limit, region)
            rows, following = cut(found, limit, lambda row: [row.id])
            views = [queries.batch_view(row, queries.batch_rows(session, row.id, region)) for row in rows]
        return page(views, following)

    @bp.post("/batches/<batch_id>/download")
    @access(roles("operator"))
    @problems(409)
    @produces(XLSX, "text/csv", "application/pdf")
    @bp.doc(summary="下载待报送的表或函")
    def download(batch_id: str) -> Response:
        return as_download(take_paper(deps, batch_id, principal().username))

    @bp.get("/batches/<batch_id>/screenshot")
    @access(roles(*DOERS))
    @produces("image/png", "image/jpeg", "image/gif", "image/bmp", "application/octet-stream")
    @bp.doc(summary="查看上传成功的截图", description="谁在何时查看记入本批次的办理经过。")
    def screenshot(batch_id: str) -> Response:
        with deps.db.write() as session:
            who = principal()
            paper = read_screenshot(session, deps, batch_id, who.username, visible_region(who))
        return as_download(paper)

    _add_results(bp, deps)


def _add_results(bp: APIBlueprint, deps: Deps) -> None:
    @bp.post("/batches/<batch_id>/record-hand")
    @access(roles("operator"))
    @body_limit(LARGEST_UPLOAD)
    @problems(409)
    @bp.input(HandIn, location="form_and_files")
    @bp.output(BatchOut)
    @bp.doc(summary="登记平台批号")
    def record(batch_id: str, form_and_files_data: dict[str, Any]) -> dict[str, Any]:
        shot = form_and_files_data["screenshot"]
        image = shot.read() if shot else None
        with deps.db.write() as session:
            number = form_and_files_data["batch_number"]
            batch = record_hand(session, deps, batch_id, number, principal().username, image)
            return queries.batch_view(batch, queries.batch_rows(session, batch_id))

    @bp.post("/batches/<batch_id>/feedback")
    @access(roles("operator"))
    @body_limit(LARGEST_UPLOAD)
    @problems(409)
    @bp.input(FeedbackIn, location="files")
    @bp.output(SettledOut)
    @bp.doc(summary="导入平台反馈表")
    def feedback(batch_id: str, files_data: dict[str, Any]) -> dict[str, Any]:
        sheet = files_data["sheet"].read()
        with deps.db.write() as session:
            return {"settled": import_feedback(session, deps, batch_id, sheet, principal().username)}

    @bp.post("/batches/<batch_id>/reply")
    @access(roles("operator"))
    @problems(409)
    @bp.input(ReplyIn)
    @bp.output(SettledOut)
    @bp.doc(summary="登记撤销函的复函")
    def reply(batch_id: str, json_data: dict[str, Any]) -> dict[str, Any]:
        with deps.db.write() as session:
            result, number, message = (json_data[name] for name in ("result", "reply_number", "message"))
            told = {"result": result, "number": number, "message": message}
            moved = record_reply(session, deps, batch_id, **told, who=principal().username)
            return {"settled": moved}
