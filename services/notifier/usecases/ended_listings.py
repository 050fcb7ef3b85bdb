"""A listing from another system that nobody here adopted ends by its date, with no case to say so.

Its tombstone says it, and who applies measures because of the listing hears of it as of any other end.
"""

from collections.abc import Collection, Sequence

from sqlalchemy.orm import Session

from services.notifier.domain import chinese_date
from services.notifier.usecases.enforcing import Turn, tell_enforcers
from services.notifier.usecases.watch_news import Ended
from shared.calendar import WorkingCalendar
from shared.clock import Clock

CAUSE = "case.expired"


def tell_of_ended(
    session: Session,
    ended: Sequence[Ended],
    clock: Clock,
    *,
    channels: Collection[str],
    calendar: WorkingCalendar,
) -> None:
    """One message to each institution; supervisors of the listing's region see who has signed."""
    turns = [_turn(each) for each in ended if each.stated]
    tell_enforcers(session, turns, clock, channels=channels, calendar=calendar)


def _turn(ended: Ended) -> Turn:
    stated = ended.stated
    return Turn(
        event_id=f"ended:{ended.listing_id}:{ended.sequence}",
        cause=CAUSE,
        case_id="",
        listing_id=ended.listing_id,
        department_id="",
        region=stated["region"],
        domain=stated["domain"],
        at=ended.at,
        facts={
            "subject_name": ended.name,
            "list_name": stated["list_name"],
            "document_number": stated["document_number"],
            "reason": "",
            "occurred_on": chinese_date(ended.at),
        },
    )
