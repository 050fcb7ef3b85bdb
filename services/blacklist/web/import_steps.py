"""What a clerk does with a preview: confirm, decide on duplicates, mend the wrong rows."""

from apiflask import APIBlueprint
from flask import Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from services.blacklist.cases.api.exporting import sheet_response
from services.blacklist.cases.domain.figures import figure
from services.blacklist.cases.schemas import DecisionsIn
from services.blacklist.cases.usecases.imports import (
    confirm_import,
    decide_rows,
    error_sheet,
    receive_corrections,
)
from services.blacklist.store import Deps
from services.blacklist.web.attachments import chosen_file
from services.blacklist.web.imports import CLERK, SHOWN, import_page
from shared.errors import DomainError, NotFound
from shared.sheets import XLSX
from shared.web.access import access, principal
from shared.web.body import upload_limit
from shared.web.forms import load_form, read_form
from shared.web.pages import form_errors


def add_routes(made: APIBlueprint, deps: Deps) -> None:
    _confirm(made, deps)
    _decide(made, deps)
    _mend(made, deps)


def _confirm(made: APIBlueprint, deps: Deps) -> None:
    @made.post("/imports/<import_id>/confirm")
    @access(CLERK)
    def confirm(import_id: str) -> AnyResponse:
        with deps.db.write() as session:
            confirm_import(session, import_id, actor=principal(), at=deps.clock.now())
        return redirect(f"/imports/{import_id}", 303)


def _decide(made: APIBlueprint, deps: Deps) -> None:
    @made.post("/imports/<import_id>/decisions")
    @access(CLERK)
    def decide_on_rows(import_id: str) -> AnyResponse:
        values = read_form(request.form, lists=("rows",), ignore=("shown",))
        numbers = [int(each) for each in values.get("rows", ()) if each.isdecimal() and len(each) < 8]
        try:
            asked = load_form(DecisionsIn(), {**values, "rows": numbers})
            with deps.db.write() as session:
                decide_rows(session, import_id, **asked, actor=principal(), at=deps.clock.now())
        except NotFound:
            raise
        except DomainError as error:
            return import_page(deps, import_id, int(error.kind), form_errors(error))
        shown = request.form.get("shown", "")
        back = f"?rows={shown}&done=decided" if shown in SHOWN else "?done=decided"
        return redirect(f"/imports/{import_id}{back}", 303)


def _mend(made: APIBlueprint, deps: Deps) -> None:
    @made.get("/imports/<import_id>/errors.xlsx")
    @access(CLERK)
    def download_error_sheet(import_id: str) -> Response:
        with deps.db.write() as session:
            content = error_sheet(session, deps, import_id, actor=principal(), at=deps.clock.now())
        return sheet_response(content, f"errors-{import_id}.xlsx", XLSX)

    @made.post("/imports/<import_id>/corrections")
    @access(CLERK)
    @upload_limit(figure("imports", "max_bytes"))
    def upload_corrections(import_id: str) -> AnyResponse:
        try:
            file = chosen_file("请选择改正后的表格。")
            with deps.db.write() as session:
                row = receive_corrections(
                    session,
                    deps,
                    import_id,
                    file.filename or "",
                    file.read(),
                    actor=principal(),
                    at=deps.clock.now(),
                )
                place = f"/imports/{row.id}"
        except NotFound:
            raise
        except DomainError as error:
            return import_page(deps, import_id, int(error.kind), form_errors(error))
        return redirect(place, 303)
