"""Duties arise, move, pause, are extended, met or fall away, in the transaction of what causes it."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from services.blacklist.audit import usecases as audit
from services.blacklist.rules.models import Duty
from services.blacklist.rules.queries.catalogue import duty_terms
from services.blacklist.rules.terms import DutyTerms, duty_due
from shared.calendar import WorkingCalendar
from shared.clock import local_date
from shared.errors import Conflict, describe_errors
from shared.ids import new_id
from shared.web.access import Principal

describe_errors(
    {
        "duty-not-found": "没有这项期限，或者不是本部门的期限。",
        "duty-not-pausable": "只有法律规定的情形可以中止计时。detail 列出这项期限可以中止的情形。",
        "duty-not-running": "这项期限没有在计时：已经办结、尚未起算或者已经中止。",
        "duty-not-paused": "这项期限没有中止，不需要恢复。",
        "duty-extension-limit": "延长的时间超过法定上限。detail 说明还可以延长多少个工作日。",
    }
)


def create_duty(
    session: Session,
    *,
    case_id: str,
    department_id: str,
    kind: str,
    rule: str,
    rule_version: str,
    length_wd: int,
    start_on: date | None,
    calendar: WorkingCalendar,
    soon_wd: int = 2,
) -> Duty:
    """A duty of `length_wd` working days after `start_on`; without a start it waits for `start_duty`."""
    duty = Duty(
        id=new_id(),
        case_id=case_id,
        department_id=department_id,
        kind=kind,
        rule=rule,
        rule_version=rule_version,
        length_wd=length_wd,
        soon_wd=soon_wd,
        provisional=False,
        calendar_version=calendar.version,
        extended_wd=0,
        pauses=[],
        extensions=[],
    )
    if start_on is not None:
        _count(duty, start_on, calendar)
    session.add(duty)
    return duty


def create_deadline(
    session: Session,
    *,
    case_id: str,
    department_id: str,
    kind: str,
    rule: str,
    rule_version: str,
    from_at: datetime,
    due_at: datetime,
    soon_at: datetime,
    calendar: WorkingCalendar,
) -> Duty:
    """A duty by the wall clock: hours from a moment (舆情), or the end of a day the law names."""
    duty = Duty(
        id=new_id(), case_id=case_id, department_id=department_id, kind=kind, rule=rule,
        rule_version=rule_version, length_wd=0, soon_wd=0, start_on=local_date(from_at),
        due_on=local_date(due_at), soon_on=local_date(soon_at), due_at=due_at, soon_at=soon_at,
        provisional=False, calendar_version=calendar.version, extended_wd=0, pauses=[], extensions=[],
    )  # fmt: skip
    session.add(duty)
    return duty


def start_duty(
    session: Session,
    case_id: str,
    kind: str,
    start_on: date,
    calendar: WorkingCalendar,
    *,
    length_wd: int | None = None,
) -> None:
    """Begin (or begin anew) counting the open duty of this kind; a new length if the rule gives one."""
    for duty in _open(session, case_id, kind):
        restart_duty(duty, start_on, calendar, length_wd)


def restart_duty(duty: Duty, start_on: date, calendar: WorkingCalendar, length_wd: int | None = None) -> None:
    """The same for a duty already at hand."""
    duty.length_wd = length_wd or duty.length_wd
    duty.extended_wd, duty.paused_on, duty.pauses = 0, None, []
    _count(duty, start_on, calendar)


def settle_duty(session: Session, case_id: str, kind: str, at: datetime) -> None:
    for duty in _open(session, case_id, kind):
        duty.done_at = at


def cancel_duties(session: Session, case_id: str, at: datetime, kind: str | None = None) -> None:
    for duty in _open(session, case_id, kind):
        duty.cancelled_at = at


def move_duties(session: Session, from_department: str, to_department: str) -> int:
    """Open duties follow a handover to the successor; how many."""
    waiting = (Duty.department_id == from_department) & Duty.done_at.is_(None) & Duty.cancelled_at.is_(None)
    count = session.scalar(select(func.count()).select_from(Duty).where(waiting)) or 0
    session.execute(update(Duty).where(waiting).values(department_id=to_department))
    return count


def pause_duty(
    session: Session,
    duty: Duty,
    *,
    reason: str,
    actor: Principal,
    at: datetime,
    on: date | None = None,
) -> None:
    """Stop the count (中止计时) for a reason the law names; working days after this one do not count."""
    terms = _terms(duty, local_date(at))
    if not any(reason.startswith(allowed) for allowed in terms.pause_reasons):
        allowed = "；".join(terms.pause_reasons) or "这类期限不得中止"
        raise Conflict(
            "duty-not-pausable", "这项期限不能因此中止", f"可以中止的情形：{allowed}", rule=terms.basis
        )
    if not duty.is_open or duty.start_on is None or duty.paused_on is not None:
        raise Conflict("duty-not-running", "这项期限没有在计时", "已经办结、尚未起算或者已经中止。")
    duty.paused_on = on or local_date(at)
    duty.pauses = [*duty.pauses, {"from": duty.paused_on.isoformat(), "until": None, "reason": reason}]
    _write_down(session, duty, "pause", actor, at, reason=reason)


def resume_duty(
    session: Session, duty: Duty, calendar: WorkingCalendar, *, actor: Principal | None, at: datetime
) -> None:
    """Count on from today; what the pause took is added to the due day."""
    if duty.paused_on is None or duty.start_on is None:
        raise Conflict("duty-not-paused", "这项期限没有中止")
    today = local_date(at)
    duty.pauses = [*duty.pauses[:-1], {**duty.pauses[-1], "until": today.isoformat()}]
    duty.paused_on = None
    _count(duty, duty.start_on, calendar)
    _unmark(duty, today)
    _write_down(session, duty, "resume", actor, at, due=str(duty.due_on))


def extend_duty(
    session: Session,
    duty: Duty,
    calendar: WorkingCalendar,
    *,
    working_days: int,
    reason: str,
    actor: Principal,
    at: datetime,
) -> None:
    """Give more time (延长) within what the law allows for this kind of duty, all extensions together."""
    terms = _terms(duty, local_date(at))
    left = terms.extend_wd - duty.extended_wd
    if working_days > left:
        raise Conflict(
            "duty-extension-limit",
            "超过可以延长的时间",
            f"这项期限还可以延长{left}个工作日。",
            rule=terms.basis,
        )
    if not duty.is_open or duty.start_on is None:
        raise Conflict("duty-not-running", "这项期限没有在计时", "已经办结或者尚未起算。")
    today = local_date(at)
    duty.extended_wd += working_days
    given = {"on": today.isoformat(), "working_days": working_days, "reason": reason}
    duty.extensions = [*duty.extensions, given]
    _count(duty, duty.start_on, calendar)
    _unmark(duty, today)
    _write_down(session, duty, "extend", actor, at, working_days=working_days, reason=reason)


def _terms(duty: Duty, on: date) -> DutyTerms:
    """By the law of the day on which the clock is to be stopped or given more time."""
    nothing = DutyTerms(duty.kind, duty.kind, (), 0, "没有法定的中止、延长情形", "assumed", "", on)
    return duty_terms(on).get(duty.kind, nothing)


def _unmark(duty: Duty, today: date) -> None:
    """A later day is announced anew when it comes near."""
    if duty.soon_on is not None and duty.soon_on > today:
        duty.due_soon_at = None
    if duty.due_on is not None and duty.due_on >= today:
        duty.overdue_at = None


def _write_down(
    session: Session, duty: Duty, act: str, actor: Principal | None, at: datetime, **detail: Any
) -> None:
    audit.record(
        session,
        actor=actor,
        action=f"duty.{act}",
        object_type="duty",
        object_id=duty.id,
        detail={"case_id": duty.case_id, "kind": duty.kind, "due": str(duty.due_on), **detail},
        at=at,
    )


def recount(session: Session, duty: Duty, calendar: WorkingCalendar, at: datetime) -> bool:
    """Count an open duty anew by another calendar; a day that moves is written into the trail."""
    before = duty.due_on
    if duty.start_on is None:
        return False
    _count(duty, duty.start_on, calendar)
    if duty.due_on == before:
        return False
    _unmark(duty, local_date(at))
    _write_down(session, duty, "recount", None, at, before=str(before), calendar=calendar.version)
    return True


def _open(session: Session, case_id: str, kind: str | None) -> Sequence[Duty]:
    session.flush()
    wanted = select(Duty).where(Duty.case_id == case_id, Duty.done_at.is_(None), Duty.cancelled_at.is_(None))
    if kind is not None:
        wanted = wanted.where(Duty.kind == kind)
    return session.scalars(wanted).all()


def _count(duty: Duty, start_on: date, calendar: WorkingCalendar) -> None:
    due = duty_due(calendar, start_on, duty.length_wd + duty.extended_wd, duty.ended_pauses())
    duty.start_on, duty.due_on, duty.provisional = start_on, due.day, due.provisional
    duty.calendar_version = due.calendar_version
    duty.soon_on = calendar.add_working_days(due.day, -duty.soon_wd).day
