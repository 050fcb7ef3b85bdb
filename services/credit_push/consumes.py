"""What this service takes from the event log: listings to push, what became of requests, departments,
sign-outs, confirmed calendar years.

Contract events stop here; the rest of the service sees `Arrival`s. Identity numbers stay sealed.
"""

from collections.abc import Callable, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.credit_push.domain import parse_time, record_from
from services.credit_push.models import DepartmentCopy, revocations
from services.credit_push.usecases import Deps
from services.credit_push.usecases.answering import plan_answers
from services.credit_push.usecases.planning import Arrival, plan_deliveries
from services.credit_push.usecases.recounting import take_years
from shared.calendar.copies import ConfirmedYear
from shared.contracts.envelope import Event
from shared.web.revocations import apply_identity_events

EXCHANGE = "blacklist.exchange.v1"
IDENTITY = "blacklist.identity.v1"
RULES = "blacklist.rules.v1"
CASES = "blacklist.cases.v1"
GROUP = "credit-push"
Handle = Callable[[Session, list[Event]], None]


def exchange_handler(deps: Deps) -> Handle:
    """Effect of exchange events: the listing's copy and its deliveries, in the consumer's transaction."""

    def handle(session: Session, events: list[Event]) -> None:
        listings = [event for event in events if event.type.startswith("listing.")]
        levels = _levels(session, {event.data.get("department_id") for event in listings})
        plan_deliveries(session, deps, [_arrival(event, levels) for event in listings])

    return handle


def _levels(session: Session, departments: set[str | None]) -> dict[str, str]:
    wanted = [department for department in departments if department]
    rows = session.execute(
        select(DepartmentCopy.id, DepartmentCopy.level).where(DepartmentCopy.id.in_(wanted))
    )
    return {row.id: row.level for row in rows}


def _arrival(event: Event, levels: dict[str, str]) -> Arrival:
    data = event.data
    return Arrival(
        record=record_from(data),
        payload=data,
        migrated=bool(data.get("migrated")),
        replay=bool(data.get("replay")),
        recorded_at=parse_time(data["recorded_at"]),
        department_level=levels.get(data.get("department_id") or ""),
        event_id=event.id,
        event_type=event.type,
        text=event.text,
    )


def cases_handler(deps: Deps) -> Handle:
    """Effect of case events: what became of a request goes back to the platform it came from."""

    def handle(session: Session, events: list[Event]) -> None:
        plan_answers(session, deps, events)

    return handle


def rules_handler(deps: Deps) -> Handle:
    """Effect of a confirmed calendar year: our copy, and the days of open deliveries that reach into it."""

    def handle(session: Session, events: list[Event]) -> None:
        years = [event.data for event in events if event.type == "calendar.confirmed"]
        take_years(session, deps, [ConfirmedYear.told(each) for each in years])

    return handle


def handle_identity(session: Session, events: list[Event]) -> None:
    """Effect of identity events: revocations at once, departments for routing and pages."""
    apply_identity_events(session, revocations, events)
    _copy_departments(session, [event for event in events if event.type == "department.changed"])


def _copy_departments(session: Session, events: Sequence[Event]) -> None:
    for event in events:
        data = event.data
        row = session.get(DepartmentCopy, data["id"])
        if row is not None and row.sequence >= event.sequence:
            continue
        if row is None:
            row = DepartmentCopy(id=data["id"])
            session.add(row)
        row.name, row.region, row.level = data["name"], data["region"], data["level"]
        row.short_name = data.get("short_name")
        row.sequence = event.sequence
