"""Bulk import: upload a sheet, look at what its rows would become and what is wrong where."""

from typing import Any
from urllib.parse import quote

from apiflask import APIBlueprint
from flask import Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from services.blacklist.cases.api.exporting import sheet_response
from services.blacklist.cases.domain.figures import figure
from services.blacklist.cases.domain.layout import all_layouts, layout_named, penalty_layout
from services.blacklist.cases.queries.imports import (
    find_import,
    import_rows,
    import_view,
    list_imports,
    row_view,
)
from services.blacklist.cases.schemas import ImportIn
from services.blacklist.cases.usecases.imports import SheetUpload, blank_workbook, receive_import
from services.blacklist.cases.usecases.reading import persons_in, trace_list
from services.blacklist.rules.queries import all_lists
from services.blacklist.store import Deps
from services.blacklist.web.attachments import chosen_file
from services.blacklist.web.headings import heading_rows
from shared.errors import DomainError
from shared.sheets import XLSX
from shared.web.access import access, principal, roles
from shared.web.body import upload_limit
from shared.web.forms import load_form, read_form
from shared.web.listing import last_seen, listed
from shared.web.pages import form_errors, render, with_query
from shared.web.paging import cut, decode_cursor

PER_PAGE = 50
LISTED = 20
WORKING = ("received", "parsing", "confirming")
SHOWN = ("bad", "good", "held", "skipped", "likely", "filed")
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
    @upload_limit(figure("imports", "max_bytes"))
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
        layout = layout_named(request.args.get("layout")) or penalty_layout()
        headings = ",".join(("*" if each.required else "") + each.label for each in layout.columns)
        answer = Response("\ufeff" + headings + "\r\n", mimetype="text/csv")
        name = quote(f"{layout.name}空白表.csv")
        answer.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{name}"
        return answer

    @made.get("/imports/blank.xlsx")
    @access(CLERK)
    def blank_book() -> Response:
        layout = layout_named(request.args.get("layout")) or penalty_layout()
        return sheet_response(blank_workbook(layout), f"{layout.code}.xlsx", XLSX)


def _sheet() -> SheetUpload:
    file = chosen_file("请选择要导入的表格。")
    asked = load_form(ImportIn(), {**read_form(request.form), "file": file})
    return SheetUpload(file.filename or "", file.read(), asked["list_code"], asked["domain"], asked["region"])


def _imports_page(deps: Deps, status: int, errors: dict[str, str]) -> Response:
    with deps.db.read() as session:
        found = list_imports(session, principal(), before=last_seen(), limit=LISTED)
        rows, around = listed(found, LISTED)
        views = [import_view(row) for row in rows]
    return render(
        "blacklist/imports.html",
        status,
        rows=views,
        errors=errors,
        layouts=all_layouts(),
        lists=[(rule.code, rule.name) for rule in all_lists(deps.clock.today())],
        values=request.form,
        **around,
    )


def _one(made: APIBlueprint, deps: Deps) -> None:
    @made.get("/imports/<import_id>")
    @access(CLERK)
    def one_import(import_id: str) -> Response:
        return import_page(deps, import_id, 200, {})

    @made.get("/imports/<import_id>/progress")
    @access(CLERK)
    def import_progress(import_id: str) -> Response:
        """The bar alone, for htmx; once nothing is under way, the whole page is shown anew."""
        with deps.db.read() as session:
            view = import_view(find_import(session, import_id, principal()))
        answer = render("blacklist/import_progress.html", view=view)
        if view["state"] not in WORKING:
            answer.headers["HX-Refresh"] = "true"
        return answer


def import_page(deps: Deps, import_id: str, status: int, errors: dict[str, str]) -> Response:
    """One import with a page of its rows; also what a refused step comes back to."""
    shown = request.args.get("rows", "")
    state = shown if shown in SHOWN else None
    cursor = request.args.get("cursor")
    after = decode_cursor(cursor, (int,))[0] if cursor else 0
    with deps.db.read() as session:
        upload = find_import(session, import_id, principal())
        found = import_rows(session, upload.id, state=state, after=after, limit=PER_PAGE)
        rows, following = cut(found, PER_PAGE, lambda row: (row.row_number,))
        view, lines = import_view(upload), [row_view(row) for row in rows]
    trace_list(deps, principal(), "import", persons_in(import_id, lines))
    return render(
        "blacklist/import.html",
        status,
        view=view,
        rows=lines,
        shown=state or "",
        errors=errors,
        working=view["state"] in WORKING,
        changed=request.args.get("done", ""),
        next_url=with_query(cursor=following) if following else "",
        first_url=with_query(cursor=None) if cursor else "",
        **_reading(view),
    )


def _reading(view: dict[str, Any]) -> dict[str, Any]:
    """How the sheet was read, and what may still be said about its headings."""
    layout = layout_named(request.args.get("layout")) or layout_named(view["layout"])
    fresh = view["state"] in ("preview", "failed") and not view["filed_rows"] and not view["corrects"]
    return {
        "layout": layout,
        "layouts": [(each.code, each.name) for each in all_layouts()],
        "headings": heading_rows(layout or penalty_layout(), view["headings"]) if fresh else [],
        "left": view["good_rows"] - view["filed_rows"],
    }
