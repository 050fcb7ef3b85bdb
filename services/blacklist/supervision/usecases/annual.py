"""Putting a year's report forward and, by another person, making it public; owed from New Year on."""

import hashlib
import json
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.blacklist.audit import usecases as audit
from services.blacklist.identity.domain import Period as Validity
from services.blacklist.identity.models import Department
from services.blacklist.openness.usecases.announcing import announce as announce_others
from services.blacklist.openness.usecases.common import next_count
from services.blacklist.rules.models import Duty
from services.blacklist.rules.publishes import Called
from services.blacklist.rules.usecases import create_deadline, settle_duty
from services.blacklist.rules.usecases.announcing import announce_for
from services.blacklist.store import Deps
from services.blacklist.supervision.domain.annual import (
    ANNUAL_DUTY,
    OWED,
    PROPOSED,
    PUBLISHED,
    annual_rule,
)
from services.blacklist.supervision.domain.periods import year_of
from services.blacklist.supervision.models import AnnualReport
from services.blacklist.supervision.queries.annual import annual_report
from services.blacklist.supervision.queries.annual_published import report_to_act_on
from services.blacklist.supervision.queries.scope import scope_of
from shared.clock import local_date
from shared.errors import Conflict, FieldError, Forbidden, Invalid, describe_errors
from shared.ids import new_id
from shared.web.access import Principal

describe_errors(
    {
        "annual-report-not-found": "没有这份年度报告，或者尚未公布。",
        "annual-report-wrong-state": "年度报告当前的情况不能进行这个事项。",
        "annual-report-four-eyes": "提出年度报告和审批公布须由不同的人员办理。",
    }
)


def propose_report(
    session: Session, deps: Deps, year: int, *, actor: Principal, at: datetime
) -> AnnualReport:
    """Count the actor's region for a year that is over, and lay it before a second person."""
    today = local_date(at)
    if year >= today.year:
        pointed = FieldError("/year", "本年度尚未结束，不能公布年度报告。")
        raise Invalid("validation-failed", "提交的内容有误", fields=[pointed])
    department = session.get_one(Department, actor.department_id)
    row = _row(session, department, year) or _own_row(session, deps, department, year)
    if row.department_id != actor.department_id:
        raise Forbidden("not-own-department", "不是本部门的年度报告", "本地区的年度报告由其他部门公布。")
    scope = scope_of(session, actor, year_of(year), region=actor.region)
    row.proposal = json.loads(_text(annual_report(session, scope, year, today)))
    row.proposed_by, row.proposer_name, row.returned_reason = actor.user_id, actor.display_name, None
    row.state = PROPOSED
    _write_down(session, row, "propose", actor, at)
    session.flush()
    return row


def _row(session: Session, department: Department, year: int) -> AnnualReport | None:
    wanted = select(AnnualReport).where(AnnualReport.region == department.region, AnnualReport.year == year)
    return session.scalars(wanted.with_for_update()).first()


def _own_row(session: Session, deps: Deps, department: Department, year: int) -> AnnualReport:
    """The year's row with its duty, whose day is the law's."""
    rule = annual_rule()
    count = next_count(session, "NB", department.region, year)
    row = AnnualReport(
        id=new_id(), number=f"NB{department.region}-{year}-{count:05d}", sequence=0, version=0,
        region=department.region, year=year, department_id=department.id, department_name=department.name,
        state=OWED,
    )  # fmt: skip
    session.add(row)
    create_deadline(
        session, case_id=row.id, department_id=department.id, kind=ANNUAL_DUTY, rule=rule.basis[:100],
        rule_version=rule.version, from_at=rule.owed_from(year), due_at=rule.due_at(year),
        soon_at=rule.soon_at(year), calendar=deps.calendar,
    )  # fmt: skip
    session.flush()
    return row


def approve_report(session: Session, report_id: str, *, actor: Principal, at: datetime) -> AnnualReport:
    """Public at commit, at an address that stays; a later one takes its place with a higher version."""
    row = _proposed(session, report_id, actor)
    if row.proposed_by == actor.user_id:
        raise Forbidden("annual-report-four-eyes", "须由另一名工作人员审批", "提出人不得审批公布。")
    text = _text(row.proposal)
    row.content, row.sha256 = row.proposal, hashlib.sha256(text.encode()).hexdigest()
    row.drafted_by, row.proposal, row.proposed_by = row.proposed_by, None, None
    row.approved_by, row.approver_name, row.published_at = actor.user_id, actor.display_name, at
    row.state, row.version = PUBLISHED, row.version + 1
    settle_duty(session, row.id, ANNUAL_DUTY, at)
    _write_down(session, row, "publish", actor, at)
    session.flush()
    return row


def return_report(
    session: Session, report_id: str, reason: str, *, actor: Principal, at: datetime
) -> AnnualReport:
    row = _proposed(session, report_id, actor)
    row.proposal, row.proposed_by, row.returned_reason = None, None, reason
    row.state = PUBLISHED if row.content is not None else OWED
    _write_down(session, row, "return", actor, at)
    session.flush()
    return row


def _proposed(session: Session, report_id: str, actor: Principal) -> AnnualReport:
    row = report_to_act_on(session, report_id, actor)
    if row.state != PROPOSED:
        raise Conflict("annual-report-wrong-state", "年度报告不在审批中", state=row.state)
    return row


def _text(report: Any) -> str:
    return json.dumps(report, ensure_ascii=False, sort_keys=True, default=str)


def _write_down(session: Session, row: AnnualReport, act: str, actor: Principal, at: datetime) -> None:
    audit.record(
        session, actor=actor, action=f"annual-report.{act}", object_type="annual-report", object_id=row.id,
        detail={"region": row.region, "year": row.year, "version": row.version, "sha256": row.sha256}, at=at,
    )  # fmt: skip


class AnnualDuties:
    """Loop: once the year is over, its report is owed by the day the law names.

    A system that first starts after that day does not blame its users for a year it did not see.
    """

    name = "annual-duties"

    def __init__(self, deps: Deps) -> None:
        self._deps = deps
        self._seen: date | None = None

    def step(self) -> bool:
        today = self._deps.clock.today()
        if today == self._seen:
            return False
        if today <= local_date(annual_rule().due_at(today.year - 1)):
            self._owe(today)
        self._seen = today
        return False

    def _owe(self, today: date) -> None:
        with self._deps.db.write() as session:
            for department in _owing(session, today):
                if _row(session, department, today.year - 1) is None:
                    _own_row(session, self._deps, department, today.year - 1)


def _owing(session: Session, today: date) -> list[Department]:
    """Departments that publish for their region, in force since before the year was over."""
    wanted = select(Department).where(Department.kind.in_(annual_rule().organs))
    found = session.scalars(wanted.order_by(Department.region, Department.code))
    return [
        each
        for each in found
        if Validity(each.valid_from, each.valid_to).covers(today) and each.valid_from.year < today.year
    ]


def announce(session: Session, duty: Duty, kind: str, at: datetime) -> None:
    """`duty.due-soon` or `duty.overdue`, whoever the duty belongs to."""
    if duty.kind != ANNUAL_DUTY:
        announce_others(session, duty, kind, at)
        return
    announce_for(session, AnnualReport, duty, kind, at, _called)


def _called(report: AnnualReport) -> Called:
    return Called("annual-report", "政府信息公开年度报告", report.number)
