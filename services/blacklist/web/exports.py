"""Export of the cases one may see, with the purpose one must state."""

from typing import Any

from apiflask import APIBlueprint
from flask import Response, request
from sqlalchemy import func, select

from services.blacklist.cases.api.exporting import exported
from services.blacklist.cases.models import Case
from services.blacklist.cases.queries.finding import narrowed, visible_to
from services.blacklist.cases.schemas import ExportIn
from services.blacklist.rules.queries import all_lists
from services.blacklist.store import Deps
from services.blacklist.web.desk import OFFICERS, case_filter
from services.blacklist.web.options import region_options
from shared.errors import DomainError
from shared.web.access import access, principal
from shared.web.forms import load_form, read_form
from shared.web.pages import form_errors, render


def add_routes(made: APIBlueprint, deps: Deps) -> None:
    @made.get("/cases/export")
    @access(OFFICERS)
    def export_form() -> Response:
        return _page(deps, 200, dict(request.args), {})

    @made.post("/cases/export")
    @access(OFFICERS)
    def export_file() -> Response:
        try:
            return exported(deps, load_form(ExportIn(), read_form(request.form)))
        except DomainError as error:
            return _page(deps, int(error.kind), dict(request.form), form_errors(error))


def _page(deps: Deps, status: int, values: dict[str, Any], errors: dict[str, str]) -> Response:
    with deps.db.read() as session:
        wanted = narrowed(select(func.count()).select_from(Case), case_filter(values))
        count = session.scalar(wanted.where(visible_to(principal()))) or 0
        regions = region_options(session)
    return render(
        "blacklist/export.html",
        status,
        values=values,
        errors=errors,
        count=count,
        regions=regions,
        lists=[(rule.code, rule.name) for rule in all_lists(deps.clock.today())],
    )
