"""The loops of the blacklist service: events out, events in, and what happens by itself with time."""

from datetime import datetime, timedelta
from pathlib import Path

from services.blacklist.audit.heads import HeadKeeper
from services.blacklist.audit.usecases import AuditChain
from services.blacklist.cases import consumes as cases
from services.blacklist.cases.usecases.clockwork import CaseClock
from services.blacklist.cases.usecases.imports import Imports
from services.blacklist.cases.usecases.windows import recompute_cases
from services.blacklist.checks.usecases.closing import closing_loop
from services.blacklist.checks.usecases.running import CheckJobs
from services.blacklist.checks.usecases.watching import ProjectWatch
from services.blacklist.letters import consumes as letters
from services.blacklist.openness.usecases.listing_texts import writing_loop
from services.blacklist.register import consumes as register
from services.blacklist.register.index import ENGINES, GramCounter
from services.blacklist.register.usecases import ChangeSequencer, FeedTrim, ending_loop
from services.blacklist.rules.usecases import CalendarKeeper, DutyClock
from services.blacklist.rules.usecases.measuring import measuring
from services.blacklist.snapshots.usecases import SnapshotKeeper
from services.blacklist.store import Deps, idempotency, inbox, leases, outbox
from services.blacklist.supervision.usecases.annual import AnnualDuties, announce
from services.blacklist.supervision.usecases.gap_watch import GapWatch
from services.blacklist.syndication.usecases.following import FollowingWatch
from services.blacklist.transparency.usecases.appending import LogSequencer
from shared.eventlog.base import EventLog
from shared.inbox import Consumer, Handle, InboxPurge, to_unreadable, together
from shared.loops import Loop, Periodic
from shared.outbox import Relay
from shared.web.idempotency import Once

PRUNE_EVERY = timedelta(hours=1)


def build_loops(deps: Deps, log: EventLog, holder: str, origin: str, heads: Path, site: str) -> list[Loop]:
    return [
        Relay(deps.db, outbox, leases, log, holder),
        InboxPurge(deps.db, inbox),
        _pruner(deps),
        ChangeSequencer(deps.db, holder),
        FeedTrim(deps, holder),
        GramCounter(deps.db, ENGINES[deps.db.dialect], holder),
        AuditChain(deps.db, leases, holder),
        HeadKeeper(deps.db, leases, deps.keyring, deps.clock, heads, holder),
        LogSequencer(deps, origin, holder),
        DutyClock(deps.db, deps.clock, announce),
        measuring(deps.db, deps.clock),
        CalendarKeeper(deps.db, deps.clock, deps.calendar, follow=(recompute_cases,)),
        AnnualDuties(deps),
        GapWatch(deps, holder),
        Imports(deps, holder),
        CheckJobs(deps, holder),
        ProjectWatch(deps, holder),
        closing_loop(deps),
        CaseClock(deps, holder),
        ending_loop(deps, holder),
        SnapshotKeeper(deps, holder),
        FollowingWatch(deps, holder),
        writing_loop(deps, site, holder),
        _consumer(deps, log, register.TOPIC, _platform_news(deps)),
        _consumer(deps, log, cases.TOPIC, together(cases.record_notices, letters.record_sent)),
    ]


def _pruner(deps: Deps) -> Loop:
    """Forgets answers that nobody will ask for again by their key."""
    once = Once(deps.db, idempotency, deps.keyring, deps.clock)

    def prune(now: datetime) -> None:
        with deps.db.write() as session:
            once.prune(session, now)

    return Periodic("pruner", deps.clock, PRUNE_EVERY, prune)


def _platform_news(deps: Deps) -> Handle:
    """What platforms say goes to the listing's page, to cases as requests, and to offices as tasks."""
    return together(register.record_deliveries, cases.open_requests(deps), cases.follow_rejections(deps))


def _consumer(deps: Deps, log: EventLog, topic: str, handle: Handle) -> Consumer:
    """One group per topic, so that a fault in one stops no other."""
    name = f"blacklist-{topic}"
    return Consumer(deps.db, inbox, log.reader([topic], name), name, handle, to_unreadable(log))
