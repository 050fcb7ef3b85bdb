"""管理: the working-day calendar (read a notice, propose, a second person confirms), and one duty's clock."""

from typing import Any

from apiflask import APIBlueprint
from flask import Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from services.blacklist.rules.api.calendar import KEEPERS, proposal_view, year_views
from services.blacklist.rules.api.duties import DECIDER, OFFICERS, duty_view
from services.blacklist.rules.queries import calendars
from services.blacklist.rules.queries.duties import find_duty
from services.blacklist.rules.schemas import ExtendIn, PauseIn, ProposalIn, RejectIn
from services.blacklist.rules.usecases import (
    confirm_year,
    extend_duty,
    pause_duty,
    propose_year,
    reject_year,
    resume_duty,
)
from services.blacklist.store import Deps
from shared.calendar.notice import read_notice
from shared.errors import DomainError, NotFound
from shared.web.access import access, principal
from shared.web.forms import load_form, read_form
from shared.web.pages import form_errors, render

PLACE = "/admin/calendar"
LABELS = {
    "notice": "通知全文",
    "year": "年份",
    "rest": "放假日期",
    "work": "调休上班日期",
    "source": "来源",
    "reason": "理由",
    "working_days": "延长工作日数",
}
YEARS_SHOWN = 4


def add_routes(made: APIBlueprint, deps: Deps) -> None:
    _years(made, deps)
    _settling(made, deps)
    _duty(made, deps)


def _years(made: APIBlueprint, deps: Deps) -> None:
    @made.get(PLACE)
    @access(KEEPERS)
    def calendar_years() -> Response:
        return _page(deps, 200, {}, {}, None)

    @made.post(PLACE)
    @access(KEEPERS)
    def propose_calendar() -> AnyResponse:
        """Read only (预览) or propose, as the form's button says."""
        values = _values()
        notice, year = values.get("notice"), values.get("year")
        reading = None
        if isinstance(notice, str):
            reading = read_notice(notice, year if isinstance(year, int) else None)
        if request.form.get("act") == "read" and reading is not None:
            return _page(deps, 200, {}, dict(request.form), reading)
        try:
            given = load_form(ProposalIn(), values)
            with deps.db.write() as session:
                propose_year(session, **given, actor=principal(), at=deps.clock.now())
        except DomainError as error:
            return _page(deps, int(error.kind), form_errors(error), dict(request.form), reading)
        return redirect(f"{PLACE}?done=proposed", 303)


def _values() -> dict[str, Any]:
    """The form as the API's body: days one a line or parted by commas."""
    values = read_form(request.form, integers=("year",), ignore=("act",))
    for name in ("rest", "work"):
        if isinstance(values.get(name), str):  # anything else is the schema's to refuse
            parted = values[name].replace("、", " ").replace("\uff0c", " ").replace(",", " ")
            values[name] = parted.split()
    return values


def _page(deps: Deps, status: int, errors: dict[str, str], values: dict[str, Any], reading: Any) -> Response:
    with deps.db.read() as session:
        years = year_views(calendars.confirmed_years(session))
        proposals = calendars.list_proposals(session, state=None, before=None, limit=20)
        views = [proposal_view(row) | {"mine": row.proposed_by == principal().user_id} for row in proposals]
    flat = {name.split(".")[0]: message for name, message in errors.items()}
    return render(
        "blacklist/calendar.html", status, years=years[:YEARS_SHOWN], proposals=views, errors=flat,
        labels=LABELS, values=values, reading=reading, version=deps.calendar.version,
        done=request.args.get("done", ""),
    )  # fmt: skip


def _settling(made: APIBlueprint, deps: Deps) -> None:
    @made.post(f"{PLACE}/<proposal_id>/confirm")
    @access(KEEPERS)
    def confirm_calendar(proposal_id: str) -> AnyResponse:
        with deps.db.write() as session:
            confirm_year(session, proposal_id, actor=principal(), at=deps.clock.now())
        return redirect(f"{PLACE}?done=confirmed", 303)

    @made.post(f"{PLACE}/<proposal_id>/reject")
    @access(KEEPERS)
    def reject_calendar(proposal_id: str) -> AnyResponse:
        try:
            given = load_form(RejectIn(), read_form(request.form))
        except DomainError as error:
            return _page(deps, 422, form_errors(error), {}, None)
        with deps.db.write() as session:
            reject_year(session, proposal_id, reason=given["reason"], actor=principal(), at=deps.clock.now())
        return redirect(f"{PLACE}?done=rejected", 303)


def _duty(made: APIBlueprint, deps: Deps) -> None:
    @made.get("/duties/<duty_id>")
    @access(OFFICERS)
    def duty(duty_id: str) -> Response:
        return _duty_page(deps, duty_id, 200, {})

    @made.post("/duties/<duty_id>/<act>")
    @access(DECIDER)
    def change_duty(duty_id: str, act: str) -> AnyResponse:
        try:
            _change(deps, duty_id, act)
        except NotFound:
            raise
        except DomainError as error:
            return _duty_page(deps, duty_id, int(error.kind), form_errors(error))
        return redirect(f"/duties/{duty_id}", 303)


def _change(deps: Deps, duty_id: str, act: str) -> None:
    who, at = principal(), deps.clock.now()
    form = read_form(request.form, integers=("working_days",))
    with deps.db.write() as session:
        row = find_duty(session, duty_id, who.department_id, lock=True)
        if act == "pause":
            pause_duty(session, row, reason=load_form(PauseIn(), form)["reason"], actor=who, at=at)
        elif act == "resume":
            resume_duty(session, row, deps.calendar, actor=who, at=at)
        elif act == "extend":
            extend_duty(session, row, deps.calendar, **load_form(ExtendIn(), form), actor=who, at=at)
        else:
            raise NotFound("not-found", "没有这个办理事项")


def _duty_page(deps: Deps, duty_id: str, status: int, errors: dict[str, str]) -> Response:
    with deps.db.read() as session:
        view = duty_view(find_duty(session, duty_id, principal().department_id), deps.clock.now())
    return render("blacklist/duty.html", status, duty=view, errors=errors, labels=LABELS, values=request.form)
