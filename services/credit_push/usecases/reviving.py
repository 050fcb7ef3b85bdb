"""Withdrawals that died in an outage go out again once their platform answers; additions stay for people.

What was possibly sent and is removed gets its withdrawal, however long the outage. Where nothing else is on
its way to a platform that does not answer, one of them is put back as the probe.
"""

import threading
import time
from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from services.credit_push.domain import BLOCKING, DEAD, WITHDRAW
from services.credit_push.models import Attempt, Decision, Delivery
from services.credit_push.publishes import lock_listings
from services.credit_push.transports.base import FAILED, UNKNOWN
from services.credit_push.usecases.deciding import DISCARD
from services.credit_push.usecases.deps import Deps
from services.credit_push.usecases.gating import LONG_AGO, STATES, hold, write
from services.credit_push.usecases.operating import again
from services.credit_push.usecases.planning import CHANNEL
from services.credit_push.usecases.settling import follows
from shared.db import wake
from shared.logs import get_log
from shared.metrics import counter

log = get_log(__name__)
PAGE = 200
PROBE_SECONDS = 60.0
"""Between two looks for platforms that nothing would find well again."""
ANSWERS_AGAIN, AS_PROBE = "平台恢复应答，系统自动重新撤销", "平台无应答，系统以此撤销试探"
revived_total = counter("push_revived", "Withdrawals dead of an outage, put back by themselves", ["platform"])


def revive(session: Session, deps: Deps, platform: str, since: datetime, most: int, why: str) -> int:
    """Put back withdrawals that died of silence in tries made `since`; how many there were, those included
    that another worker has put back meanwhile.
    """
    silent = exists().where(
        Attempt.delivery_id == Delivery.id,
        Attempt.at >= since,
        Attempt.kind.in_(("send", "query")),
        Attempt.outcome.in_((FAILED, UNKNOWN)),
    )
    given_up = exists().where(
        Decision.delivery_id == Delivery.id, Decision.action == DISCARD, Decision.confirmed.is_not(False)
    )
    dead = (Delivery.platform == platform, Delivery.state == DEAD, Delivery.operation == WITHDRAW)
    lost = select(Delivery).where(*dead, silent, ~given_up, ~exists().where(follows()))
    found = session.scalars(lost.order_by(Delivery.id).limit(most)).all()
    lock_listings(session, (row.listing_id for row in found))  # no newer version is planned beside us
    mine = Delivery.id.in_([row.id for row in found])
    held = lost.where(mine).order_by(Delivery.id).with_for_update(of=Delivery)
    rows = session.scalars(held.execution_options(populate_existing=True)).all()
    for row in rows:
        again(session, deps, row, why, kind="revival")
    if rows:
        wake(session, CHANNEL)
        revived_total.labels(platform).inc(len(rows))
        log.info("withdrawals put back", platform=platform, count=len(rows), since=since.isoformat())
    return len(found)


def probe(session: Session, deps: Deps) -> int:
    """One withdrawal for every platform that does not answer and that nothing is on its way to."""
    row = STATES.c
    under_way = exists().where(Delivery.platform == row.platform, Delivery.state.in_(BLOCKING))
    silent = select(row.platform).where(row.opened > 0, row.paused_at.is_(None), ~under_way)
    names = [name for name in session.scalars(silent) if name in deps.catalogue]
    return sum(revive(session, deps, name, LONG_AGO, 1, AS_PROBE) for name in names)


class Revival:
    """Loop: withdrawals to be put back, a page a step."""

    def __init__(self, deps: Deps) -> None:
        self.name = "revival"
        self._deps = deps
        self._probe_at = time.monotonic() + PROBE_SECONDS
        self._closing = threading.Event()

    def step(self) -> bool:
        """True if an outage is over, or a probe was put back."""
        row = STATES.c
        over = select(row.platform, row.revive_from).where(row.revive_from.is_not(None)).limit(1)
        with self._deps.db.read() as session:
            found = session.execute(over).first()
        if found is not None:
            with self._deps.db.write() as session:
                self._page(session, *found)
            return True
        if time.monotonic() < self._probe_at:
            return False
        self._probe_at = time.monotonic() + PROBE_SECONDS
        with self._deps.db.write() as session:
            return probe(session, self._deps) > 0

    def _page(self, session: Session, platform: str, since: datetime) -> None:
        """Listings are held before the platform's state, as by everybody: no two wait for each other."""
        here = platform in self._deps.catalogue
        done = revive(session, self._deps, platform, since, PAGE, ANSWERS_AGAIN) if here else 0
        state = hold(session, platform)
        if done < PAGE and state["revive_from"] == since:
            state["revive_from"] = None
            write(session, state)

    def wait(self, timeout: float) -> bool:
        """Nobody waits for it by the second."""
        return self._closing.wait(timeout)

    def close(self) -> None:
        self._closing.set()
