"""监督举报: received from anyone, accepted, passed on or answered; answers by two people."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.blacklist.audit.domain import without_identities
from services.blacklist.disclosure.domain import new_code
from services.blacklist.identity.wall import hand_to
from services.blacklist.openness.domain.reports import (
    ACCEPTED,
    ACTS,
    ANSWERED,
    DECLINED,
    RECEIVED,
    REPORT_DUTY,
    STATES,
    report_number,
)
from services.blacklist.openness.domain.terms import data
from services.blacklist.openness.models import Report
from services.blacklist.openness.models.reports import REPORTER_AAD, TEXT_AAD
from services.blacklist.openness.queries.reports import refusal, reporter_of
from services.blacklist.openness.queries.sight import find, to_act_on
from services.blacklist.openness.usecases.common import (
    department_on,
    next_count,
    refuse,
    require_inputs,
    write_down,
)
from services.blacklist.rules.queries import duties_of
from services.blacklist.rules.usecases import create_duty, settle_duty
from services.blacklist.store import Deps
from shared.clock import local_date
from shared.errors import Conflict, Forbidden, TooMany
from shared.ids import new_id
from shared.web.access import Principal


@dataclass(frozen=True)
class Receipt:
    """回执: the number anyone may know and the code only the sender holds."""

    report: Report
    code: str


def submit_report(
    session: Session, deps: Deps, given: Mapping[str, Any], *, address: str, at: datetime
) -> Receipt:
    blind = deps.keyring.blind_index(f"report from {address}")
    _require_patience(session, blind, deps.clock.system_now())
    today, code, row_id = local_date(at), new_code(), new_id()
    department = department_on(session, given["department_id"], today)
    if department is None:
        refuse([("department_id", "没有这个部门，或者该部门已经撤并，请重新选择。")])
        raise AssertionError
    reporter = given.get("reporter")
    row = Report(
        id=row_id,
        number=report_number(
            department.region, today.year, next_count(session, "JD", department.region, today.year)
        ),
        lookup_blind=deps.keyring.blind_index(f"report {code}"),
        sequence=0,
        state=RECEIVED,
        department_id=department.id,
        department_name=department.name,
        region=department.region,
        topic=given["topic"],
        about=without_identities(given.get("about")),
        text_sealed=deps.keyring.seal(given["text"], f"{TEXT_AAD}.{row_id}"),
        reporter_sealed=_sealed(deps, reporter, row_id),
        received_on=today,
        address_blind=blind,
        sent_at=deps.clock.system_now(),
        created_at=at,
        updated_at=at,
    )
    session.add(row)
    _owe(session, deps, row)
    write_down(session, "report", row, "submit", None, at, topic=row.topic)
    session.flush()
    return Receipt(row, code)


def _sealed(deps: Deps, reporter: Mapping[str, Any] | None, row_id: str) -> str | None:
    told = {name: value for name, value in (reporter or {}).items() if value}
    return (
        deps.keyring.seal(json.dumps(told, ensure_ascii=False), f"{REPORTER_AAD}.{row_id}") if told else None
    )


def _owe(session: Session, deps: Deps, row: Report) -> None:
    rule = data("terms")["report"]
    create_duty(
        session, case_id=row.id, department_id=row.department_id, kind=REPORT_DUTY, rule=rule["basis"],
        rule_version=rule["version"], length_wd=rule["working_days"], start_on=row.received_on,
        calendar=deps.calendar, soon_wd=rule["soon_wd"],
    )  # fmt: skip


def _require_patience(session: Session, blind: str, now: datetime) -> None:
    """At most so many from one address in an hour and a day, counted in the database."""
    for name, span in (("per_address_hour", timedelta(hours=1)), ("per_address_day", timedelta(days=1))):
        sent = select(func.count()).where(Report.address_blind == blind, Report.sent_at > now - span)
        if (session.scalar(sent) or 0) >= data("terms")["report"][name]:
            raise TooMany(
                "report-too-many", "提交的举报过多", "请稍后再试，或者当面、来信提出。",
                retry_after=span.total_seconds(),
            )  # fmt: skip


@dataclass(frozen=True)
class Turn:
    """One officer's act on one report."""

    session: Session
    row: Report
    inputs: Mapping[str, Any]
    actor: Principal
    at: datetime


def act_on_report(
    session: Session,
    report_id: str,
    code: str,
    inputs: Mapping[str, Any],
    *,
    actor: Principal,
    at: datetime,
) -> Report:
    row, act = to_act_on(session, Report, report_id, actor), ACTS[code]
    if not actor.has(*act.roles):
        raise Forbidden("forbidden", "没有权限", f"“{act.title}”应由本部门有相应岗位的人员办理。")
    if row.state not in act.states or (code == "answer" and row.draft is None):
        raise Conflict(
            "report-wrong-state", "举报现在不能办理这个事项",
            f"举报目前“{STATES[row.state]}”，不能“{act.title}”。", state=row.state,
        )  # fmt: skip
    if why := refusal(row, code, actor):
        raise Forbidden("report-four-eyes", "须由另一名工作人员签发", f"{why}。")
    require_inputs(act.needs, (), inputs)
    EFFECTS[code](Turn(session, row, inputs, actor, at))
    row.updated_at = at
    write_down(session, "report", row, code, actor, at)
    return row


def _accept(turn: Turn) -> None:
    turn.row.state = ACCEPTED


def _decline(turn: Turn) -> None:
    """Not a matter for this department: the sender reads why."""
    row = turn.row
    row.state, row.answer = DECLINED, turn.inputs["content"]
    row.answered_on = local_date(turn.at)
    settle_duty(turn.session, row.id, REPORT_DUTY, turn.at)


def _transfer(turn: Turn) -> None:
    """To the department that answers for it; the time already running goes on."""
    row = turn.row
    target = department_on(turn.session, turn.inputs["department_id"], local_date(turn.at))
    if target is None:
        refuse([("department_id", "没有这个部门，或者该部门已经撤并。")])
        raise AssertionError
    if target.id == row.department_id:
        refuse([("department_id", "举报已经在这个部门。")])
    hand_to(turn.session, target.id)
    for duty in duties_of(turn.session, [row.id]).get(row.id, []):
        if duty.is_open:
            duty.department_id = target.id
    row.department_id, row.department_name, row.region = target.id, target.name, target.region
    row.state, row.draft, row.drafted_by = RECEIVED, None, None


def _draft(turn: Turn) -> None:
    turn.row.draft, turn.row.drafted_by = without_identities(turn.inputs["content"]), turn.actor.user_id


def _answer(turn: Turn) -> None:
    row = turn.row
    row.state, row.answer, row.draft = ANSWERED, row.draft, None
    row.answered_by, row.answered_on = turn.actor.user_id, local_date(turn.at)
    settle_duty(turn.session, row.id, REPORT_DUTY, turn.at)


EFFECTS: Mapping[str, Callable[[Turn], None]] = {
    "accept": _accept,
    "decline": _decline,
    "transfer": _transfer,
    "draft": _draft,
    "answer": _answer,
}


def read_reporter(
    session: Session, deps: Deps, report_id: str, purpose: str, *, actor: Principal, at: datetime
) -> dict[str, Any] | None:
    """Who sent it, for a stated purpose that goes into the trail with the reader's name."""
    row = find(session, Report, report_id, actor)
    write_down(session, "report", row, "read-reporter", actor, at, purpose=purpose)
    return reporter_of(deps.keyring, row)
