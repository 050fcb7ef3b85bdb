"""The sender: looks which platforms have work and are open to it, and gives each its batches.

Every platform has threads of its own, so a slow one delays no other: one where order is all that counts,
two over HTTP, so that one batch is written down and the next made ready while another is on its way.
Several senders share the platforms out among themselves (`sharing`); whoever takes one over puts back what a
dead sender left behind there, to be asked about first.
"""

import time
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial

from sqlalchemy import and_, exists, or_, select, update
from sqlalchemy.orm import Session

from services.credit_push.catalogue import Profile
from services.credit_push.domain import WAITING
from services.credit_push.models import leases
from services.credit_push.transports import Transport
from services.credit_push.usecases.claiming import ANY, IS_SENDING, batch_size, has_work
from services.credit_push.usecases.deps import Deps
from services.credit_push.usecases.gating import Gate, Pace, gate, states
from services.credit_push.usecases.planning import CHANNEL
from services.credit_push.usecases.rows import TABLE
from services.credit_push.usecases.sending import Dispatch
from services.credit_push.usecases.sharing import Shares
from shared.db import Wakeup
from shared.logs import get_log

log = get_log(__name__)
LOOK_SECONDS = 0.04
HELD_SECONDS = 0.1
REST_SECONDS = 0.5
"""Before looking again where there is work, but none of the kind that may go now."""
SHARES_SECONDS = 0.2
"""Between two looks at who else sends."""
LEFT_SECONDS = 1.0
"""Between two looks for rows in the hands of a sender that is gone."""
KEEP_SECONDS = 0.5
"""Between two looks at the leases while the last batches end."""
LATE_SECONDS = 1.0
"""Beyond the time-out of a request that left as its sender's lease ended."""
LANES = {"http": 2}
"""Batches of one platform under way at a time, by kind of transport; one where not told, and where rows are
counted: how many may go is read before a batch is claimed, so another would be given the same ones."""


def lanes(profile: Profile) -> int:
    """How many batches of a platform are under way at a time."""
    counted = profile.limits.daily_rows or profile.limits.rows_per_second
    return 1 if counted else LANES.get(profile.transport.kind, 1)


@dataclass(frozen=True)
class _Running:
    """One batch under way."""

    platform: str
    opened: Gate
    future: Future[int]


class Sender:
    """Loop: hands the due batches of all platforms to their threads and collects them."""

    def __init__(self, deps: Deps, transports: Mapping[str, Transport], holder: str) -> None:
        self.name = "sender"
        self._deps, self._holder = deps, holder
        self._shares = Shares(deps.db, leases, holder)
        self._dispatches = {
            platform: Dispatch(
                deps, deps.catalogue[platform], transport, holder, partial(self._shares.stands, platform)
            )
            for platform, transport in transports.items()
        }
        self._transports = transports
        self._wakeup = Wakeup(deps.db, CHANNEL)
        self._lanes = {platform: lanes(deps.catalogue[platform]) for platform in transports}
        self._pool = ThreadPoolExecutor(max(1, sum(self._lanes.values())), thread_name_prefix="push")
        self._running: list[_Running] = []
        self._paces = {p: Pace(deps.catalogue[p].limits.rows_per_second) for p in transports}
        self._look_at = self._left_at = self._shares_at = 0.0
        self._rests = dict.fromkeys(transports, 0.0)
        self._held = False
        # Made once: asked many times a second, and putting it together costs more than running it.
        in_hand = exists().where(TABLE.c.state == IS_SENDING)
        self._work = select(*(has_work(platform) for platform in self._dispatches), in_hand)

    def step(self) -> bool:
        """Start what is due, collect what is done; true while anything is under way."""
        for dispatch in self._dispatches.values():
            dispatch.give_back()
        due, left = self._due()
        busy = {one.platform for one in self._running}
        if not due and not left and not busy:
            return False  # without renewing a lease: a quiet sender writes nothing
        mine = self._shares.claim({platform for platform, _ in due} | left, busy, self._take_over)
        for platform, opened in due:
            if platform in mine and (paced := self._paced(platform, opened)).most:
                self._start(platform, paced)
        if not self._running:
            return not mine.isdisjoint(left)
        wait([one.future for one in self._running], timeout=0.02, return_when=FIRST_COMPLETED)
        self._collect()
        return True

    def _take_over(self, session: Session, platforms: set[str]) -> None:
        """What is in hand at platforms now ours and not under way here; it may have gone out until now.

        Asked about only when a request that left before the lease of its sender ended has had its time-out:
        later ones do not leave, as every row is looked at once more right before (`Job.stands`).
        """
        busy = platforms & {one.platform for one in self._running}
        anothers = and_(TABLE.c.platform.in_(busy), TABLE.c.lease_holder != self._holder)
        left = or_(TABLE.c.platform.in_(platforms - busy), anothers)
        # in order of id, as everybody locks deliveries
        ids = select(TABLE.c.id).where(TABLE.c.state == IS_SENDING, left).order_by(TABLE.c.id)
        now = self._deps.clock.system_now()
        back = {"state": WAITING, "ask_first": True, "lease_holder": None, "lease_until": None}
        longest = max(self._deps.catalogue[each].transport.timeout_seconds for each in platforms)
        quiet = now + timedelta(seconds=longest + LATE_SECONDS)
        session.execute(
            update(TABLE)
            .where(TABLE.c.id.in_(ids.with_for_update()))
            .values({**back, "next_attempt_at": quiet, "last_attempt_at": now})
        )
        for platform in platforms:
            if self._shares.was_anothers(platform):
                self._paces[platform].empty()

    def _start(self, platform: str, opened: Gate) -> None:
        future = self._pool.submit(self._dispatches[platform], opened)
        self._running.append(_Running(platform, opened, future))

    def _due(self) -> tuple[list[tuple[str, Gate]], set[str]]:
        """Platforms with work, a free lane and an open gate; and those with rows in nobody's hands.

        Looked for less often while others are busy.
        """
        busy = Counter(one.platform for one in self._running)
        clock = time.monotonic()
        free = [p for p, lanes in self._lanes.items() if busy[p] < lanes and self._rests[p] <= clock]
        if not free or (busy and clock < self._look_at):
            return [], set()
        self._look_at = clock + LOOK_SECONDS
        now, at = self._deps.clock.system_now(), self._deps.clock.now()
        with self._deps.db.read() as session:
            *found, in_hand = session.execute(self._work, {"now": now}).one()
            due = {platform for platform, has in zip(self._dispatches, found, strict=True) if has}
            self._held = bool(due)
            if (due and clock >= self._shares_at) or (in_hand and clock >= self._left_at):
                self._shares_at = clock + SHARES_SECONDS
                self._shares.look(session)
            known = states(session)
            gates = {
                platform: gate(session, self._deps.catalogue[platform], known.get(platform, {}), now, at)
                for platform in free
                if platform in due
            }
            left = self._left(session) if in_hand else set()
        open_ = [(p, opened) for p, opened in gates.items() if opened.most and not (opened.probe and busy[p])]
        return open_, left

    def _left(self, session: Session) -> set[str]:
        """Platforms with rows in hand that no sender has; looked for now and then."""
        if time.monotonic() < self._left_at:
            return set()
        self._left_at = time.monotonic() + LEFT_SECONDS
        in_hand = set(session.scalars(select(TABLE.c.platform).where(TABLE.c.state == IS_SENDING).distinct()))
        return self._shares.lonely(in_hand & self._dispatches.keys())

    def _paced(self, platform: str, opened: Gate) -> Gate:
        allowed = self._paces[platform].allowed()
        return opened if allowed is None else replace(opened, most=min(opened.most, allowed))

    def _collect(self) -> None:
        done = [one for one in self._running if one.future.done()]
        self._running = [one for one in self._running if not one.future.done()]
        failed = [error for one in done if (error := one.future.exception()) is not None]
        if failed:
            raise failed[0]
        for one in done:
            handled = one.future.result()
            self._paces[one.platform].used(handled)
            if not handled and one.opened.only_withdrawals:
                self._rests[one.platform] = time.monotonic() + REST_SECONDS
            if one.opened == ANY and handled >= batch_size(self._deps.catalogue[one.platform]):
                self._look_at = 0.0  # a full batch: there is more where it came from

    def wait(self, timeout: float) -> bool:
        """Until somebody commits work or a retry may be due; not long where work is held back at a gate."""
        return self._wakeup.wait(HELD_SECONDS if self._held else timeout) or self._held

    def close(self) -> None:
        """Finish what is under way, give back what failed, then give the platforms up."""
        self._finish()
        self._pool.shutdown(wait=True)
        for platform, dispatch in self._dispatches.items():
            try:
                dispatch.give_back()
            except Exception as error:  # noqa: BLE001  whoever acts next takes it over
                log.warning("batch not given back", platform=platform, error=type(error).__name__)
        self._wakeup.close()
        self._shares.close()
        for transport in self._transports.values():
            transport.close()

    def _finish(self) -> None:
        """Until nothing is under way; the platforms stay ours meanwhile, or what is left is not sent."""
        while self._running:
            wait([one.future for one in self._running], timeout=KEEP_SECONDS, return_when=FIRST_COMPLETED)
            self._running = [one for one in self._running if not one.future.done()]
            try:
                self._shares.keep({one.platform for one in self._running}, self._take_over)
            except Exception as error:  # noqa: BLE001  without it the batches end unsent
                log.warning("leases not renewed", error=type(error).__name__)
