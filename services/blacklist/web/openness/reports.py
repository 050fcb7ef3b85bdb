"""监督举报 for anyone: the form, the receipt, progress by code (never in an address)."""

from typing import Any

from apiflask import APIBlueprint
from flask import Response, request

from services.blacklist.openness.api.reports import receipt_view
from services.blacklist.openness.domain.reports import TOPICS
from services.blacklist.openness.queries.reports import public_progress, report_by_code
from services.blacklist.openness.schemas.inputs import ReportIn
from services.blacklist.openness.usecases.reports import submit_report
from services.blacklist.store import Deps
from services.blacklist.web.options import department_options
from shared.errors import DomainError
from shared.web.access import access, public
from shared.web.forms import load_form, read_form
from shared.web.pages import form_errors, render

LABELS = {
    "department_id": "受理部门",
    "topic": "类别",
    "about": "所涉信息",
    "text": "内容",
    "reporter.name": "姓名",
    "reporter.phone": "电话",
    "reporter.email": "电子邮箱",
    "code": "查询码",
}


def add_routes(made: APIBlueprint, deps: Deps) -> None:
    _new(made, deps)
    _progress(made, deps)


def _new(made: APIBlueprint, deps: Deps) -> None:
    @made.get("/reports/new")
    @access(public())
    def report_form() -> Response:
        about = request.args.get("about", "")[:300]
        topic = request.args.get("topic", "")
        return _form(deps, {"about": about, "topic": topic if topic in TOPICS else ""}, {}, 200)

    @made.post("/reports/new")
    @access(public())
    def send_report() -> Response:
        try:
            given = load_form(ReportIn(), read_form(request.form))
            given["department_id"] = str(given["department_id"])
            with deps.db.write() as session:
                receipt = submit_report(
                    session, deps, given, address=request.remote_addr or "", at=deps.clock.now()
                )
                view = receipt_view(receipt)
        except DomainError as error:
            return _form(deps, request.form.to_dict(), form_errors(error), int(error.kind))
        return _private(render("blacklist/openness/report_receipt.html", 201, receipt=view))


def _form(deps: Deps, values: dict[str, Any], errors: dict[str, str], status: int) -> Response:
    with deps.db.read() as session:
        departments = department_options(session, deps.clock.today())
    answer = render(
        "blacklist/openness/report_new.html", status, values=values, errors=errors, labels=LABELS,
        departments=departments, topics=list(TOPICS.items()),
    )  # fmt: skip
    return _private(answer)


def _progress(made: APIBlueprint, deps: Deps) -> None:
    @made.get("/reports")
    @access(public())
    def report_lookup() -> Response:
        return render("blacklist/openness/report_progress.html", view=None, errors={}, labels=LABELS)

    @made.post("/reports")
    @access(public())
    def report_progress() -> Response:
        code = request.form.get("code", "")[:60]
        try:
            with deps.db.read() as session:
                view = public_progress(session, report_by_code(session, deps.keyring, code), deps.clock.now())
        except DomainError:
            errors = {"code": "没有查到。请核对回执上的查询码。"}
            return _private(
                render(
                    "blacklist/openness/report_progress.html", 404, view=None, errors=errors, labels=LABELS
                )
            )
        return _private(
            render("blacklist/openness/report_progress.html", view=view, errors={}, labels=LABELS)
        )


def _private(answer: Response) -> Response:
    """What a sender reads stays in no cache and no search engine."""
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer
