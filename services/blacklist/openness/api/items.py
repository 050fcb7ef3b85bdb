"""Items at the officer's desk: draft, change, attach, act."""

from typing import Any
from uuid import UUID

from apiflask import APIBlueprint
from flask import Response
from sqlalchemy.orm import Session

from services.blacklist.cases.domain.figures import figure
from services.blacklist.cases.usecases.attachments import Upload
from services.blacklist.openness.api.public import file_answer
from services.blacklist.openness.models import OpennessItem
from services.blacklist.openness.queries.items import item_lines, item_view, list_items
from services.blacklist.openness.queries.public import file_view
from services.blacklist.openness.queries.sight import find
from services.blacklist.openness.schemas import answers, inputs
from services.blacklist.openness.usecases.acting import act_on_item
from services.blacklist.openness.usecases.files import add_file, open_file
from services.blacklist.openness.usecases.filing import edit_item, file_item
from services.blacklist.store import Deps
from shared.web.access import access, principal, roles
from shared.web.body import upload_limit
from shared.web.idempotency import Once
from shared.web.openapi import produces
from shared.web.paging import cut, last_id, page
from shared.web.problem import problems

OFFICERS = roles("clerk", "reviewer", "decider", "supervisor", "auditor")
ACTORS = roles("clerk", "decider")
CLERK = roles("clerk")


def add_routes(bp: APIBlueprint, deps: Deps, once: Once) -> None:
    _add_reading(bp, deps)
    _add_drafting(bp, deps, once)
    _add_files(bp, deps)
    _add_acting(bp, deps)


def _add_reading(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/items")
    @access(OFFICERS)
    @bp.input(inputs.ItemQuery, location="query")
    @bp.output(answers.ItemPage)
    @bp.doc(summary="本部门（监督地区）的公开信息")
    def list_own_items(query_data: dict[str, Any]) -> dict[str, Any]:
        limit, before = query_data["limit"], before_of(query_data["cursor"])
        with deps.db.read() as session:
            rows = list_items(
                session, principal(), state=query_data["state"], kind=query_data["kind"], before=before,
                limit=limit + 1,
            )  # fmt: skip
            shown, following = cut(rows, limit, lambda row: [row.id])
            return page(item_lines(session, shown, deps.clock.now()), following)

    @bp.get("/items/<uuid:item_id>")
    @access(OFFICERS)
    @bp.output(answers.ItemView)
    @bp.doc(summary="一条公开信息及可以办理的事项")
    def show_item(item_id: UUID) -> dict[str, Any]:
        with deps.db.read() as session:
            return item_view(
                session, find(session, OpennessItem, str(item_id), principal()), principal(), deps.clock.now()
            )


def before_of(cursor: str | None) -> str | None:
    return last_id(cursor)


def _add_drafting(bp: APIBlueprint, deps: Deps, once: Once) -> None:
    @bp.post("/items")
    @access(CLERK)
    @bp.input(inputs.ItemIn)
    @bp.output(answers.ItemView, 201)
    @bp.doc(summary="拟制公开信息")
    @once.write(answers.ItemView, 201)
    def create_item(session: Session, json_data: dict[str, Any]) -> dict[str, Any]:
        row = file_item(session, deps, json_data, actor=principal(), at=deps.clock.now())
        return item_view(session, row, principal(), deps.clock.now())

    @bp.put("/items/<uuid:item_id>")
    @access(CLERK)
    @problems(403, 409)
    @bp.input(inputs.ItemEditIn)
    @bp.output(answers.ItemView)
    @bp.doc(summary="修改草稿（提交全部内容）")
    def replace_item(item_id: UUID, json_data: dict[str, Any]) -> dict[str, Any]:
        edition = json_data.pop("edition")
        with deps.db.write() as session:
            row = edit_item(
                session, deps, str(item_id), edition, json_data, actor=principal(), at=deps.clock.now()
            )
            return item_view(session, row, principal(), deps.clock.now())


def _add_files(bp: APIBlueprint, deps: Deps) -> None:
    @bp.post("/items/<uuid:item_id>/files")
    @access(CLERK)
    @problems(403, 409)
    @upload_limit(figure("attachments", "max_bytes"))
    @bp.input(inputs.FileIn, location="files")
    @bp.output(answers.FileView, 201)
    @bp.doc(summary="上传附件")
    def upload_item_file(item_id: UUID, files_data: dict[str, Any]) -> dict[str, Any]:
        file = files_data["file"]
        upload = Upload("attachment", file.filename or "", file.read())
        with deps.db.write() as session:
            row = add_file(session, deps, str(item_id), upload, actor=principal(), at=deps.clock.now())
            return file_view(row)

    @bp.get("/items/<uuid:item_id>/files/<uuid:file_id>")
    @access(OFFICERS)
    @produces("application/octet-stream")
    @bp.doc(summary="下载附件")
    def download_item_file(item_id: UUID, file_id: UUID) -> Response:
        with deps.db.read() as session:
            return file_answer(*open_file(session, deps, str(item_id), str(file_id), principal()))


def _add_acting(bp: APIBlueprint, deps: Deps) -> None:
    @bp.post("/items/<uuid:item_id>/actions")
    @access(ACTORS)
    @problems(409)
    @bp.input(inputs.ItemActIn)
    @bp.output(answers.ItemView)
    @bp.doc(summary="送审、审批、退回、更正、撤下、作废")
    def handle_item(item_id: UUID, json_data: dict[str, Any]) -> dict[str, Any]:
        action, edition = json_data.pop("action"), json_data.pop("edition")
        with deps.db.write() as session:
            row = act_on_item(
                session, deps, str(item_id), action, edition, json_data, actor=principal(),
                at=deps.clock.now(),
            )  # fmt: skip
            return item_view(session, row, principal(), deps.clock.now())
