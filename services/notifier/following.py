"""What others hear of besides the departments themselves: the public that watches an organisation
(`blacklist.public.v1`), institutions that apply measures, and parties to whom letters are announced
(`blacklist.cases.v1`).
"""

from collections.abc import Callable, Collection
from datetime import date

from sqlalchemy.orm import Session

from services.notifier.domain import chinese_date
from services.notifier.routing.enforcement import CAUSES
from services.notifier.usecases.ended_listings import tell_of_ended
from services.notifier.usecases.enforcing import Turn, tell_enforcers
from services.notifier.usecases.parties import PartyOrder, take_orders
from services.notifier.usecases.watch_news import PublicFact, hear_public
from shared.calendar import WorkingCalendar
from shared.clock import Clock, local_date
from shared.contracts.envelope import Event

PUBLIC_TOPICS = ("blacklist.public.v1",)
STATED = ("subject_name", "list_name", "document_number", "reason")


def follow_public(
    clock: Clock, channels: Collection[str], calendar: WorkingCalendar
) -> Callable[[Session, list[Event]], None]:
    """The handler that tells watchers what became public or ceased to be, and institutions what ended with
    no case to tell them.
    """

    def handle(session: Session, events: list[Event]) -> None:
        facts = [_fact(event) for event in events]
        ended = hear_public(session, facts, today=local_date(clock.now()), at=clock.system_now())
        tell_of_ended(session, ended, clock, channels=channels, calendar=calendar)

    return handle


def _fact(event: Event) -> PublicFact:
    data = event.data
    if event.type != "listing.current" or not data["subject"]["uscc"]:
        by_date = bool(data.get("by_date"))
        return PublicFact(event.subject, event.sequence, event.time, by_date=by_date)
    since = data["publicity"].get("start")
    return PublicFact(
        event.subject,
        event.sequence,
        event.time,
        uscc=data["subject"]["uscc"],
        name=data["subject"]["name"],
        list_name=data["list"]["name"],
        organ_name=data["organ"]["name"],
        document_number=data["document"]["number"] or "",
        list_code=data["list"]["code"],
        region=data["region"],
        domain=data["domain"],
        since=date.fromisoformat(since) if since else None,
    )


def follow_cases(
    clock: Clock, channels: Collection[str], calendar: WorkingCalendar
) -> Callable[[Session, list[Event]], None]:
    """The handler that tells institutions when a listing they may act upon ends or returns."""

    def handle(session: Session, events: list[Event]) -> None:
        turns = [_turn(event) for event in events if event.type in CAUSES]
        tell_enforcers(session, turns, clock, channels=channels, calendar=calendar)

    return handle


def _turn(event: Event) -> Turn:
    data = event.data
    stated = {name: data.get(name) or "" for name in STATED}
    return Turn(
        event_id=event.id,
        cause=event.type,
        case_id=data["case_id"],
        listing_id=data.get("listing_id"),
        department_id=data["department_id"],
        region=data["region"],
        domain=data["domain"],
        at=event.time,
        facts={**stated, "occurred_on": chinese_date(data["occurred_at"])},
    )


def follow_letters(clock: Clock, channels: Collection[str]) -> Callable[[Session, list[Event]], None]:
    """The handler that takes letters to be announced to their parties."""

    def handle(session: Session, events: list[Event]) -> None:
        orders = [_order(event) for event in events if event.type == "letter.to-serve"]
        take_orders(session, orders, channels=channels, at=clock.system_now())

    return handle


def _order(event: Event) -> PartyOrder:
    names = ("sending_id", "channel", "department_id", "case_id", "letter_id", "title", "number", "organ")
    return PartyOrder(**{name: event.data[name] for name in names}, sealed=event.data["sealed"])
