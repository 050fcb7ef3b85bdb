"""What became of requests is told to the platforms they came from: planned from case events, sent in order.

A claim writes down the attempt and when the next would be, and is committed before anything is sent: after
a kill the same outcome goes out again under the same key, and the platform takes it once. Where the platform
answers later (a packet, a table), every further attempt looks for the answer and lays down only what is gone.
"""

import hashlib
import json
import threading
import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, exists, select
from sqlalchemy.orm import Session, aliased

from services.credit_push.catalogue import Profile
from services.credit_push.catalogue.answering import SENT
from services.credit_push.domain import parse_time
from services.credit_push.models import AnswerAttempt, RequestAnswer, leases
from services.credit_push.models.answered import ANSWERED, BY_EVENTS, BY_HAND, DEAD, TOLD, WAITING
from services.credit_push.publishes import announce_dead_answer
from services.credit_push.transports.told import LAID, REFUSED, SILENT, TAKEN, Post, Told
from services.credit_push.usecases.deps import Deps
from services.credit_push.usecases.gating import at_rest, states
from shared.contracts.envelope import Event
from shared.db import dialect_of, upsert
from shared.errors import Conflict, FieldError, Invalid, NotFound
from shared.ids import new_id
from shared.leases import Lease
from shared.metrics import counter
from shared.written import cover_identities

STATES = {
    WAITING: "待回传",
    ANSWERED: "已回传",
    DEAD: "回传失败",
    BY_HAND: "待人工告知",
    TOLD: "已人工告知",
    BY_EVENTS: "随交换事件告知",
}
AGAIN = "again"
RESULTS = {
    TAKEN: "平台已收",
    REFUSED: "平台拒收",
    SILENT: "平台没有答复",
    LAID: "已送出，等待平台反馈",
    AGAIN: "人工再次回传",
    TOLD: "人工登记已告知",
}
"""What a line of the trail says."""
FIRST_STATES = {**dict.fromkeys(SENT, WAITING), "events": BY_EVENTS}
SETTLED_BY_HAND = (WAITING, DEAD, BY_HAND)
LEASE_SECONDS = 30.0
SILENT_SECONDS = 15.0
"""So long a platform that did not answer is left alone, the others are not."""
MOST_AT_ONCE = 50
answers_total = counter("push_answers", "Outcomes of requests sent to platforms", ["platform", "result"])


def plan_answers(session: Session, deps: Deps, events: Sequence[Event]) -> None:
    """One row an outcome, once however often the event comes."""
    rows = [_row(deps, event) for event in events if event.type == "request.answered"]
    if rows:
        insert = upsert(dialect_of(session))(RequestAnswer)
        session.execute(insert.on_conflict_do_nothing(index_elements=["id"]), rows)


def _row(deps: Deps, event: Event) -> dict[str, Any]:
    data = event.data
    profile = deps.catalogue.get(data["platform"])
    state = FIRST_STATES.get(profile.answers.by, BY_HAND) if profile else BY_HAND
    if state == WAITING and profile and data["outcome"] not in profile.answers.outcomes:
        state = BY_HAND  # the platform has no word for it
    same = ("platform", "ticket", "kind", "case_id", "region", "sequence", "outcome", "reason")
    return {name: data[name] for name in same} | {
        "id": event.id,
        "listing_id": data["listing_id"] or "",
        "document_number": data["document_number"] or "",
        "decided_at": parse_time(data["occurred_at"]),
        "state": state,
        "attempts": 0,
        "next_at": deps.clock.system_now() if state == WAITING else None,
    }


def message(profile: Profile, row: RequestAnswer) -> bytes:
    """What is sent: the platform's own ticket and word; the same bytes at every attempt."""
    told = {
        "idempotency_key": row.key,
        "ticket": row.ticket,
        "kind": row.kind,
        "listing_id": row.listing_id,
        "document_number": row.document_number,
        "outcome": profile.answers.outcomes.get(row.outcome, row.outcome),
        "reason": row.reason or "",
        "decided_at": row.decided_at.isoformat(),
    }
    return json.dumps(told, ensure_ascii=False).encode()


class Answerer:
    """Loop: one holder at a time, one message at a time; a silent platform holds up no other."""

    def __init__(self, deps: Deps, posts: Mapping[str, Post], holder: str) -> None:
        self.name = "answerer"
        self._deps, self._posts = deps, posts
        self._lease = Lease(deps.db, leases, "answerer", holder, LEASE_SECONDS)
        self._rests_until: dict[str, float] = {}
        self._closing = threading.Event()

    def step(self) -> bool:
        """True if anything was sent."""
        if not self._posts or not self._lease.acquire():
            return False
        sent = 0
        while sent < MOST_AT_ONCE and self._lease.acquire() and (row := self._claim()) is not None:
            profile = self._deps.catalogue[row.platform]
            body = message(profile, row)
            told = self._posts[row.platform].tell(body)
            self._settle(profile, row, body, told)
            sent += 1
        return sent > 0

    def wait(self, timeout: float) -> bool:
        """Decisions of people are not that urgent."""
        return self._closing.wait(2 * timeout)

    def close(self) -> None:
        self._closing.set()
        self._lease.release()

    def _claim(self) -> RequestAnswer | None:
        now = time.monotonic()
        awake = [name for name in self._posts if self._rests_until.get(name, 0.0) <= now]
        with self._deps.db.read() as session:
            if session.scalars(_due(awake, self._deps.clock.system_now())).first() is None:
                return None
        with self._deps.db.write() as session:
            open_ones = self._open(session, awake)
            found = _due(open_ones, self._deps.clock.system_now())
            row = session.scalars(found.with_for_update(skip_locked=True)).first()
            if row is not None:
                row.attempts += 1
                row.next_at = self._again_at(row, 0.0)
            return row

    def _open(self, session: Session, platforms: Sequence[str]) -> list[str]:
        known, catalogue, at = states(session), self._deps.catalogue, self._deps.clock.now()
        return [
            name
            for name in platforms
            if name in catalogue and not at_rest(catalogue[name], known.get(name, {}), at)
        ]

    def _again_at(self, row: RequestAnswer, wish: float) -> datetime:
        pauses = self._deps.catalogue[row.platform].retry_seconds
        pause = pauses[min(row.attempts, len(pauses)) - 1]
        return self._deps.clock.system_now() + timedelta(seconds=max(pause, wish))

    def _settle(self, profile: Profile, claimed: RequestAnswer, body: bytes, told: Told) -> None:
        answers_total.labels(profile.id, told.result).inc()
        if told.result == SILENT:
            self._rests_until[profile.id] = time.monotonic() + min(SILENT_SECONDS, profile.retry_seconds[-1])
        with self._deps.db.write() as session:
            row = session.get(RequestAnswer, claimed.id, with_for_update=True)
            sent = hashlib.sha256(body).hexdigest()
            session.add(self._attempt(claimed, sent, told))
            if row is None or row.state != WAITING or row.attempts != claimed.attempts:
                return  # a person was faster, or another holder
            row.body_sha256, row.problem = sent, told.problem[:300] or None
            if told.result == REFUSED:
                row.body_sha256 = None  # the platform does not know it, at whichever attempt it said so
            if told.result == TAKEN:
                row.state, row.next_at = ANSWERED, None
                row.receipt_number, row.answered_at = told.receipt_number or None, self._deps.clock.now()
            elif told.result == REFUSED or row.attempts > len(profile.retry_seconds):
                row.state, row.next_at = DEAD, None
                announce_dead_answer(session, row, profile.name, self._deps.clock.now())
            else:
                row.next_at = self._again_at(row, told.again_after)

    def _attempt(self, claimed: RequestAnswer, sent: str, told: Told) -> AnswerAttempt:
        """A line of the trail, also where a person was faster."""
        return AnswerAttempt(
            id=new_id(),
            answer_id=claimed.id,
            at=self._deps.clock.system_now(),
            result=told.result,
            key=claimed.key,
            body_sha256=sent,
            receipt_number=told.receipt_number[:100] or None,
            detail=told.problem[:500] or None,
        )


def _due(platforms: Sequence[str], now: datetime) -> Select[RequestAnswer]:
    """The one to send next: nothing said earlier under its ticket is still on its way."""
    before = aliased(RequestAnswer)
    earlier = exists().where(
        before.platform == RequestAnswer.platform,
        before.ticket == RequestAnswer.ticket,
        before.case_id == RequestAnswer.case_id,
        before.sequence < RequestAnswer.sequence,
        before.state == WAITING,
    )
    due = (RequestAnswer.state == WAITING, RequestAnswer.next_at <= now)
    return (
        select(RequestAnswer)
        .where(*due, RequestAnswer.platform.in_(platforms), ~earlier)
        .order_by(RequestAnswer.next_at, RequestAnswer.sequence)
        .limit(1)
    )


def send_again(session: Session, deps: Deps, answer_id: str, who: str) -> RequestAnswer:
    """A dead one goes out once more, with all its attempts."""
    row = _held(session, answer_id)
    if row.state != DEAD:
        raise Conflict("answer-settled", "该办理结果不在失败状态", "只有回传失败的办理结果可以再次回传。")
    if _told_later(session, deps, row):
        told = "再次回传会使平台误认最终结果，可以登记已人工告知。"
        raise Conflict("answer-overtaken", "该受理号以后的办理结果已经告知平台，或者正在告知", told)
    if not _met_silence(deps, row):
        row.body_sha256 = None
        row.resent += 1  # refused: what the platform may still say to the earlier key is past
    row.state, row.attempts, row.next_at, row.told_by = WAITING, 0, deps.clock.system_now(), who[:100]
    session.add(_act(deps, row, AGAIN, who))
    return row


def _met_silence(deps: Deps, row: RequestAnswer) -> bool:
    """Whether a dead one was tried to the end: no refusal came before, and what was sent may have arrived."""
    profile = deps.catalogue.get(row.platform)
    tried = row.attempts > (len(profile.retry_seconds) if profile else 0)
    return tried and row.body_sha256 is not None


def _told_later(session: Session, deps: Deps, row: RequestAnswer) -> bool:
    """Whether the platform knows, or may know by now, a later step of the same ticket: its last word stays
    the last. Those not tried yet are held until this commits, and go after the earlier one.
    """
    same = (RequestAnswer.platform == row.platform, RequestAnswer.ticket == row.ticket)
    later = (RequestAnswer.case_id == row.case_id, RequestAnswer.sequence > row.sequence)
    query = select(RequestAnswer).where(*same, *later).order_by(RequestAnswer.sequence).with_for_update()
    found = session.scalars(query.execution_options(populate_existing=True)).all()
    return any(
        one.state in (ANSWERED, TOLD)
        or (one.state == WAITING and (one.attempts or one.body_sha256))
        or (one.state == DEAD and _met_silence(deps, one))
        for one in found
    )


def tell_by_hand(session: Session, deps: Deps, answer_id: str, who: str, note: str) -> RequestAnswer:
    """A person has told the platform, and says how."""
    row = _held(session, answer_id)
    if row.state not in SETTLED_BY_HAND:
        raise Conflict("answer-settled", "该办理结果已经告知平台", "已经告知的不再登记。")
    if cover_identities(note) != note:
        field = FieldError("/note", "不得含有证件号码，请删去。")
        raise Invalid("validation-failed", "登记内容有误", fields=[field])
    row.state, row.next_at, row.answered_at = TOLD, None, deps.clock.now()
    row.told_by, row.note = who[:100], note
    session.add(_act(deps, row, TOLD, who, note))
    return row


def _act(deps: Deps, row: RequestAnswer, act: str, who: str, note: str | None = None) -> AnswerAttempt:
    at = deps.clock.system_now()
    return AnswerAttempt(id=new_id(), answer_id=row.id, at=at, result=act, who=who[:100], detail=note)


def _held(session: Session, answer_id: str) -> RequestAnswer:
    row = session.get(RequestAnswer, answer_id, with_for_update=True)
    if row is None:
        raise NotFound("not-found", "没有这项办理结果")
    return row
