"""The loops of the push service: listings in, deliveries out, receipts in, reconciliation, our events out."""

from collections.abc import Mapping

from services.credit_push.consumes import (
    EXCHANGE,
    GROUP,
    IDENTITY,
    RULES,
    exchange_handler,
    handle_identity,
    rules_handler,
)
from services.credit_push.models import inbox, leases, outbox
from services.credit_push.reconciling import Reconciler
from services.credit_push.transports import Transport
from services.credit_push.usecases import Deps
from services.credit_push.usecases.backfilling import Backfill
from services.credit_push.usecases.offering import Sequencer
from services.credit_push.usecases.receiving import ReceiptPoller
from services.credit_push.usecases.sender import Sender
from shared.eventlog.base import EventLog
from shared.inbox import Consumer, InboxPurge, to_unreadable
from shared.loops import Loop
from shared.outbox import Relay


def build_loops(deps: Deps, log: EventLog, transports: Mapping[str, Transport], holder: str) -> list[Loop]:
    """Every loop of the worker process."""
    return [
        *consumers(deps, log),
        Sender(deps, transports, holder),
        ReceiptPoller(deps, transports),
        Backfill(deps),
        Sequencer(deps, holder),
        Reconciler(deps, transports, holder),
        Relay(deps.db, outbox, leases, log, holder),
        InboxPurge(deps.db, inbox),
    ]


def consumers(deps: Deps, log: EventLog) -> list[Loop]:
    """One group per topic, so that a sign-out never waits behind listings."""
    exchange, identity, rules = f"{GROUP}-exchange", f"{GROUP}-identity", f"{GROUP}-rules"
    aside = to_unreadable(log)
    return [
        Consumer(deps.db, inbox, log.reader([EXCHANGE], exchange), exchange, exchange_handler(deps), aside),
        Consumer(deps.db, inbox, log.reader([IDENTITY], identity), identity, handle_identity, aside),
        Consumer(deps.db, inbox, log.reader([RULES], rules), rules, rules_handler(deps), aside),
    ]
