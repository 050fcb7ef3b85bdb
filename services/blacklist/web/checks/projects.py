"""Tender projects: enter the bidders, see how they stand, make out the signed sheet, close by award."""

from typing import Any

from apiflask import APIBlueprint
from flask import Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from services.blacklist.checks.api.projects import entry_of, office
from services.blacklist.checks.domain import words
from services.blacklist.checks.domain.columns import read_groups
from services.blacklist.checks.domain.sites import sites_for
from services.blacklist.checks.queries import projects as queries
from services.blacklist.checks.schemas import CloseIn, ProjectIn
from services.blacklist.checks.usecases.projects import close_project, enter_project
from services.blacklist.checks.usecases.sheets import issue_sheet
from services.blacklist.store import Deps
from services.blacklist.web.checks.asking import private, purpose_options
from shared.errors import DomainError
from shared.web.access import access, current_principal, public
from shared.web.forms import load_form, read_form
from shared.web.listing import last_seen, listed
from shared.web.pages import form_errors, render
from shared.web.problem import problems

PER_PAGE = 20
LABELS = {
    "number": "项目编号", "name": "项目名称", "operator": "招标人或者代理机构", "cutoff_at": "投标截止时间",
    "bidders": "投标人", "domain": "领域", "region": "地区", "action": "事项",
}  # fmt: skip


def add_routes(made: APIBlueprint, deps: Deps) -> None:
    _entry(made, deps)
    _one(made, deps)
    _steps(made, deps)


def _entry(made: APIBlueprint, deps: Deps) -> None:
    @made.get("/tender-projects")
    @access(public())
    def tender_projects() -> Response:
        who, before = current_principal(), last_seen()
        rows: list[dict[str, Any]] = []
        around: dict[str, Any] = {"next_url": "", "first_url": ""}
        if who is not None:
            with deps.db.read() as session:
                found = queries.own_projects(session, who, before=before, limit=PER_PAGE)
                shown, around = listed(found, PER_PAGE)
                rows = [queries.project_line(row) for row in shown]
        return private(render("blacklist/checks/projects.html", rows=rows, **around))

    @made.get("/tender-projects/new")
    @access(public())
    def new_tender_project() -> Response:
        return _form(deps, {}, {})

    @made.post("/tender-projects/new")
    @access(public())
    @problems(429)
    def enter_new_tender_project() -> AnyResponse:
        values = read_form(request.form)
        try:
            given = {name: value for name, value in values.items() if name != "bidders"}
            asked = load_form(ProjectIn(), {**given, "groups": read_groups(values.get("bidders", ""))})
            address = request.remote_addr or ""
            who = current_principal()
            _, code = enter_project(deps, entry_of(asked), who, address, deps.clock.now())
        except DomainError as error:
            return _form(deps, values, _named(form_errors(error)), int(error.kind))
        return redirect(f"/tender-projects/{code}", 303)


def _named(errors: dict[str, str]) -> dict[str, str]:
    """Whatever is wrong with a group stands beside the one field they are typed into."""
    return {("bidders" if name.startswith("groups") else name): text for name, text in errors.items()}


def _form(deps: Deps, values: dict[str, Any], errors: dict[str, str], status: int = 200) -> Response:
    return private(
        render(
            "blacklist/checks/project_new.html", status, values=values, errors=errors, labels=LABELS,
            **purpose_options(deps),
        )
    )  # fmt: skip


def _one(made: APIBlueprint, deps: Deps) -> None:
    @made.get("/tender-projects/<key>")
    @access(public())
    def tender_project(key: str) -> Response:
        return _page(deps, key, {})


def _page(deps: Deps, key: str, errors: dict[str, str], status: int = 200) -> Response:
    with deps.db.read() as session:
        project = queries.find_project(session, key, current_principal())
        view = queries.project_view(session, deps.keyring, project, deps.clock.today())
    return private(
        render(
            "blacklist/checks/project.html", status, key=key, view=view, said=words, errors=errors,
            sites=sites_for(view["domain"]),
        )
    )  # fmt: skip


def _steps(made: APIBlueprint, deps: Deps) -> None:
    @made.post("/tender-projects/<key>/sheets")
    @access(public())
    @problems(429, 503)
    def make_sheet(key: str) -> AnyResponse:
        try:
            made_out = issue_sheet(deps, key, current_principal(), office(), deps.clock.now())
        except DomainError as error:
            return _page(deps, key, form_errors(error), int(error.kind))
        return redirect(f"/verify/{made_out['code']}", 303)

    @made.post("/tender-projects/<key>/closing")
    @access(public())
    @problems(409)
    def close_tender_project(key: str) -> AnyResponse:
        try:
            asked = load_form(CloseIn(), read_form(request.form, integers=("winner",)))
            with deps.db.write() as session:
                close_project(
                    session, deps, key, current_principal(), winner=asked["winner"], at=deps.clock.now()
                )
        except DomainError as error:
            return _page(deps, key, form_errors(error), int(error.kind))
        return redirect(f"/tender-projects/{key}", 303)
