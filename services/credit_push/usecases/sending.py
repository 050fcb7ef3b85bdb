"""One batch of one platform: claimed, sent with no transaction open, and what came of it written down."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast

from sqlalchemy import Table, bindparam, select, update
from sqlalchemy.orm import Session

from services.credit_push.catalogue import Profile
from services.credit_push.domain import ACKNOWLEDGED, AWAITING_HAND, SENDING, WAITING, WITHDRAW
from services.credit_push.formats import Content, Unacceptable, stable_json
from services.credit_push.models import Attempt, Batch
from services.credit_push.publishes import announce, lock_listings
from services.credit_push.transports import Transport
from services.credit_push.transports.base import (
    ABSENT,
    BY_HAND,
    FAILED,
    HELD,
    REFUSED,
    UNKNOWN,
    Job,
    Outcome,
    always,
    not_ours,
)
from services.credit_push.usecases import rows as deliveries
from services.credit_push.usecases.claiming import ANY, Claimed, claim
from services.credit_push.usecases.deps import Deps
from services.credit_push.usecases.encoding import Sent, content_of, former_rows, sent_content
from services.credit_push.usecases.gating import Gate, note_outcomes, still_open
from services.credit_push.usecases.rows import TABLE, Row
from services.credit_push.usecases.settling import Settlement, storable, with_newer, write_holdings
from shared.clock import local_date
from shared.crash import crash_point
from shared.crypto import CryptoError, KeyRing
from shared.db import add_rows, among
from shared.ids import new_id
from shared.logs import get_log
from shared.metrics import counter, histogram

log = get_log(__name__)
ATTEMPTS = cast("Table", Attempt.__table__)
outcomes_total = counter("push_outcomes", "Outcomes of tries, by platform", ["platform", "outcome"])
send_seconds = histogram("push_send_seconds", "Time of one batch outside", ["platform"])


GIVE_BACK = (
    update(TABLE)
    .where(TABLE.c.id == bindparam("row"), TABLE.c.lease_token == bindparam("token"))
    .where(TABLE.c.state == SENDING)
    .values(state=WAITING, ask_first=True, lease_holder=None, lease_until=None)
)


@dataclass(slots=True)
class Tried:
    """One claimed delivery, what is kept of what was sent, and what came of it."""

    claimed: Claimed
    sent: Sent | None
    outcome: Outcome
    attempt: dict[str, Any]
    """The row of the trail, its evidence sealed."""

    @property
    def handed_over(self) -> bool:
        """Whether the row itself went out, not a question about it."""
        return bool(self.attempt["kind"] == "send")


class Dispatch:
    """One batch of one platform: claim, call out, settle."""

    def __init__(
        self,
        deps: Deps,
        profile: Profile,
        transport: Transport,
        holder: str,
        stands: Callable[[], bool] = always,
    ) -> None:
        """`stands`: whether the platform is still ours to send to."""
        self.deps, self.profile, self.transport, self.holder = deps, profile, transport, holder
        self._stands = stands
        self._left: list[Row] = []
        self._leaving = threading.Lock()

    def __call__(self, opened: Gate = ANY) -> int:
        """How many deliveries were handled."""
        with self.deps.db.write() as session:
            clock = self.deps.clock
            now, at, recent = clock.system_now(), clock.now(), self.deps.recent
            opened = still_open(session, self.profile, opened, now, at)
            claimed = (
                claim(session, self.profile, self.holder, now, at, recent, opened) if opened.most else []
            )
        crash_point("push.after_claim")
        if not claimed:
            return 0
        try:
            self._carry(claimed, local_date(at))
        except Exception:
            with self._leaving:
                self._left += [one.row for one in claimed]
            raise
        return len(claimed)

    def _carry(self, claimed: Sequence[Claimed], counted_on: date) -> None:
        began = time.perf_counter()
        tried = self._ask([c for c in claimed if c.ask_first]) + self._send(
            [c for c in claimed if not c.ask_first]
        )
        send_seconds.labels(self.profile.id).observe(time.perf_counter() - began)
        crash_point("push.after_send")
        with self.deps.db.write() as session:
            settle_tries(session, self.deps, self.profile, tried, counted_on)
            crash_point("push.before_settled")
        crash_point("push.after_settled")

    def give_back(self) -> None:
        """What a failed batch left in our hands goes back to the queue, to be asked about first."""
        with self._leaving:
            if not self._left:
                return
            # in order of id, as everybody locks deliveries
            mine = sorted(self._left, key=lambda row: row.id)
            held = [{"row": row.id, "token": row.lease_token} for row in mine]
            now = self.deps.clock.system_now()
            with self.deps.db.write() as session:
                session.connection().execute(GIVE_BACK.values(next_attempt_at=now, last_attempt_at=now), held)
            self._left = []

    def _ask(self, claimed: Sequence[Claimed]) -> list[Tried]:
        jobs, tried = self._jobs(claimed)
        return tried + self._through(self.transport.query, jobs, "query") if claimed else []

    def _send(self, claimed: Sequence[Claimed]) -> list[Tried]:
        jobs, tried = self._jobs(claimed)
        crash_point("push.before_send")
        return tried + self._through(self._hand_over, jobs, "send")

    def _hand_over(self, jobs: Sequence[Job]) -> list[Outcome]:
        return not_ours(jobs) or self.transport.send(jobs)

    def _through(
        self,
        way: Callable[[Sequence[Job]], list[Outcome]],
        jobs: Mapping[str, tuple[Claimed, Job]],
        kind: str,
    ) -> list[Tried]:
        if not jobs:
            return []
        try:
            outcomes = {outcome.delivery_id: outcome for outcome in way([job for _, job in jobs.values()])}
        except Exception as error:
            log.exception("transport failed", platform=self.profile.id, error=type(error).__name__)
            outcomes = {}
        silent, at = Outcome("", UNKNOWN, message="传输没有给出结果"), self.deps.clock.system_now()
        return [
            self._tried(claimed, job.content, outcomes.get(job.delivery_id, silent), kind, at)
            for claimed, job in jobs.values()
        ]

    def _tried(
        self, one: Claimed, content: Content | None, outcome: Outcome, kind: str, at: datetime
    ) -> Tried:
        keyring, sent = self.deps.keyring, None
        if content is not None:
            row = one.row
            sent = sent_content(keyring, self.profile, content, row.operation, row.listing_id, row.id)
        attempt = attempt_row(keyring, one.row.id, content if kind == "send" else None, outcome)
        stamp = {"at": at, "kind": kind}
        return Tried(one, sent, outcome, attempt | stamp | {"request_digest": sent.digest if sent else None})

    def _jobs(self, claimed: Sequence[Claimed]) -> tuple[dict[str, tuple[Claimed, Job]], list[Tried]]:
        jobs: dict[str, tuple[Claimed, Job]] = {}
        stopped: list[Tried] = []
        for one in claimed:
            made = self._job(one)
            if isinstance(made, Job):
                jobs[one.row.id] = (one, made)
            else:
                stopped.append(self._tried(one, None, made, "check", self.deps.clock.system_now()))
        return jobs, stopped

    def _job(self, one: Claimed) -> Job | Outcome:
        keyring, row = self.deps.keyring, one.row
        try:
            content = content_of(keyring, self.profile, one.record, one.identities, row.operation)
            formers = former_rows(keyring, one.formers)
            content.json  # noqa: B018  what cannot be written as text shows here
        except Unacceptable as refusal:
            fault = refusal.faults[0]
            return Outcome(row.id, REFUSED, field=fault.field, code=fault.code, message=fault.message)
        except UnicodeEncodeError:
            return Outcome(row.id, REFUSED, code="FORMAT", message="内容含有无法编码的字符")
        except CryptoError as error:
            return Outcome(row.id, FAILED, code="SEALED", message=str(error))
        key, batch, until = row.idempotency_key, row.batch_id or "", row.lease_until

        def stands() -> bool:
            """By the wall clock too: a machine that was asleep does not know how long."""
            return self._stands() and (until is None or self.deps.clock.system_now() < until)

        return Job(row.id, key, row.listing_id, row.version, row.operation, batch, content, formers, stands)


def settle_tries(
    session: Session, deps: Deps, profile: Profile, tried: Sequence[Tried], counted_on: date | None = None
) -> None:
    """Second transaction: states, attempts, holdings and events of one batch."""
    listings = lock_listings(session, (t.claimed.row.listing_id for t in tried))
    rows, ours = _locked(session, [t.claimed.row for t in tried])
    now, at = deps.clock.system_now(), deps.clock.now()
    pointless = [t.claimed.row.listing_id for t in tried if t.outcome.result in (ABSENT, BY_HAND)]
    newer = with_newer(session, profile.id, pointless)
    settlement = Settlement(session, profile, now, at)
    filed = []
    for result, count in Counter(one.outcome.result for one in tried).items():
        outcomes_total.labels(profile.id, result).inc(count)
    for one in tried:
        row = rows[one.claimed.row.id]
        row.attempts_count += one.outcome.result != HELD
        if one.sent is not None and (row.content_digest is None or (row.id in ours and one.handed_over)):
            one.sent.note(row)
        if row.id in ours:
            if one.handed_over:  # it may have waited long since the claim: late copies count from here
                row.last_attempt_at = one.attempt["at"]
            before, asked = one.claimed.possibly_sent, one.claimed.ask_first
            settlement.settle(row, one.outcome, before=before, newer=row.id in newer, asked=asked)
            if row.state == ACKNOWLEDGED:
                filed.append(row)
    _open_batches(session, profile, [rows[t.claimed.row.id] for t in tried], tried, at)
    deliveries.save(session, rows.values())
    add_rows(session, ATTEMPTS, [one.attempt for one in tried if one.outcome.result != HELD])
    _note_health(session, profile, tried, now, counted_on)
    write_holdings(session, profile.id, filed)
    announce(session, listings, deps.catalogue, settlement.news, at)


def _note_health(
    session: Session, profile: Profile, tried: Sequence[Tried], now: datetime, counted_on: date | None
) -> None:
    """Whether the platform answered; what we stopped ourselves or held back says nothing about it."""
    outside = [one.outcome for one in tried if one.attempt["kind"] != "check" and one.outcome.result != HELD]
    silent = [outcome for outcome in outside if outcome.result in (FAILED, UNKNOWN)]
    problem = silent[-1].message if silent else ""
    stayed = sum(not one.handed_over or one.outcome.result == HELD for one in tried)
    unsent = (stayed, counted_on) if stayed and counted_on and profile.limits.daily_rows else None
    note_outcomes(session, profile, len(outside) - len(silent), len(silent), problem, now, unsent)


def _locked(session: Session, claimed: Sequence[Row]) -> tuple[dict[str, Row], set[str]]:
    """The rows, locked, and which are still ours: these are as we have them, the others are read again."""
    mine = among(session, TABLE.c.id, [row.id for row in claimed])
    leased = select(TABLE.c.id, TABLE.c.state, TABLE.c.lease_token).where(mine)
    found = session.execute(leased.order_by(TABLE.c.id).with_for_update())
    now = {id_: (state, token) for id_, state, token in found.all()}
    ours = {row.id for row in claimed if now[row.id] == (SENDING, row.lease_token)}
    rows = {row.id: row for row in claimed if row.id in ours}
    lost = [row.id for row in claimed if row.id not in ours]
    if lost:
        again = deliveries.deliveries().where(among(session, TABLE.c.id, lost))
        rows |= {row.id: row for row in deliveries.load(session, again)}
    return rows, ours


def attempt_row(
    keyring: KeyRing, delivery_id: str, content: Content | None, outcome: Outcome
) -> dict[str, Any]:
    """A line of the trail; request and answer of a hand-over are sealed evidence."""
    attempt_id, evidence = new_id(), None
    if content is not None:
        answer = stable_json(outcome.evidence.decode("utf-8", "replace"))
        proof = b'{"answer":%b,"row":%b}' % (answer, content.json)
        evidence = keyring.seal(proof, f"push.attempt.{attempt_id}")
    return {
        "id": attempt_id,
        "delivery_id": delivery_id,
        "outcome": outcome.result,
        "http_status": outcome.http_status,
        "milliseconds": outcome.milliseconds,
        "detail": storable(" ".join(filter(None, (outcome.field, outcome.code, outcome.message))), 1000)
        or None,
        "evidence": evidence,
    }


def _open_batches(
    session: Session, profile: Profile, rows: Sequence[Row], tried: Sequence[Tried], at: object
) -> None:
    """Rows a person carries: one sheet a layout, and one numbered letter for every withdrawal."""
    sheets: dict[str, list[Row]] = {}
    for row, one in zip(rows, tried, strict=True):
        if row.state != AWAITING_HAND or not one.handed_over:
            continue
        if row.operation == WITHDRAW and profile.withdrawal.by == "letter":
            row.batch_id = new_id()
            session.add(_batch(row.batch_id, profile, "letter", row.layout or "", 1, at))
        else:
            sheets.setdefault(row.batch_id or new_id(), []).append(row)
    for batch_id, members in sheets.items():
        session.add(_batch(batch_id, profile, "sheet", members[0].layout or "", len(members), at))


def _batch(batch_id: str, profile: Profile, kind: str, layout: str, rows: int, at: object) -> Batch:
    return Batch(
        id=batch_id, platform=profile.id, kind=kind, layout=layout, state="open", rows=rows, created_at=at
    )
