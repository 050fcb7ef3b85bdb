"""The loops of the blacklist service: events out, events in, and what happens by itself with time."""

from services.blacklist.audit.usecases import AuditChain
from services.blacklist.cases.usecases.announcing import announce_duty
from services.blacklist.cases.usecases.clockwork import CaseClock
from services.blacklist.cases.usecases.imports import Imports
from services.blacklist.register import consumes as register
from services.blacklist.register.usecases import ChangeSequencer
from services.blacklist.rules.usecases import DutyClock
from services.blacklist.store import Deps, inbox, leases, outbox
from shared.eventlog.base import EventLog
from shared.inbox import Consumer, to_unreadable
from shared.loops import Loop
from shared.outbox import Relay

CONSUMER = "blacklist"


def build_loops(deps: Deps, log: EventLog, holder: str) -> list[Loop]:
    return [
        Relay(deps.db, outbox, leases, log, holder),
        ChangeSequencer(deps.db, holder),
        AuditChain(deps.db, leases, holder),
        DutyClock(deps.db, deps.clock, announce_duty),
        Imports(deps, holder),
        CaseClock(deps, holder),
        *consumers(deps, log),
    ]


def consumers(deps: Deps, log: EventLog) -> list[Loop]:
    deliveries = Consumer(
        deps.db,
        inbox,
        log.reader([register.TOPIC], CONSUMER),
        CONSUMER,
        register.record_deliveries,
        to_unreadable(log),
    )
    return [deliveries]
