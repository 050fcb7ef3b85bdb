"""Doing reconciliations: those asked for by people, and those that are due by the platform's profile."""

import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from services.credit_push.domain import WAITING
from services.credit_push.models import Delivery, Holding, ReconciliationRun, leases
from services.credit_push.reconciliation import (
    MOST_DIFFERENCES,
    Comparison,
    Found,
    compare,
    extra,
    request_run,
    write_differences,
)
from services.credit_push.transports import Transport
from services.credit_push.transports.base import LedgerRow, TransportDown
from services.credit_push.usecases.adopting import match_page
from services.credit_push.usecases.deps import Deps
from services.credit_push.usecases.matching import offers_of, record_key, wanted_at
from services.credit_push.usecases.planning import CHANNEL
from shared.db import Wakeup
from shared.leases import Lease
from shared.logs import get_log

log = get_log(__name__)
PATIENCE_SECONDS = 300.0
"""For a ledger to come, by the machine's clock: business time may leap."""
LOOK_SECONDS, PAUSE_SECONDS = 60.0, 0.1
OPEN = (
    select(ReconciliationRun)
    .where(ReconciliationRun.state.in_((WAITING, "running")))
    .order_by(ReconciliationRun.id.desc())
)
"""Made once: asked after every commit, and putting it together costs more than running it."""
BY_SCHEDULE = "schedule"
PAGE = 200


def request_due(session: Session, deps: Deps) -> list[str]:
    """Ask for a run of every platform that shows something and was last compared long enough ago."""
    now, run = deps.clock.now(), ReconciliationRun
    asked = select(run.platform, func.max(run.requested_at)).group_by(run.platform)
    last: dict[str, datetime] = {row[0]: row[1] for row in session.execute(asked)}
    due = []
    for profile in deps.catalogue.values():
        if not profile.pushed or not profile.reconcile_hours:
            continue
        since = last.get(profile.id) or session.scalar(_shown_since(profile.id))
        if since is not None and now - since >= timedelta(hours=profile.reconcile_hours):
            due.append(profile.id)
    for platform in due:
        request_run(session, deps, platform, BY_SCHEDULE)
    return due


def _shown_since(platform: str) -> Select[datetime]:
    """When any one of the records it shows was planned."""
    filed = Delivery.id == Holding.delivery_id
    return select(Delivery.created_at).join(Holding, filed).where(Holding.platform == platform).limit(1)


def _without(found: Sequence[Found], taken: Sequence[LedgerRow]) -> list[Found]:
    """What is left once these rows are ours; another under the same key is now one beside them."""
    gone, known = {record_key(row) for row in taken}, Counter(row.match_key for row in taken)
    kept = [one for one in found if one.row is None or record_key(one.row) not in gone]
    return [
        extra(one.row, one.beside + n) if one.row and (n := known[one.match_key]) else one for one in kept
    ]


class Reconciler:
    """Loop: asks for the runs that are due, and does those asked for, one at a time; whoever is still
    waited for keeps no other platform from its turn.
    """

    def __init__(self, deps: Deps, transports: Mapping[str, Transport], holder: str) -> None:
        self.name = "reconciler"
        self._deps, self._transports = deps, transports
        self._lease = Lease(deps.db, leases, "reconciler", holder)
        self._look_at = 0.0
        self._awaited: dict[str, float] = {}
        """Runs whose ledger is on its way, and until when it is waited for."""
        self._closing = threading.Event()
        self._wakeup = Wakeup(deps.db, CHANNEL)

    def step(self) -> bool:
        """True if a run was asked for or finished."""
        if time.monotonic() >= self._look_at and self._lease.acquire():
            self._look_at = time.monotonic() + LOOK_SECONDS
            with self._deps.db.write() as session:
                if request_due(session, self._deps):
                    return True
        runs = self._open_runs()
        self._awaited = {id_: until for id_, until in self._awaited.items() if id_ in {r.id for r in runs}}
        if not runs or not self._lease.acquire():
            return False
        return any(self._do(run) for run in runs)

    def _open_runs(self) -> list[ReconciliationRun]:
        """The oldest of each platform."""
        with self._deps.db.read() as session:
            oldest = {run.platform: run for run in session.scalars(OPEN)}
        return sorted(oldest.values(), key=lambda run: run.id)

    def _do(self, run: ReconciliationRun) -> bool:
        try:
            ledger = self._transports[run.platform].ledger(run.id)
            if ledger is None:
                return self._wait_for_ledger(run)
            with self._deps.db.read() as session:
                told = compare(session, run.platform, ledger)
        except (TransportDown, KeyError, ValueError, OSError) as error:
            log.warning("reconciliation failed", platform=run.platform, error=type(error).__name__)
            self._finish(run, "failed", reason=f"无法取得平台台账：{error}"[:1000])
            return True
        self._finish(run, "done", told)
        return True

    def _wait_for_ledger(self, run: ReconciliationRun) -> bool:
        now = time.monotonic()
        if now > self._awaited.setdefault(run.id, now + PATIENCE_SECONDS):
            self._finish(run, "failed", reason="平台没有在规定时间内给出台账")
            return True
        if run.state == WAITING:
            self._set_state(run.id, "running")
        return False

    def _set_state(self, run_id: str, state: str) -> None:
        with self._deps.db.write() as session:
            session.get_one(ReconciliationRun, run_id).state = state

    def _finish(
        self,
        run: ReconciliationRun,
        state: str,
        told: Comparison | None = None,
        reason: str | None = None,
    ) -> None:
        at: datetime = self._deps.clock.now()
        adopted = self._adopt(run, told) if told is not None and run.repair else 0
        with self._deps.db.write() as session:
            row = session.get_one(ReconciliationRun, run.id)
            if row.state in ("done", "failed"):
                return
            row.state, row.finished_at = state, at
            row.reason = f"认领平台原有记录 {adopted} 条" if adopted else reason
            if told is not None:
                row.ours, row.theirs, row.rows_exchanged = told.ours, told.theirs, told.rows_exchanged
                write_differences(session, self._deps, self._deps.catalogue[run.platform], row, told.found)

    def _adopt(self, run: ReconciliationRun, told: Comparison) -> int:
        """Match what other systems published with what is there; what is accounted for is no difference."""
        profile = self._deps.catalogue[run.platform]
        rows = [one.row for one in told.found if one.row is not None]
        complete = len(told.found) <= MOST_DIFFERENCES
        with self._deps.db.read() as session:
            wanted = wanted_at(session, profile, rows, complete=complete)
        offers, taken = offers_of(rows, wanted), list[LedgerRow]()
        for start in range(0, len(wanted), PAGE):
            page = wanted[start : start + PAGE]
            with self._deps.db.write() as session:
                taken += match_page(session, self._deps, profile, run.id, page, offers)
        told.found = _without(told.found, taken)
        told.ours += len(taken)
        return len(taken)

    def wait(self, timeout: float) -> bool:
        """Until somebody asks for a run; where a ledger is on its way, not long."""
        if self._closing.wait(PAUSE_SECONDS):
            return True
        return bool(self._awaited) or self._wakeup.wait(timeout)

    def close(self) -> None:
        self._closing.set()
        self._wakeup.close()
        self._lease.release()
