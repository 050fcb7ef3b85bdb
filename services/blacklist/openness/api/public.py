"""Public items for anyone: list with filters, one item, its files, the kinds there are."""

from typing import Any
from urllib.parse import quote
from uuid import UUID

from apiflask import APIBlueprint
from flask import Response

from services.blacklist.openness.domain.terms import kinds
from services.blacklist.openness.models import ItemFile
from services.blacklist.openness.queries.public import (
    Wanted,
    public_item,
    public_items,
    public_line,
    public_view,
)
from services.blacklist.openness.schemas import answers, inputs
from services.blacklist.openness.usecases.files import open_file
from services.blacklist.store import Deps
from shared.web.access import access, public
from shared.web.openapi import produces
from shared.web.paging import cut, decode_cursor, page


def add_routes(bp: APIBlueprint, deps: Deps) -> None:
    _add_lists(bp, deps)
    _add_one(bp, deps)


def narrowed(asked: dict[str, Any]) -> Wanted:
    department = asked["department_id"]
    names = ("q", "region", "domain", "catalogue_code", "kind", "since")
    return Wanted(
        **{name: asked[name] for name in names}, department_id=str(department) if department else None
    )


def after(cursor: str | None) -> tuple[str, str] | None:
    if not cursor:
        return None
    at, last = decode_cursor(cursor, (str, str))
    return str(at), str(last)


def _add_lists(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/public-items")
    @access(public())
    @bp.input(inputs.PublicItemQuery, location="query")
    @bp.output(answers.PublicItemPage)
    @bp.doc(summary="主动公开的信息，新公开的在前")
    def list_public_items(query_data: dict[str, Any]) -> dict[str, Any]:
        limit = query_data["limit"]
        with deps.db.read() as session:
            rows = public_items(
                session, narrowed(query_data), after=after(query_data["cursor"]), limit=limit + 1
            )
            shown, following = cut(rows, limit, key_of)
            return page([public_line(each) for each in shown], following)

    @bp.get("/public-item-kinds")
    @access(public())
    @bp.output(answers.KindPage)
    @bp.doc(summary="公开信息的种类")
    def list_public_item_kinds() -> dict[str, Any]:
        return page([{"code": k.code, "name": k.name, "relates": k.relates} for k in kinds().values()], None)


def key_of(row: Any) -> list[str]:
    return [row.published_at.isoformat(), row.id]


def _add_one(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/public-items/<uuid:item_id>")
    @access(public())
    @bp.output(answers.PublicItemView)
    @bp.doc(summary="一条公开信息；已撤下的只有标注")
    def show_public_item(item_id: UUID) -> dict[str, Any]:
        with deps.db.read() as session:
            return public_view(session, public_item(session, str(item_id)))

    @bp.get("/public-items/<uuid:item_id>/files/<uuid:file_id>")
    @access(public())
    @produces("application/octet-stream")
    @bp.doc(summary="公开信息的附件")
    def download_public_file(item_id: UUID, file_id: UUID) -> Response:
        with deps.db.read() as session:
            return file_answer(*open_file(session, deps, str(item_id), str(file_id), None))


def file_answer(row: ItemFile, content: bytes) -> Response:
    answer = Response(content, mimetype="application/octet-stream")
    answer.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(row.file_name)}"
    return answer
