"""What is public of organisations (`blacklist.public.v1`), followed for those who watch them."""

from collections.abc import Callable
from datetime import date

from sqlalchemy.orm import Session

from services.notifier.usecases.watch_news import PublicFact, hear_public
from shared.clock import Clock, local_date
from shared.contracts.envelope import Event

TOPICS = ("blacklist.public.v1",)


def follow_public(clock: Clock) -> Callable[[Session, list[Event]], None]:
    """The handler that tells watchers what became public or ceased to be."""

    def handle(session: Session, events: list[Event]) -> None:
        facts = [_fact(event) for event in events]
        hear_public(session, facts, today=local_date(clock.now()), at=clock.system_now())

    return handle


def _fact(event: Event) -> PublicFact:
    data = event.data
    if event.type != "listing.current" or not data["subject"]["uscc"]:
        return PublicFact(event.subject, event.sequence, event.time)
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
        since=date.fromisoformat(since) if since else None,
    )
