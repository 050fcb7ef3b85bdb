"""Loop: asks public sites for what was acknowledged and is not yet seen there, within each profile's rate.

Receipts are followed twice, at once and again when no transaction that began earlier can still be open, so
that none is overlooked. The sites are asked with no database session open.
"""

import threading
import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Select, bindparam, exists, func, select
from sqlalchemy.orm import Session

from services.credit_push.catalogue import Profile
from services.credit_push.domain import ACKNOWLEDGED
from services.credit_push.models import Appearance, Attempt, Delivery, Holding, Mark, leases
from services.credit_push.routing import relay_chain
from services.credit_push.sights import ABSENT, ASKED, DISPLAYED, bases, counts, patience
from services.credit_push.transports.asking import Sight, Site
from services.credit_push.transports.base import TransportDown
from services.credit_push.transports.buckets import bucket_hash
from services.credit_push.usecases.contradicting import pass_over
from services.credit_push.usecases.deps import Deps
from services.credit_push.usecases.gating import at_rest, state_of
from services.credit_push.usecases.observing import SKEW, Sighting, clean_url, newest, record
from services.credit_push.usecases.tracking import track
from shared.db import UtcDateTime, dialect_of, upsert
from shared.errors import Invalid
from shared.ids import first_id_at
from shared.leases import Lease
from shared.logs import get_log

log = get_log(__name__)
READ_AT_ONCE = 1000
LATE = timedelta(minutes=10)
"""An attempt is numbered before the rest of its batch goes out, and committed after: none takes so long."""
QUIET = timedelta(days=1)
"""What was listed and withdrawn below may still be on its way up: so long it may yet appear there."""
LEASE_SECONDS = 30.0
"""Longer than others: sites change slowly, and a quiet observer hardly writes."""
DUE = Appearance.next_ask_at <= bindparam("now", type_=UtcDateTime())
AT_ONCE, AGAIN = "appearances", "appearances-again"
SILENT_SECONDS = 60.0
"""Before a site that did not answer is asked again."""


class Observer:
    """One at a time, by lease."""

    def __init__(self, deps: Deps, sites: Mapping[str, Site], holder: str) -> None:
        self.name = "observer"
        self._deps, self._sites = deps, sites
        self._lease = Lease(deps.db, leases, "observer", holder, LEASE_SECONDS)
        self._read: dict[str, str] = {}
        self._ask_at: dict[str, float] = {}
        self._followed = {
            profile.id
            for profile in deps.catalogue.values()
            if any(one.id in sites for one in (profile, *relay_chain(deps.catalogue, profile.id)))
        }
        self._closing = threading.Event()
        # Made once: asked all the time, and putting it together costs more than running it.
        self._work = select(*(exists().where(Appearance.platform == name, DUE) for name in sites))

    def step(self) -> bool:
        """True if receipts were followed or a site said something new."""
        if not self._sites or not self._lease.acquire():
            return False
        late = first_id_at(self._deps.clock.system_now() - LATE)
        moved = [self._follow(AT_ONCE, None), self._follow(AGAIN, late)]
        moved += [self._ask(self._deps.catalogue[name], self._sites[name]) for name in self._waiting()]
        return any(moved)

    def _waiting(self) -> list[str]:
        """Sites that are to be asked anything now."""
        with self._deps.db.read() as session:
            found = session.execute(self._work, {"now": self._deps.clock.system_now()}).one()
        return [name for name, has in zip(self._sites, found, strict=True) if has]

    def wait(self, timeout: float) -> bool:
        """Sites change slowly."""
        return self._closing.wait(2 * timeout)

    def close(self) -> None:
        self._closing.set()
        self._lease.release()

    def _follow(self, name: str, until: str | None) -> bool:
        """Go on from where this reading stopped; what is acknowledged is to be seen at its sites."""
        with self._deps.db.read() as session:
            if name not in self._read:
                mark = session.get(Mark, name)
                self._read[name] = mark.position if mark else ""
            part = [Attempt.id > self._read[name], *([Attempt.id < until] if until else [])]
            page = select(Attempt.id).where(*part).order_by(Attempt.id).limit(READ_AT_ONCE).subquery()
            last = session.scalar(select(func.max(page.c.id)))
            if last is None:
                return False
            listings = session.scalars(self._acknowledged(self._read[name], last)).all()
        with self._deps.db.write() as session:
            self._track(session, sorted(listings))
            put = upsert(dialect_of(session))(Mark).values(name=name, position=last)
            session.execute(put.on_conflict_do_update(index_elements=["name"], set_={"position": last}))
        self._read[name] = last
        return True

    def _acknowledged(self, after: str, last: str) -> Select[str]:
        """Listings with a receipt in this part of the trail, where sites can be asked, there or above."""
        return (
            select(Delivery.listing_id)
            .join(Attempt, Attempt.delivery_id == Delivery.id)
            .where(
                Attempt.id > after,
                Attempt.id <= last,
                Delivery.state == ACKNOWLEDGED,
                Delivery.platform.in_(self._followed),
            )
            .distinct()
        )

    def _track(self, session: Session, listings: Sequence[str]) -> None:
        if not listings:
            return
        now = self._deps.clock.system_now()
        known = bases(session, self._deps.catalogue, listings)
        track(
            session,
            [one for one in known.values() if one.platform in self._sites],
            dict.fromkeys(self._sites, now),
        )
        pass_over(session, known)

    def _ask(self, profile: Profile, site: Site) -> bool:
        if time.monotonic() < self._ask_at.get(profile.id, 0.0):
            return False
        with self._deps.db.read() as session:
            resting = at_rest(profile, state_of(session, profile.id), self._deps.clock.now())
            due = [] if resting else self._due(session, profile)
        if not due:
            return False
        inturn = sorted(due, key=lambda row: row.listing_id)  # as everybody locks them
        self._ask_at[profile.id] = time.monotonic() + _pause(profile, len(due))
        try:
            told = site.ask([row.match_key for row in due])
        except TransportDown as error:
            self._ask_at[profile.id] = time.monotonic() + SILENT_SECONDS
            log.warning("site not answering", platform=profile.id, why=str(error)[:100])
            self._put_off(profile, inturn)
            return False
        with self._deps.db.write() as session:
            news = [self._note(session, profile, row, told.get(row.match_key)) for row in inturn]
        return any(news)

    def _due(self, session: Session, profile: Profile) -> list[Appearance]:
        query = select(Appearance).where(
            Appearance.platform == profile.id, Appearance.next_ask_at <= self._deps.clock.system_now()
        )
        query = query.order_by(Appearance.next_ask_at).limit(profile.observation.rows_per_request)
        return list(session.scalars(query))

    def _put_off(self, profile: Profile, asked: Sequence[Appearance]) -> None:
        """What got no answer makes room for others: an answer may fail because of one of these."""
        with self._deps.db.write() as session:
            for one in asked:
                row = self._still_due(session, one)
                if row is not None:
                    row.next_ask_at = self._deps.clock.system_now() + _until_again(profile, row.asks)

    def _still_due(self, session: Session, asked: Appearance) -> Appearance | None:
        """The row, locked, unless something else is expected by now or it has been seen."""
        place = (asked.platform, asked.listing_id)
        row = session.get(Appearance, place, with_for_update=True, populate_existing=True)
        return None if row is None or row.sequence != asked.sequence or row.next_ask_at is None else row

    def _note(self, session: Session, profile: Profile, asked: Appearance, told: Sight | None) -> bool:
        """True if the site shows what it should; else it is asked again, later and later."""
        row = self._still_due(session, asked)
        if row is None:
            return False
        now = self._deps.clock.now()
        row.asked_at, row.asks = now, row.asks + 1
        row.next_ask_at = self._deps.clock.system_now() + _until_again(profile, row.asks - 1)
        seen = None if told is None else DISPLAYED if told.displayed else ABSENT
        if told is None or seen is None or _may_yet_appear(row, now):
            return False
        if seen == DISPLAYED != row.expects and _has_twin(session, row):
            return False
        if seen != row.expects:
            return self._against(session, profile, row, seen, now, told)
        known = told.since is not None and row.since - SKEW <= told.since <= now
        at = told.since if told.since is not None and known else now
        if (before := newest(row)) is not None and at < before:
            at = now  # somebody looked since then and saw otherwise: it is so again now
        sight = Sighting(row.platform, row.listing_id, row.expects, ASKED, at, profile.id)
        record(session, self._deps, row, sight, _page(told.url))
        return True

    def _against(
        self, session: Session, profile: Profile, row: Appearance, seen: str, now: datetime, told: Sight
    ) -> bool:
        """True if the site should have caught up by now, and this is the first time it is seen so."""
        known = row.against_how is not None and counts(profile, row, row.against_how)
        if known or now - row.since < patience(profile, row):
            return False
        again = row.next_ask_at
        sight = Sighting(row.platform, row.listing_id, seen, ASKED, now, profile.id)
        record(session, self._deps, row, sight, _page(told.url))
        row.next_ask_at = again
        return True


def _may_yet_appear(row: Appearance, now: datetime) -> bool:
    """Not there, and never seen there: of a platform reached by relay that says nothing at first."""
    never = row.expects == ABSENT and row.displayed_at is None and row.via != row.platform
    return never and now - row.since < QUIET


def _has_twin(session: Session, row: Appearance) -> bool:
    """Whether another record there goes by the same number and name: what is shown may be that one."""
    same = (
        Holding.platform == row.via,
        Holding.bucket_hash == bucket_hash(row.match_key),
        Holding.match_key == row.match_key,
        Holding.listing_id != row.listing_id,
    )
    return session.scalars(select(Holding.listing_id).where(*same).limit(1)).first() is not None


def _until_again(profile: Profile, asks: int) -> timedelta:
    """How long one row waits after so many questions and this one: longer and longer."""
    pauses = profile.observation.pause_seconds
    return timedelta(seconds=pauses[min(asks, len(pauses) - 1)])


def _pause(profile: Profile, rows: int) -> float:
    """Seconds until the next question: by the rate of questions, and of rows where the profile limits it."""
    rate = profile.limits.rows_per_second
    return max(60.0 / profile.observation.requests_per_minute, rows / rate if rate else 0.0)


def _page(url: str) -> str | None:
    """The page as evidence: without anything searched for, and only if it is an address."""
    try:
        return clean_url(url[:500], person=True)
    except Invalid:
        return None
