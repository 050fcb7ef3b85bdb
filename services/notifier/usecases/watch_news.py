"""What became public or ceased to be, told to those who watch the organisation.

Our copy knows whose listing a tombstone is about, for the tombstone itself says only which. It forgets the
organisation with the tombstone and keeps the sequence, so that nothing old is told again.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from services.notifier.domain import (
    LISTING_CORRECTED,
    LISTING_LIFTED,
    LISTING_PUBLISHED,
    WATCH_LIFTED,
    WATCH_LISTED,
    chinese_date,
)
from services.notifier.models import PublicListing, Watch, WatchMail
from services.notifier.routing.scopes import Matter
from services.notifier.usecases.outside_news import PublicTurn, tell_outside
from services.notifier.usecases.watching import WAKE_CHANNEL, cancel_mails, mail_row
from shared.db import wake
from shared.delivery import SUPERSEDED
from shared.written import cover_identities

HISTORY = timedelta(days=30)
"""What has been public for longer when it first reaches us is taken over from another system, not news."""


@dataclass(frozen=True)
class PublicFact:
    """What blacklist.public.v1 says of a listing; without an organisation it is a tombstone."""

    listing_id: str
    sequence: int
    at: datetime
    uscc: str | None = None
    name: str = ""
    list_name: str = ""
    organ_name: str = ""
    document_number: str = ""
    list_code: str | None = None
    region: str | None = None
    domain: str | None = None
    since: date | None = None
    by_date: bool = False  # its last day is over, and it has no case that says so


@dataclass(frozen=True)
class Ended:
    """What we knew, up to its tombstone, of a listing that ended by its date."""

    listing_id: str
    sequence: int
    """Of what was public last."""
    at: datetime
    name: str
    stated: dict[str, str]


def hear_public(session: Session, facts: Sequence[PublicFact], *, today: date, at: datetime) -> list[Ended]:
    """Take over what is public now, in order, and write the mails this calls for; what ended by its date."""
    ids = {fact.listing_id for fact in facts}
    rows = session.scalars(select(PublicListing).where(PublicListing.listing_id.in_(ids)))
    known = {row.listing_id: row for row in rows}
    watched = _watched(session, {fact.uscc for fact in facts} | {row.uscc for row in known.values()})
    turns: list[PublicTurn] = []
    ended: list[Ended] = []
    for fact in facts:
        row = known.get(fact.listing_id)
        if row is not None and fact.sequence <= row.sequence:
            continue
        before = row.uscc if row is not None else None
        is_news = row is not None or fact.since is None or fact.since >= today - HISTORY
        if row is None:
            row = known[fact.listing_id] = PublicListing(listing_id=fact.listing_id)
            session.add(row)
        elif fact.by_date and before is not None:
            ended.append(
                Ended(fact.listing_id, row.sequence, fact.at, row.name or "", dict(row.stated or {}))
            )
        row.sequence, row.uscc, row.name = fact.sequence, fact.uscc, fact.name if fact.uscc else None
        row.stated = _kept(fact) if fact.uscc else None
        if watched & {before, fact.uscc}:
            _tell(session, fact, before, is_news=is_news, at=at)
        turns += _turn(fact, before, is_news=is_news)
    session.flush()
    tell_outside(session, turns, at)
    return ended


def _kept(fact: PublicFact) -> dict[str, str]:
    """What institutions are told of it, should it end by its date."""
    return {
        "list_name": fact.list_name,
        "document_number": cover_identities(fact.document_number),
        "region": fact.region or "",
        "domain": fact.domain or "",
    }


def _turn(fact: PublicFact, before: str | None, *, is_news: bool) -> Iterator[PublicTurn]:
    """What outside subscribers are told of it, if anything."""
    about = (fact.listing_id, fact.sequence, fact.at, Matter(fact.region, fact.domain, fact.list_code))
    if fact.uscc is not None and (before is not None or is_news):
        yield PublicTurn(LISTING_CORRECTED if before else LISTING_PUBLISHED, *about, _listed(fact))
    elif before is not None:
        yield PublicTurn(LISTING_LIFTED, *about, {"occurred_on": chinese_date(fact.at)})


def _watched(session: Session, usccs: set[str | None]) -> set[str | None]:
    """Those of a batch that anybody watches: of most organisations nobody has to be told."""
    wanted = select(Watch.uscc).where(Watch.uscc.in_(usccs - {None}), Watch.confirmed_at.is_not(None))
    return set(session.scalars(wanted.distinct()))


def _tell(session: Session, fact: PublicFact, before: str | None, *, is_news: bool, at: datetime) -> None:
    if before == fact.uscc:
        return
    if before is not None:
        unaware = cancel_mails(session, fact.listing_id, WATCH_LISTED, state=SUPERSEDED, at=at)
        lifted = {"uscc": before, "occurred_on": chinese_date(fact.at)}
        _write(session, before, WATCH_LIFTED, fact, lifted, at, unaware)
    if fact.uscc is not None and is_news:
        cancel_mails(session, fact.listing_id, WATCH_LIFTED, state=SUPERSEDED, at=at)
        _write(session, fact.uscc, WATCH_LISTED, fact, _listed(fact), at, set())


def _listed(fact: PublicFact) -> dict[str, str]:
    return {
        "uscc": fact.uscc or "",
        "company": cover_identities(fact.name),
        "list_name": fact.list_name,
        "organ_name": cover_identities(fact.organ_name),
        "document_number": cover_identities(fact.document_number),
        "occurred_on": chinese_date(fact.since or fact.at),
    }


def _write(
    session: Session,
    uscc: str,
    kind: str,
    fact: PublicFact,
    facts: dict[str, str],
    at: datetime,
    leave_out: set[str],
) -> None:
    watching = select(Watch.id).where(
        Watch.uscc == uscc, Watch.confirmed_at.is_not(None), Watch.expires_at > at
    )
    occasion = f"{kind}:{fact.listing_id}:{fact.sequence}"
    rows = [
        mail_row(watch_id, kind, occasion, facts, at, fact.listing_id)
        for watch_id in session.scalars(watching.order_by(Watch.id))
        if watch_id not in leave_out
    ]
    if rows:
        session.execute(insert(WatchMail), rows)
        wake(session, WAKE_CHANNEL)
