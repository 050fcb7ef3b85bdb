"""An officer's own arrangements: which messages to get how, and who gets copies while they are away.

A stand-in hears; what they may decide in a case does not change. Copies stay inside the department.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from services.notifier.domain import HANDOVER_EVENT, MOST_ITEMS, SEVERITIES, chinese_date
from services.notifier.models import Dispatch, Notice, UserCopy
from services.notifier.models.people import Profile, StandIn
from services.notifier.queries.people import BY_SEVERITY, colleagues, digest_hours
from services.notifier.queries.texts import texts_in_force
from services.notifier.templates import LANGUAGES, render
from services.notifier.usecases.dispatching import WAKE_CHANNEL, deliver_inbox, dispatch_row
from shared.db import wake
from shared.errors import Conflict, FieldError, Invalid, describe_errors
from shared.ids import new_id
from shared.web.access import Principal

LONGEST = timedelta(days=180)
LOOKED_THROUGH = 500
describe_errors(
    {
        "stand-in-period": "代班起止日期有误：不得早于今天，止日不得早于起日，最长一百八十天。",
        "stand-in-person": "代班人须为本部门其他在岗人员。",
        "stand-in-twice": "同一期间已有该代班人。",
        "stand-in-ended": "这项代班安排已经结束。",
    }
)


@dataclass(frozen=True)
class Absence:
    """Who is to get copies, from when to when, and whether open matters are handed over now."""

    stand_in_id: str
    from_day: date
    to_day: date
    reason: str = ""
    hands_over: bool = False


def prefer(
    session: Session,
    *,
    wanted: Mapping[str, Sequence[str]],
    digest_hour: int,
    language: str,
    actor: Principal,
    at: datetime,
) -> None:
    """Keep an officer's general wishes: the channels wanted for each severity, the hour of digests."""
    wrong = [] if digest_hour in digest_hours() else [FieldError("/digest_hour", "须在允许发送的时段内。")]
    wrong += [] if language in LANGUAGES else [FieldError("/language", "请选择语言。")]
    if wrong:
        raise Invalid("validation-failed", "提交的内容有误", fields=wrong)
    declined = {each: [c for c in BY_SEVERITY if c not in wanted.get(each, ())] for each in SEVERITIES}
    kept = {severity: channels for severity, channels in declined.items() if channels}
    row = Profile(
        user_id=actor.user_id, declined=kept, digest_hour=digest_hour, language=language, updated_at=at
    )
    session.merge(row)


def name_stand_in(
    session: Session, absence: Absence, *, actor: Principal, today: date, at: datetime, mails: bool
) -> StandIn:
    """Let a colleague get copies for some days; with a hand-over they are told at once what is open."""
    if not today <= absence.from_day <= absence.to_day or absence.to_day - today > LONGEST:
        wrong = [FieldError("/from_day", "请核对起止日期。"), FieldError("/to_day", "请核对起止日期。")]
        raise Invalid("stand-in-period", "代班日期有误", fields=wrong)
    if absence.stand_in_id not in dict(colleagues(session, actor)):
        wrong = [FieldError("/stand_in_id", "请选择本部门其他在岗人员。")]
        raise Invalid("stand-in-person", "代班人有误", fields=wrong)
    _refuse_twice(session, absence, actor)
    row = StandIn(
        id=new_id(),
        department_id=actor.department_id,
        user_id=actor.user_id,
        created_at=at,
        ended_at=None,
        **vars(absence),
    )
    session.add(row)
    session.flush()
    if absence.hands_over:
        _hand_over(session, row, actor, at=at, today=today, mails=mails)
    return row


def end_stand_in(session: Session, row: StandIn, *, at: datetime) -> None:
    """End an arrangement before its last day."""
    if row.ended_at is not None:
        raise Conflict("stand-in-ended", "代班已经结束", "无须再次结束。")
    row.ended_at = at
    session.flush()


def _refuse_twice(session: Session, absence: Absence, actor: Principal) -> None:
    same = select(StandIn.id).where(
        StandIn.user_id == actor.user_id,
        StandIn.stand_in_id == absence.stand_in_id,
        StandIn.ended_at.is_(None),
        StandIn.from_day <= absence.to_day,
        StandIn.to_day >= absence.from_day,
    )
    if session.scalar(same.limit(1)) is not None:
        raise Conflict("stand-in-twice", "已有同样的代班安排", "可先结束原安排。")


def _hand_over(
    session: Session, row: StandIn, actor: Principal, *, at: datetime, today: date, mails: bool
) -> None:
    titles = _open_matters(session, actor)
    stand_in = session.get_one(UserCopy, row.stand_in_id)
    facts = {
        "from_name": actor.display_name,
        "to_name": stand_in.display_name,
        "period": f"{chinese_date(row.from_day)}至{chinese_date(row.to_day)}",
        "count": str(len(titles)),
        "items": "\n".join(f"{number}. {title}" for number, title in enumerate(titles[:MOST_ITEMS], 1)),
        "department_name": actor.department_name,
        "occurred_on": chinese_date(today),
    }
    text = render(HANDOVER_EVENT, facts, texts_in_force(session, today))
    notice = Notice(
        id=row.id,
        dedupe_key=row.id,
        event_id=row.id,
        event_type=HANDOVER_EVENT,
        subject_id=row.id,
        department_id=row.department_id,
        audience=sorted(actor.roles),
        severity="notice",
        title=text.title,
        body=text.body,
        link="/notices/stand-ins",
        facts=facts,
        occurred_at=at,
        created_at=at,
        shown_at=at,
    )
    session.add(notice)
    session.flush()
    deliver_inbox(session, [(row.id, HANDOVER_EVENT, row.id, row.department_id)], at)
    if mails and stand_in.email:
        mail = dispatch_row(row.id, row.department_id, "email", f"user:{stand_in.id}", at)
        session.execute(insert(Dispatch), [mail])
        wake(session, WAKE_CHANNEL)


def _open_matters(session: Session, actor: Principal) -> list[str]:
    """Titles of what the department has not acknowledged and the actor's roles should know of."""
    waiting = (Notice.department_id == actor.department_id, Notice.acknowledged_at.is_(None))
    query = select(Notice.title, Notice.audience).where(*waiting, Notice.shown_at.is_not(None))
    rows = session.execute(query.order_by(Notice.id.desc()).limit(LOOKED_THROUGH))
    return [row.title for row in rows if not actor.roles.isdisjoint(row.audience)]
