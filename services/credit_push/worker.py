"""The loops of the push service: listings in, deliveries out, receipts in, reconciliation, our events out."""

from collections.abc import Callable, Mapping, Sequence

from services.credit_push.consumes import (
    CASES,
    EXCHANGE,
    GROUP,
    IDENTITY,
    RULES,
    cases_handler,
    exchange_handler,
    handle_identity,
    rules_handler,
)
from services.credit_push.following import Following
from services.credit_push.models import inbox, leases, outbox
from services.credit_push.reconciling import Reconciler
from services.credit_push.transports import Transport
from services.credit_push.transports.asking import Site
from services.credit_push.transports.told import Post
from services.credit_push.usecases import Deps
from services.credit_push.usecases.answering import Answerer
from services.credit_push.usecases.asking import Observer
from services.credit_push.usecases.backfilling import Backfill
from services.credit_push.usecases.letters import reminding
from services.credit_push.usecases.measuring import measuring
from services.credit_push.usecases.offering import Sequencer
from services.credit_push.usecases.profiles import LiveCatalogue
from services.credit_push.usecases.receiving import ReceiptPoller
from services.credit_push.usecases.reviving import Revival
from services.credit_push.usecases.sender import Sender
from shared.eventlog.base import EventLog
from shared.inbox import Consumer, InboxPurge, to_unreadable
from shared.loops import Loop
from shared.outbox import Relay

Ways = Mapping[str, Transport]
Sites = Mapping[str, Site]
Posts = Mapping[str, Post]


def build_loops(
    deps: Deps,
    log: EventLog,
    transports: Ways,
    holder: str,
    sites: Sites | None = None,
    posts: Posts | None = None,
) -> list[Loop]:
    """Every loop of the worker process, over these platforms, public sites, and where outcomes go."""
    speaking: list[Loop] = [
        Sender(deps, transports, holder),
        ReceiptPoller(deps, transports),
        Reconciler(deps, transports, holder),
        *([Observer(deps, sites, holder)] if sites else []),
        *([Answerer(deps, posts, holder)] if posts else []),
    ]
    return _with_the_others(deps, log, holder, speaking)


def following_loops(
    deps: Deps,
    log: EventLog,
    catalogue: LiveCatalogue,
    renew: Callable[[], Ways],
    look: Callable[[], Sites],
    post: Callable[[], Posts],
    holder: str,
) -> list[Loop]:
    """The same, where platforms may come and change while the process runs."""
    speaking: list[Loop] = [
        Following("sender", catalogue, renew, lambda ways: Sender(deps, ways, holder)),
        Following("receipts", catalogue, renew, lambda ways: ReceiptPoller(deps, ways)),
        Following("reconciler", catalogue, renew, lambda ways: Reconciler(deps, ways, holder)),
        Following("observer", catalogue, look, lambda sites: Observer(deps, sites, holder)),
        Following("answerer", catalogue, post, lambda posts: Answerer(deps, posts, holder)),
    ]
    return _with_the_others(deps, log, holder, speaking)


def _with_the_others(deps: Deps, log: EventLog, holder: str, speaking: Sequence[Loop]) -> list[Loop]:
    return [
        *consumers(deps, log),
        *speaking,
        Backfill(deps),
        Revival(deps),
        Sequencer(deps, holder),
        Relay(deps.db, outbox, leases, log, holder),
        InboxPurge(deps.db, inbox),
        measuring(deps),
        reminding(deps),
    ]


def consumers(deps: Deps, log: EventLog) -> list[Loop]:
    """One group per topic, so that a sign-out never waits behind listings."""
    exchange, identity, rules = f"{GROUP}-exchange", f"{GROUP}-identity", f"{GROUP}-rules"
    cases = f"{GROUP}-cases"
    aside = to_unreadable(log)
    return [
        Consumer(deps.db, inbox, log.reader([EXCHANGE], exchange), exchange, exchange_handler(deps), aside),
        Consumer(deps.db, inbox, log.reader([IDENTITY], identity), identity, handle_identity, aside),
        Consumer(deps.db, inbox, log.reader([RULES], rules), rules, rules_handler(deps), aside),
        Consumer(deps.db, inbox, log.reader([CASES], cases), cases, cases_handler(deps), aside),
    ]
