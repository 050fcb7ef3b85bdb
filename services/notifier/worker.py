"""The loops of the notifier: identity in, news in, one sender per channel, events out.

A sender keeps a sliding window of sends in threads, so a slow receiver holds one place and not the queue.
"""

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from services.notifier.channels import Channel
from services.notifier.channels.flights import Flight, Flights, Landing
from services.notifier.consumes import (
    IDENTITY_TOPICS,
    NEWS_TOPICS,
    RULES_TOPICS,
    hear_news,
    learn_calendar,
    learn_identity,
)
from services.notifier.following import PUBLIC_TOPICS, follow_cases, follow_letters, follow_public
from services.notifier.models import idempotency, inbox, leases, outbox, revocations
from services.notifier.usecases.bounces import BounceBox, bounce_reader
from services.notifier.usecases.digesting import send_digests
from services.notifier.usecases.dispatching import WAKE_CHANNEL
from services.notifier.usecases.escalating import climb
from services.notifier.usecases.mailing import Mailer, Mailing
from services.notifier.usecases.measuring import measuring
from services.notifier.usecases.outside_ending import forget_ended
from services.notifier.usecases.parties import party_post
from services.notifier.usecases.sending import (
    Circumstances,
    Job,
    Result,
    claim_jobs,
    give_back,
    keep_jobs,
    record,
)
from services.notifier.usecases.watch_mailing import WATCH_POST, watch_keeper
from shared.calendar import WorkingCalendar, builtin_calendar
from shared.clock import Clock, local_date
from shared.crypto import KeyRing
from shared.db import Database, Wakeup
from shared.delivery import Backoff
from shared.eventlog.base import EventLog
from shared.inbox import Consumer, purge, to_unreadable, together
from shared.logs import get_log
from shared.loops import Loop, Periodic
from shared.metrics import counter
from shared.outbox import Relay
from shared.web.idempotency import Once
from shared.web.revocations import prune_revocations

GROUP = "notifier"
PATIENCE = 0.05  # seconds to wait for a send to end before looking for more work
CLAIM_SECONDS = 0.25  # between looks for more work, while there is another round in hand
CLIMB_EVERY = timedelta(seconds=5)
PRUNE_EVERY = timedelta(hours=1)
KEEP_EVENT_IDS = timedelta(days=60)  # twice the retention of the topics we read
sent = counter("notifier_sends", "Tries to send a notice", ["channel", "outcome"])
log = get_log(__name__)


@dataclass(frozen=True)
class Parts:
    """What the loops work with."""

    db: Database
    clock: Clock
    keyring: KeyRing
    channels: Mapping[str, Channel]
    holder: str
    lease_seconds: float
    calendar: WorkingCalendar = field(default_factory=builtin_calendar)
    quiet: bool = False
    origin: str = ""  # the site's address in mails to the public; without it there are none
    prefix: str = ""
    bounces: str = ""  # the mailbox that bounces come to; without it nobody reads them


class Sender:
    """Loop: claims what is due on one channel, sends it, records what came of it."""

    def __init__(self, parts: Parts, channel: Channel) -> None:
        self.name = f"sender-{channel.name}"
        self._parts, self._channel = parts, channel
        self._holder = f"{parts.holder}:{channel.name}"
        self._backoff = Backoff(tuple(channel.retries))
        self._flights = Flights(channel)
        self._jobs: dict[str, tuple[Job, datetime]] = {}
        """In our hands, until recorded; with the time each was sent off."""
        self._landings: list[Landing] = []
        self._idle: list[str] = []
        self._kept_at = parts.clock.system_now()
        self._claim_due = 0.0
        self._wakeup = Wakeup(parts.db, WAKE_CHANNEL)

    def step(self) -> bool:
        """Record what has ended, claim into the free places; true while anything is on its way."""
        self._keep()
        claimed = self._claim()
        if not self._jobs:
            return claimed
        self._record(0 if claimed else PATIENCE)
        self._give_back(self._flights.shed())
        return True

    def wait(self, timeout: float) -> bool:
        return self._wakeup.wait(timeout)

    def close(self) -> None:
        """Let what is on its way end, and record it; the rest is given back."""
        self._give_back(self._flights.recall())
        while self._jobs:
            self._keep()
            self._record(PATIENCE)
        self._flights.close()
        self._wakeup.close()

    def _give_back(self, keys: list[str]) -> None:
        """What is not begun, for whoever comes next."""
        self._idle += keys
        if self._idle:
            give_back(self._parts.db, self._idle, holder=self._holder, now=self._parts.clock.system_now())
            for key in self._idle:
                del self._jobs[key]
            self._idle = []

    def _keep(self) -> None:
        """Renew the leases of what is on its way, each third of their time."""
        now, lease = self._parts.clock.system_now(), timedelta(seconds=self._parts.lease_seconds)
        if self._jobs and now - self._kept_at > lease / 3:
            jobs = [job for job, _ in self._jobs.values()]
            keep_jobs(self._parts.db, jobs, holder=self._holder, until=now + lease)
            self._kept_at = now

    def _claim(self) -> bool:
        """Where much is sent, many at a time; but nobody waits long for a place that is free."""
        room = self._flights.room
        free = room - len(self._jobs)
        enough = free < room // 4 or self._flights.deep
        if free <= 0 or (enough and time.monotonic() < self._claim_due):
            return False
        self._claim_due = time.monotonic() + CLAIM_SECONDS
        loads = Counter(job.target.ref for job, _ in self._jobs.values())
        now = self._parts.clock.system_now()
        jobs = claim_jobs(
            self._parts.db,
            self._parts.keyring,
            channel=self._channel.name,
            holder=self._holder,
            now=now,
            lease_seconds=self._parts.lease_seconds,
            openings=self._flights.openings(loads, free),
        )
        for job in jobs:
            if job.dispatch_id in self._jobs:
                continue  # our own lease had lapsed while it was on its way: it is prolonged, and that is all
            self._jobs[job.dispatch_id] = (job, now)
            self._flights.launch(Flight(job.dispatch_id, job.message, job.target))
        return bool(jobs)

    def _record(self, patience: float) -> None:
        self._landings += self._flights.landed(0 if self._landings else patience)
        if not self._landings:
            return
        landed = self._landings
        results = [Result(*self._jobs[each.key], each.duration_ms, each.answer) for each in landed]
        now, channel = self._parts.clock.system_now(), self._channel.name
        parts = self._parts
        about = Circumstances(frozenset(parts.channels), local_date(parts.clock.now()))
        states = record(
            parts.db, results, about, channel=channel, backoff=self._backoff, holder=self._holder, now=now
        )
        self._landings = []
        for each in landed:
            del self._jobs[each.key]
        failed = [result for result in results if result.failure]
        sent.labels(channel, "failed").inc(len(failed))
        sent.labels(channel, "delivered").inc(len(results) - len(failed))
        for result in failed:
            key = result.job.dispatch_id
            log.info("notice not sent", channel=channel, dispatch_id=key, state=states[key])


def _periodic_loops(parts: Parts) -> list[Loop]:
    """What falls due by itself: the next rung of a ladder, an officer's daily digest, what may go."""
    db, clock, channels = parts.db, parts.clock, frozenset(parts.channels)

    def escalate(_now: datetime) -> bool:
        with db.write() as session:
            return climb(session, clock, calendar=parts.calendar, channels=channels) > 0

    def digest(now: datetime) -> bool:
        with db.write() as session:
            return send_digests(session, at=now, channels=channels) > 0

    once = Once(db, idempotency, parts.keyring, clock)

    def prune(now: datetime) -> bool:
        """Sign-outs that concern no living token, event ids no topic can bring again, answers given once,
        outside applications that came to nothing.
        """
        with db.write() as session:
            once.prune(session, clock.system_now())
            forget_ended(session, clock.system_now())
            return prune_revocations(session, revocations, now) + purge(session, inbox, KEEP_EVENT_IDS) > 0

    return [
        Periodic("escalator", clock, CLIMB_EVERY, escalate),
        Periodic("digester", clock, CLIMB_EVERY, digest),
        Periodic("pruner", clock, PRUNE_EVERY, prune),
        measuring(db, clock, channels),
    ]


def build_loops(parts: Parts, event_log: EventLog) -> list[Loop]:
    """Identity has its own place in the log, so that no backlog of news delays the end of a session."""
    put_aside = to_unreadable(event_log)
    identity = event_log.reader(list(IDENTITY_TOPICS), f"{GROUP}-identity")
    rules = event_log.reader(list(RULES_TOPICS), f"{GROUP}-rules")
    news = event_log.reader(list(NEWS_TOPICS), GROUP)
    public = event_log.reader(list(PUBLIC_TOPICS), f"{GROUP}-public")
    channels = frozenset(parts.channels)
    handle = together(
        hear_news(parts.clock, channels, parts.calendar, quiet=parts.quiet),
        follow_cases(parts.clock, channels, parts.calendar),
        follow_letters(parts.clock, channels if parts.origin else channels - {"email"}),
    )
    follow = follow_public(parts.clock, channels, parts.calendar)
    return [
        Relay(parts.db, outbox, leases, event_log, parts.holder),
        Consumer(parts.db, inbox, identity, f"{GROUP}-identity", learn_identity, put_aside),
        Consumer(parts.db, inbox, rules, f"{GROUP}-rules", learn_calendar, put_aside),
        Consumer(parts.db, inbox, news, GROUP, handle, put_aside),
        Consumer(parts.db, inbox, public, f"{GROUP}-public", follow, put_aside),
        *(Sender(parts, channel) for channel in parts.channels.values()),
        *_periodic_loops(parts),
        *_watch_loops(parts),
        *_bounce_loops(parts),
    ]


def _bounce_loops(parts: Parts) -> list[Loop]:
    if not parts.bounces:
        return []
    given = (Path(parts.bounces), parts.db, parts.keyring, parts.clock, frozenset(parts.channels))
    return [bounce_reader(BounceBox(*given))]


def _watch_loops(parts: Parts) -> list[Loop]:
    """To people outside: those who watch an organisation, and parties of letters."""
    posts = {"email": [party_post("email")], "sms": [party_post("sms")]}
    if parts.origin:
        posts["email"].append(WATCH_POST)
    mailers = [
        Mailer(_mailing(parts, parts.channels[name]), post)
        for name in posts.keys() & parts.channels.keys()
        for post in posts[name]
    ]
    return [watch_keeper(parts.db, parts.clock), *mailers]


def _mailing(parts: Parts, channel: Channel) -> Mailing:
    given = (parts.db, parts.clock, parts.keyring, channel, parts.origin, parts.prefix)
    return Mailing(*given, parts.holder, parts.lease_seconds)
