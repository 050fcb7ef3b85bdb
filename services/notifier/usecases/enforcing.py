"""Whoever applies measures because of a listing is told, by a message of its own, when it ends or returns.

A department states itself what it applies: a field, or all, in a region. The message that a listing ended
cannot be switched off, climbs the ladder until somebody acknowledges it, and the deciding department sees
who has not.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from services.notifier.domain import Happening
from services.notifier.models import Enforcer, StopOrder
from services.notifier.routing.enforcement import CAUSES, FIELDS
from services.notifier.usecases.announcing import announce
from services.notifier.usecases.dispatching import Fresh
from services.notifier.usecases.escalating import start_ladders
from shared.calendar import WorkingCalendar
from shared.clock import Clock, local_date
from shared.db import dialect_of, upsert
from shared.errors import Conflict, FieldError, Invalid, NotFound, describe_errors
from shared.ids import new_id
from shared.regions import is_known, within
from shared.web.access import Principal

MOST = 100
describe_errors(
    {
        "enforcement-too-many": "一个部门最多登记一百项。登记“全部领域”可以代替逐项登记。",
        "enforcement-not-found": "没有这项登记，或者不属于本部门。",
    }
)


@dataclass(frozen=True)
class Turn:
    """A listing ended or returned: whose, where, in which field."""

    event_id: str
    cause: str
    case_id: str
    listing_id: str | None
    department_id: str
    region: str
    domain: str
    at: datetime
    facts: dict[str, str]


def state_enforcement(
    session: Session, domain: str | None, region: str, *, actor: Principal, at: datetime
) -> Enforcer:
    """The actor's department applies measures here; stating it again changes nothing."""
    wrong = []
    if domain and domain not in FIELDS:
        wrong.append(FieldError("/domain", "请选择领域。"))
    if not is_known(region):
        wrong.append(FieldError("/region", "应为六位行政区划代码。"))
    elif not within(region, actor.region):
        wrong.append(FieldError("/region", "只能登记本部门所在的行政区划及其下级。"))
    if wrong:
        raise Invalid("validation-failed", "提交的内容有误", "请按提示修改后重新提交。", fields=wrong)
    held = select(Enforcer).where(Enforcer.department_id == actor.department_id)
    if len(session.scalars(held).all()) >= MOST:
        raise Conflict("enforcement-too-many", "登记已达上限", "一个部门最多登记一百项。")
    row = {
        "id": new_id(), "department_id": actor.department_id, "domain": domain or "", "region": region,
        "created_by": actor.display_name, "created_at": at,
    }  # fmt: skip
    session.execute(upsert(dialect_of(session))(Enforcer.__table__).on_conflict_do_nothing(), [row])
    return session.scalars(held.where(Enforcer.domain == (domain or ""), Enforcer.region == region)).one()


def end_enforcement(session: Session, enforcer_id: str, *, actor: Principal) -> None:
    """The department applies nothing there any more."""
    found = session.get(Enforcer, enforcer_id)
    if found is None or found.department_id != actor.department_id:
        raise NotFound("enforcement-not-found", "没有这项登记")
    session.delete(found)


def tell_enforcers(
    session: Session,
    turns: Sequence[Turn],
    clock: Clock,
    *,
    channels: Collection[str],
    calendar: WorkingCalendar,
) -> None:
    """One message to each institution concerned, its ladder, and the deciding department's list."""
    now, at = clock.now(), clock.system_now()
    enforcers = list(session.scalars(select(Enforcer)))
    for turn in turns:
        told = [_happening(turn, department) for department in _concerned(enforcers, turn)]
        fresh = announce(session, told, channels=channels, today=local_date(now), at=at)
        start_ladders(session, fresh, calendar=calendar, now=now)
        _list(session, turn, fresh, at)


def _concerned(enforcers: Sequence[Enforcer], turn: Turn) -> list[str]:
    """Departments that had stated, when it happened, that they apply measures in the field and a region."""
    meant = {
        each.department_id
        for each in enforcers
        if each.domain in {"", turn.domain}
        and each.created_at <= turn.at
        and (within(turn.region, each.region) or within(each.region, turn.region))
    }
    return sorted(meant)


def _happening(turn: Turn, department_id: str) -> Happening:
    event, cause = CAUSES[turn.cause]
    return Happening(
        event_id=f"{turn.event_id}:stop",
        type=event,
        subject_id=turn.listing_id or turn.case_id,
        occurred_at=turn.at,
        department_id=department_id,
        region=None,
        facts={**turn.facts, "cause": cause, "field": FIELDS.get(turn.domain, turn.domain)},
    )


def _list(session: Session, turn: Turn, fresh: Sequence[Fresh], at: datetime) -> None:
    rows = [
        {
            "notice_id": notice.notice_id,
            "department_id": turn.department_id,
            "region": turn.region,
            "case_id": turn.case_id,
            "cause": turn.cause,
            "at": at,
        }
        for notice in fresh
    ]
    if rows:
        session.execute(insert(StopOrder), rows)
