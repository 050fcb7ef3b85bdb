"""Bulk import: upload a sheet, look at what its rows would become and what is wrong where, then confirm."""

from urllib.parse import quote

from apiflask import APIBlueprint
from flask import Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from services.blacklist.cases.domain.figures import figure
from services.blacklist.cases.domain.layout import penalty_layout
from services.blacklist.cases.queries.imports import (
    find_import,
    import_rows,
    import_view,
    list_imports,
    row_view,
)
from services.blacklist.cases.schemas import ImportIn
from services.blacklist.cases.usecases.imports import SheetUpload, confirm_import, receive_import
from services.blacklist.rules.queries import all_lists
from services.blacklist.store import Deps
from services.blacklist.web.attachments import SLACK, chosen_file
from shared.errors import DomainError
from shared.web.access import access, principal, roles
from shared.web.body import body_limit
from shared.web.forms import load_form, read_form
from shared.web.pages import form_errors, render, with_query
from shared.web.paging import cut, decode_cursor

PER_PAGE = 50
WORKING = ("received", "parsing", "confirming")
CLERK = roles("clerk")


def add_routes(made: APIBlueprint, deps: Deps) -> None:
    _list(made, deps)
    _one(made, deps)


def _list(made: APIBlueprint, deps: Deps) -> None:
    @made.get("/imports")
    @access(CLERK)
    def imports() -> Response:
        return _imports_page(deps, 200, {})

    @made.post("/imports")
    @access(CLERK)
    @body_limit(figure("imports", "max_bytes") + SLACK)
    def upload_import() -> AnyResponse:
        try:
            upload = _sheet()
            with deps.db.write() as session:
                row = receive_import(session, deps, upload, actor=principal(), at=deps.clock.now())
                place = f"/imports/{row.id}"
        except DomainError as error:
            return _imports_page(deps, int(error.kind), form_errors(error))
        return redirect(place, 303)

    @made.get("/imports/blank.csv")
    @access(CLERK)
    def blank_sheet() -> Response:
        headings = ",".join(("*" if each.required else "") + each.label for each in penalty_layout().columns)
        answer = Response("\ufeff" + headings + "\r\n", mimetype="text/csv")
        answer.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote('双公示空白表.csv')}"
        return answer


def _sheet() -> SheetUpload:
    file = chosen_file("请选择要导入的表格。")
    asked = load_form(ImportIn(), {**read_form(request.form), "file": file})
    return SheetUpload(file.filename or "", file.read(), asked["list_code"], asked["domain"], asked["region"])


def _imports_page(deps: Deps, status: int, errors: dict[str, str]) -> Response:
    cursor = request.args.get("cursor")
    before = decode_cursor(cursor, (str,))[0] if cursor else None
    with deps.db.read() as session:
        found = list_imports(session, principal(), before=before, limit=20)
        rows, following = cut(found, 20, lambda row: (row.id,))
        views = [import_view(row) for row in rows]
    lists = [(rule.code, rule.name) for rule in all_lists(deps.clock.today()) if rule.procedure != "full"]
    return render(
        "blacklist/imports.html",
        status,
        rows=views,
        errors=errors,
        lists=lists,
        values=request.form,
        next_url=with_query(cursor=following) if following else "",
    )


def _one(made: APIBlueprint, deps: Deps) -> None:
    @made.get("/imports/<import_id>")
    @access(CLERK)
    def one_import(import_id: str) -> Response:
        shown = request.args.get("rows", "")
        state = shown if shown in ("bad", "good", "filed") else None
        cursor = request.args.get("cursor")
        after = decode_cursor(cursor, (int,))[0] if cursor else 0
        with deps.db.read() as session:
            upload = find_import(session, import_id, principal())
            found = import_rows(session, upload.id, state=state, after=after, limit=PER_PAGE)
            rows, following = cut(found, PER_PAGE, lambda row: (row.row_number,))
            view, lines = import_view(upload), [row_view(row) for row in rows]
        return render(
            "blacklist/import.html",
            view=view,
            rows=lines,
            shown=state or "",
            working=view["state"] in WORKING,
            next_url=with_query(cursor=following) if following else "",
            first_url=with_query(cursor=None) if cursor else "",
        )

    @made.post("/imports/<import_id>/confirm")
    @access(CLERK)
    def confirm(import_id: str) -> AnyResponse:
        with deps.db.write() as session:
            confirm_import(session, import_id, actor=principal(), at=deps.clock.now())
        return redirect(f"/imports/{import_id}", 303)
