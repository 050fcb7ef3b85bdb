"""年度报告: those published, at an address that stays; and for supervisors putting forward and approving."""

from apiflask import APIBlueprint
from flask import Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from services.blacklist.store import Deps
from services.blacklist.supervision.api.annual import PUBLISHERS
from services.blacklist.supervision.domain.annual import annual_rule
from services.blacklist.supervision.queries.annual_published import (
    officer_lines,
    public_line,
    public_report,
    published_report,
    published_reports,
    reports_in_sight,
)
from services.blacklist.supervision.queries.asking import VIEW
from services.blacklist.supervision.schemas.annual import AnnualProposalIn, AnnualReturnIn
from services.blacklist.supervision.usecases.annual import approve_report, propose_report, return_report
from services.blacklist.web.supervision.asking import year_options
from shared.errors import DomainError, NotFound
from shared.web.access import access, principal, public, roles
from shared.web.forms import load_form, read_form
from shared.web.pages import form_errors, render

LABELS = {"year": "年度", "reason": "理由"}


def add_routes(made: APIBlueprint, deps: Deps) -> None:
    _public(made, deps)
    _officers(made, deps)


def _public(made: APIBlueprint, deps: Deps) -> None:
    @made.get("/annual-reports")
    @access(public())
    def annual_reports() -> Response:
        with deps.db.read() as session:
            rows = [public_line(each) for each in published_reports(session)]
        return render("blacklist/openness/annual_reports.html", rows=rows)

    @made.get("/annual-reports/<region>/<int:year>")
    @access(public())
    def annual_report(region: str, year: int) -> Response:
        with deps.db.read() as session:
            found = public_report(published_report(session, region, year))
        return render("blacklist/openness/annual_report.html", found=found, report=found["report"])


def _officers(made: APIBlueprint, deps: Deps) -> None:
    @made.get("/supervision/annual-reports")
    @access(VIEW)
    def annual_desk() -> Response:
        return _desk(deps, {}, 200)

    @made.post("/supervision/annual-reports")
    @access(roles("supervisor"))
    def propose_annual() -> AnyResponse:
        try:
            given = load_form(AnnualProposalIn(), read_form(request.form, integers=("year",)))
            with deps.db.write() as session:
                propose_report(session, deps, given["year"], actor=principal(), at=deps.clock.now())
        except DomainError as error:
            return _desk(deps, form_errors(error), int(error.kind))
        return redirect("/supervision/annual-reports", 303)

    @made.post("/supervision/annual-reports/<report_id>/<action>")
    @access(PUBLISHERS)
    def settle_annual(report_id: str, action: str) -> AnyResponse:
        if action not in ("approval", "return"):
            raise NotFound("not-found", "没有这个办理事项")
        try:
            with deps.db.write() as session:
                if action == "approval":
                    approve_report(session, report_id, actor=principal(), at=deps.clock.now())
                else:
                    reason = load_form(AnnualReturnIn(), read_form(request.form))["reason"]
                    return_report(session, report_id, reason, actor=principal(), at=deps.clock.now())
        except NotFound:
            raise
        except DomainError as error:
            return _desk(deps, form_errors(error), int(error.kind))
        return redirect("/supervision/annual-reports", 303)


def _desk(deps: Deps, errors: dict[str, str], status: int) -> Response:
    today = deps.clock.today()
    with deps.db.read() as session:
        rows = officer_lines(session, reports_in_sight(session, principal()), principal(), deps.clock.now())
    return render(
        "blacklist/openness/annual_desk.html", status, rows=rows, errors=errors, labels=LABELS,
        years=[each for each in year_options(today) if int(each[0]) < today.year], rule=annual_rule(),
    )  # fmt: skip
