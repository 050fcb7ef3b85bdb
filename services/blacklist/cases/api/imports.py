"""Imports: upload, preview, decide, mend, confirm."""

from typing import Any

from apiflask import APIBlueprint
from flask import Response
from sqlalchemy.orm import Session

from services.blacklist.cases import schemas
from services.blacklist.cases.api.exporting import sheet_response
from services.blacklist.cases.domain.figures import figure
from services.blacklist.cases.queries.imports import (
    find_import,
    import_rows,
    import_view,
    layouts_view,
    list_imports,
    mapping_view,
    row_view,
)
from services.blacklist.cases.usecases.imports import (
    SheetUpload,
    confirm_import,
    decide_rows,
    error_sheet,
    read_again,
    receive_corrections,
    receive_import,
    teach_headings,
)
from services.blacklist.cases.usecases.reading import persons_in, trace_list
from services.blacklist.store import Deps
from shared.sheets import XLSX
from shared.web.access import access, principal, scope
from shared.web.body import upload_limit
from shared.web.idempotency import Once
from shared.web.openapi import produces
from shared.web.paging import cut, decode_cursor, last_id, page
from shared.web.problem import problems

IMPORT = scope("imports:write", roles=("clerk",))


def add_routes(bp: APIBlueprint, deps: Deps, once: Once) -> None:
    _add_upload(bp, deps, once)
    _add_list(bp, deps)
    _add_get(bp, deps)
    _add_confirm(bp, deps)
    _add_again(bp, deps)
    _add_decisions(bp, deps)
    _add_mending(bp, deps, once)
    _add_headings(bp, deps)


def _add_upload(bp: APIBlueprint, deps: Deps, once: Once) -> None:
    @bp.post("/imports")
    @access(IMPORT)
    @upload_limit(figure("imports", "max_bytes"))
    @bp.input(schemas.ImportIn, location="form_and_files")
    @bp.output(schemas.ImportOut, 201)
    @bp.doc(summary="上传双公示或黑名单表格")
    @once.write(schemas.ImportOut, 201)
    def create_import(session: Session, form_and_files_data: dict[str, Any]) -> dict[str, Any]:
        asked, file = form_and_files_data, form_and_files_data["file"]
        upload = SheetUpload(
            file.filename or "",
            file.read(),
            asked["list_code"],
            asked["domain"],
            asked["region"],
            asked["replaces"],
        )
        row = receive_import(session, deps, upload, actor=principal(), at=deps.clock.now())
        return import_view(row)


def _add_list(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/imports")
    @access(IMPORT)
    @bp.input(schemas.PageQuery, location="query")
    @bp.output(schemas.ImportPage)
    @bp.doc(summary="本部门的导入")
    def list_department_imports(query_data: dict[str, Any]) -> dict[str, Any]:
        cursor, limit = query_data["cursor"], query_data["limit"]
        before = last_id(cursor)
        with deps.db.read() as session:
            found = list_imports(session, principal(), before=before, limit=limit)
            rows, following = cut(found, limit, lambda row: (row.id,))
            return page([import_view(row) for row in rows], following)


def _add_get(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/imports/<import_id>")
    @access(IMPORT)
    @bp.input(schemas.ImportQuery, location="query")
    @bp.output(schemas.ImportDetail)
    @bp.doc(summary="导入预览：逐行结果和单元格错误")
    def get_import(import_id: str, query_data: dict[str, Any]) -> dict[str, Any]:
        limit, cursor = query_data["limit"], query_data["cursor"]
        after = decode_cursor(cursor, (int,))[0] if cursor else 0
        state = None if query_data["rows"] == "all" else query_data["rows"]
        with deps.db.read() as session:
            upload = find_import(session, import_id, principal())
            found = import_rows(session, upload.id, state=state, after=after, limit=limit)
            rows, following = cut(found, limit, lambda row: (row.row_number,))
            found_view = import_view(upload) | page([row_view(row) for row in rows], following)
        trace_list(deps, principal(), "import", persons_in(import_id, found_view["items"]))
        return found_view


def _add_confirm(bp: APIBlueprint, deps: Deps) -> None:
    @bp.post("/imports/<import_id>/confirm")
    @access(IMPORT)
    @bp.output(schemas.ImportOut, 202)
    @bp.doc(summary="确认导入，录入无误的行")
    def confirm_one_import(import_id: str) -> dict[str, Any]:
        with deps.db.write() as session:
            return import_view(confirm_import(session, import_id, actor=principal(), at=deps.clock.now()))


def _add_again(bp: APIBlueprint, deps: Deps) -> None:
    @bp.post("/imports/<import_id>/again")
    @access(IMPORT)
    @bp.input(schemas.AgainIn)
    @bp.output(schemas.ImportOut, 202)
    @bp.doc(summary="按部门现在的列名对照重新读取，可以指定表格格式")
    def read_import_again(import_id: str, json_data: dict[str, Any]) -> dict[str, Any]:
        layout = json_data["layout"]
        with deps.db.write() as session:
            return import_view(read_again(session, import_id, layout, actor=principal(), at=deps.clock.now()))


def _add_decisions(bp: APIBlueprint, deps: Deps) -> None:
    @bp.post("/imports/<import_id>/decisions")
    @access(IMPORT)
    @bp.input(schemas.DecisionsIn)
    @bp.output(schemas.ImportOut)
    @bp.doc(summary="决定重复和疑似的行：录入或者跳过")
    def decide_import_rows(import_id: str, json_data: dict[str, Any]) -> dict[str, Any]:
        with deps.db.write() as session:
            found = decide_rows(session, import_id, **json_data, actor=principal(), at=deps.clock.now())
            return import_view(found)


def _add_mending(bp: APIBlueprint, deps: Deps, once: Once) -> None:
    @bp.get("/imports/<import_id>/errors.xlsx")
    @access(IMPORT)
    @produces(XLSX)
    @problems(409)
    @bp.doc(summary="错误表：有误的行，错误单元格带批注")
    def get_error_sheet(import_id: str) -> Response:
        with deps.db.write() as session:
            content = error_sheet(session, deps, import_id, actor=principal(), at=deps.clock.now())
        return sheet_response(content, f"errors-{import_id}.xlsx", XLSX)

    @bp.post("/imports/<import_id>/corrections")
    @access(IMPORT)
    @upload_limit(figure("imports", "max_bytes"))
    @bp.input(schemas.CorrectionsIn, location="form_and_files")
    @bp.output(schemas.ImportOut, 201)
    @bp.doc(summary="上传改正后的行，并入原导入")
    @once.write(schemas.ImportOut, 201)
    def create_corrections(
        session: Session, import_id: str, form_and_files_data: dict[str, Any]
    ) -> dict[str, Any]:
        file = form_and_files_data["file"]
        row = receive_corrections(
            session,
            deps,
            import_id,
            file.filename or "",
            file.read(),
            actor=principal(),
            at=deps.clock.now(),
        )
        return import_view(row)


def _add_headings(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/imports/layouts")
    @access(IMPORT)
    @bp.output(schemas.LayoutsOut)
    @bp.doc(summary="可以导入的表格格式和字段代码")
    def list_layouts() -> dict[str, Any]:
        return {"items": layouts_view()}

    @bp.get("/imports/mapping")
    @access(IMPORT)
    @bp.output(schemas.MappingOut)
    @bp.doc(summary="本部门的列名对照")
    def get_mapping() -> dict[str, Any]:
        with deps.db.read() as session:
            return {"items": mapping_view(session, principal().department_id)}

    @bp.put("/imports/mapping")
    @access(IMPORT)
    @bp.input(schemas.MappingIn)
    @bp.output(schemas.MappingOut)
    @bp.doc(summary="记住本部门的列名对照；值为 null 的忘记")
    def put_mapping(json_data: dict[str, Any]) -> dict[str, Any]:
        with deps.db.write() as session:
            teach_headings(session, **json_data, actor=principal(), at=deps.clock.now())
            return {"items": mapping_view(session, principal().department_id)}
