"""监督举报 at the officer's desk; who sent it is shown only for a stated purpose."""

from typing import Any

from apiflask import APIBlueprint
from flask import Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from services.blacklist.openness.api.items import ACTORS, OFFICERS
from services.blacklist.openness.domain.reports import ACTS, STATES
from services.blacklist.openness.models import Report
from services.blacklist.openness.queries.reports import list_reports, officer_view, report_lines
from services.blacklist.openness.queries.sight import find
from services.blacklist.openness.schemas.inputs import PurposeIn, ReportActIn
from services.blacklist.openness.usecases.reports import act_on_report, read_reporter
from services.blacklist.store import Deps
from services.blacklist.web.options import department_options
from shared.errors import DomainError, NotFound
from shared.web.access import access, principal
from shared.web.forms import load_form, read_form
from shared.web.listing import last_seen, listed
from shared.web.pages import form_errors, render

PER_PAGE = 30
LABELS = {"content": "内容", "reason": "理由", "department_id": "接收部门", "purpose": "查看目的"}


def add_routes(made: APIBlueprint, deps: Deps) -> None:
    _list(made, deps)
    _one(made, deps)
    _reporter(made, deps)


def _list(made: APIBlueprint, deps: Deps) -> None:
    @made.get("/reports-desk")
    @access(OFFICERS)
    def reports_desk() -> Response:
        asked = request.args.get("state", "open")
        state = asked if asked in ("open", *STATES) else None
        with deps.db.read() as session:
            rows = list_reports(session, principal(), state=state, before=last_seen(), limit=PER_PAGE + 1)
            shown, around = listed(rows, PER_PAGE)
            lines = report_lines(session, shown, deps.clock.now())
        return render(
            "blacklist/openness/reports_desk.html", rows=lines, state=asked,
            states=[("open", "未办结"), *STATES.items(), ("all", "全部")], **around,
        )  # fmt: skip


def _one(made: APIBlueprint, deps: Deps) -> None:
    @made.get("/reports-desk/<report_id>")
    @access(OFFICERS)
    def report_detail(report_id: str) -> Response:
        return _page(deps, report_id, {}, 200, "")

    @made.post("/reports-desk/<report_id>/actions/<action>")
    @access(ACTORS)
    def act_on_sent_report(report_id: str, action: str) -> AnyResponse:
        if action not in ACTS:
            raise NotFound("not-found", "没有这个办理事项")
        try:
            given = load_form(ReportActIn(), {**read_form(request.form), "action": action})
            given.pop("action")
            with deps.db.write() as session:
                act_on_report(session, report_id, action, given, actor=principal(), at=deps.clock.now())
        except NotFound:
            raise
        except DomainError as error:
            return _page(deps, report_id, form_errors(error), int(error.kind), action)
        return redirect("/reports-desk" if action == "transfer" else f"/reports-desk/{report_id}", 303)


def _reporter(made: APIBlueprint, deps: Deps) -> None:
    @made.post("/reports-desk/<report_id>/reporter")
    @access(ACTORS)
    def reporter(report_id: str) -> Response:
        try:
            given = load_form(PurposeIn(), read_form(request.form))
            with deps.db.write() as session:
                found = read_reporter(
                    session, deps, report_id, given["purpose"], actor=principal(), at=deps.clock.now()
                )
        except NotFound:
            raise
        except DomainError as error:
            return _page(deps, report_id, form_errors(error), int(error.kind), "reporter")
        return _page(deps, report_id, {}, 200, "", found or {})


def _page(
    deps: Deps,
    report_id: str,
    errors: dict[str, str],
    status: int,
    tried: str,
    reporter: dict[str, Any] | None = None,
) -> Response:
    with deps.db.read() as session:
        row = find(session, Report, report_id, principal())
        view = officer_view(session, deps.keyring, row, principal(), deps.clock.now())
        departments = department_options(session, deps.clock.today())
    answer = render(
        "blacklist/openness/report_detail.html", status, view=view, errors=errors, labels=LABELS, tried=tried,
        values=request.form, acts=ACTS, departments=departments, reporter=reporter,
    )  # fmt: skip
    answer.headers["Cache-Control"] = "no-store"
    return answer
