"""Receipts that come on their own: by callback, in a table column, in a feedback file, from a person's hand.

They may come twice, out of order, before the answer to the request, or fit nothing we sent: only a step
forward is taken, and what fits nothing is kept aside.
"""

import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import datetime
from typing import Any, cast

from sqlalchemy import ColumnElement, Table, and_, select
from sqlalchemy.orm import Session

from services.credit_push.catalogue import Profile
from services.credit_push.domain import (
    ACCEPTED,
    ACKNOWLEDGED,
    AWAITING_HAND,
    DEAD,
    REJECTED,
    SENDING,
    SUPERSEDED,
    WAITING,
    record_from,
)
from services.credit_push.formats import Unacceptable
from services.credit_push.models import Attempt, Delivery, ListingVersion, StrayReceipt
from services.credit_push.publishes import announce, lock_listings
from services.credit_push.transports import Transport
from services.credit_push.transports.base import FILED, REFUSED, Receipt
from services.credit_push.usecases import rows
from services.credit_push.usecases.deps import Deps
from services.credit_push.usecases.encoding import content_of, sent_content
from services.credit_push.usecases.planning import CHANNEL
from services.credit_push.usecases.rows import TABLE, Row
from services.credit_push.usecases.settling import Settlement, storable, with_newer, write_holdings
from shared.crash import crash_point
from shared.crypto import CryptoError
from shared.db import Wakeup, add_rows, among, wake
from shared.ids import new_id
from shared.logs import get_log
from shared.metrics import counter

log = get_log(__name__)
receipts_total = counter("push_receipts", "Receipts that came on their own", ["platform", "effect"])
ATTEMPTS = cast("Table", Attempt.__table__)
POLLED = ("feedback", "column", "topic")
AT_ONCE = 500
LOOK_SECONDS, EAGER_SECONDS = 0.1, 2.0
SLOW_SECONDS, CLOSING_SECONDS = 0.5, 5.0
"""How long a look waits for all platforms, and the last one for those that are slow."""
SAME = {ACKNOWLEDGED: FILED, REJECTED: REFUSED}


def receive_receipts(
    session: Session, deps: Deps, profile: Profile, receipts: Sequence[Receipt], kind: str = "receipt"
) -> int:
    """Write down receipts of one platform, which touch its deliveries only; how many moved one."""
    ids = _listing_ids(session, profile.id, receipts)
    listings = lock_listings(session, ids.values())
    locked = _locked(session, profile.id, receipts)
    now, at = deps.clock.system_now(), deps.clock.now()
    settlement = Settlement(session, profile, now, at)
    moved: list[Row] = []
    by_hand = profile.transport.kind == "manual"
    out_of_turn = [row for row in locked.values() if by_hand or row.state in (DEAD, SUPERSEDED)]
    attempts: list[dict[str, Any]] = []
    for receipt in receipts:
        row = locked.get(receipt.key)
        objection = _objection(deps, profile, row, receipt)
        if objection is not None:
            _keep_aside(session, profile.id, receipt, objection, now)
        elif row is not None and SAME.get(row.state) != receipt.result:
            attempts.append(_apply(session, deps, profile, settlement, row, receipt, kind))
            moved.append(row)
    rows.save(session, moved)
    add_rows(session, ATTEMPTS, attempts)
    passed = with_newer(session, profile.id, [row.listing_id for row in out_of_turn], ACKNOWLEDGED)
    filed = [row for row in moved if row.state == ACKNOWLEDGED and row.id not in passed]
    write_holdings(session, profile.id, filed)
    announce(session, listings, deps.catalogue, settlement.news, at)
    if moved:
        wake(session, CHANNEL)  # the listing's next version may go now
    receipts_total.labels(profile.id, "moved").inc(len(moved))
    return len(moved)


def _listing_ids(session: Session, platform: str, receipts: Sequence[Receipt]) -> dict[str, str]:
    query = select(TABLE.c.id, TABLE.c.listing_id).where(_fits(session, platform, receipts))
    return {row.id: row.listing_id for row in session.execute(query)}


def _locked(session: Session, platform: str, receipts: Sequence[Receipt]) -> dict[str, Row]:
    query = rows.deliveries().where(_fits(session, platform, receipts)).order_by(TABLE.c.id)
    return {row.idempotency_key: row for row in rows.load(session, query.with_for_update())}


def _fits(session: Session, platform: str, receipts: Sequence[Receipt]) -> ColumnElement[bool]:
    keys = [storable(receipt.key, 200) for receipt in receipts]
    return and_(TABLE.c.platform == platform, among(session, TABLE.c.idempotency_key, keys))


def _objection(deps: Deps, profile: Profile, row: Row | None, receipt: Receipt) -> str | None:
    """Why a receipt cannot be acted upon; None where it can, or says again what is known."""
    if row is None:
        named = receipt.key.partition(":")[0]
        foreign = named != profile.id and named in deps.catalogue
        return "对应的是其他平台的推送" if foreign else "没有对应的推送"
    if receipt.result not in (FILED, REFUSED):
        return "回执结果无法识别"
    if row.state == SUPERSEDED and not row.possibly_sent:
        return "该版本已被取代"
    if row.state in SAME and SAME[row.state] != receipt.result:
        return "与已办结的结果相反"
    if row.state == WAITING and not row.possibly_sent:
        return "该版本尚未推送"
    return None


def _keep_aside(session: Session, platform: str, receipt: Receipt, why: str, now: datetime) -> None:
    log.warning("stray receipt", platform=platform, why=why)
    receipts_total.labels(platform, "stray").inc()
    session.add(
        StrayReceipt(
            id=new_id(),
            platform=platform,
            idempotency_key=storable(receipt.key, 200),
            result=storable(receipt.result, 24),
            why=why,
            received_at=now,
        )
    )


def _apply(
    session: Session,
    deps: Deps,
    profile: Profile,
    settlement: Settlement,
    row: Row,
    receipt: Receipt,
    kind: str,
) -> dict[str, Any]:
    # certain only where the platform answered our one and only try; else an earlier try may have had effect
    before = row.state in (DEAD, WAITING) or row.failures > 0
    if row.content_digest is None:
        _recall_content(session, deps, profile, row)
    settlement.settle(row, receipt, before=before)
    return {
        "id": new_id(),
        "delivery_id": row.id,
        "at": settlement.now,
        "kind": kind,
        "outcome": receipt.result,
        "detail": storable(" ".join(filter(None, (receipt.field, receipt.code, receipt.message))), 1000)
        or None,
    }


def _recall_content(session: Session, deps: Deps, profile: Profile, row: Row) -> None:
    """The receipt came before the sender could write down what it sent: work it out again."""
    payload = session.scalars(
        select(ListingVersion.payload).where(
            ListingVersion.listing_id == row.listing_id, ListingVersion.sequence == row.sequence
        )
    ).one()
    identities = payload["subject"].get("identity") or ()
    try:
        content = content_of(deps.keyring, profile, record_from(payload), identities, row.operation)
    except (Unacceptable, CryptoError):
        return
    sent_content(deps.keyring, profile, content, row.operation, row.listing_id, row.id).note(row)


class ReceiptPoller:
    """Loop: looks where platforms leave their receipts (feedback folders, table columns).

    Each platform has a thread, so that a place that hangs keeps no other's receipts waiting.
    """

    def __init__(self, deps: Deps, transports: Mapping[str, Transport]) -> None:
        self.name = "receipts"
        self._deps, self._transports = deps, transports
        self._polled = [
            profile
            for profile in deps.catalogue.values()
            if profile.id in transports and profile.receipts.by in POLLED
        ]
        self._pool = ThreadPoolExecutor(max(1, len(self._polled)), thread_name_prefix="receipts")
        self._looking: dict[str, Future[bool]] = {}
        self._closing = threading.Event()
        self._wakeup = Wakeup(deps.db, CHANNEL)
        self._eager_until = 0.0

    def wait(self, timeout: float) -> bool:
        """Not long for a while after every commit, for what was sent is answered soon; else now and then."""
        if self._closing.wait(LOOK_SECONDS):
            return True
        eager = time.monotonic() < self._eager_until
        if self._wakeup.wait(0.0 if eager else timeout):
            self._eager_until, eager = time.monotonic() + EAGER_SECONDS, True
        return eager

    def close(self) -> None:
        self._closing.set()
        wait(self._looking.values(), CLOSING_SECONDS)
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._wakeup.close()

    def step(self) -> bool:
        """True if any receipt was written down."""
        awaited = self._awaited()
        for profile in self._polled:
            if profile.id not in self._looking:
                keys = awaited.get(profile.id, [])
                self._looking[profile.id] = self._pool.submit(self._poll, profile, keys)
        wait(self._looking.values(), SLOW_SECONDS)
        done = [name for name, look in self._looking.items() if look.done()]
        looks = [self._looking.pop(name) for name in done]
        return sum(look.result() for look in looks) > 0

    def _awaited(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        platforms = [profile.id for profile in self._polled if profile.receipts.by == "column"]
        if not platforms:
            return found
        query = (
            select(Delivery.platform, Delivery.idempotency_key)
            .where(
                Delivery.platform.in_(platforms),
                Delivery.state.in_((ACCEPTED, WAITING, SENDING, AWAITING_HAND)),
                Delivery.accepted_at.is_not(None),
            )
            .limit(AT_ONCE * max(1, len(platforms)))
        )
        with self._deps.db.read() as session:
            for row in session.execute(query):
                found.setdefault(row.platform, []).append(row.idempotency_key)
        return found

    def _poll(self, profile: Profile, awaited: Sequence[str]) -> bool:
        if profile.receipts.by == "column" and not awaited:
            return False
        transport = self._transports[profile.id]
        try:
            receipts = transport.receipts(awaited[:AT_ONCE])
        except Exception as error:  # noqa: BLE001  one platform's folder or table must not stop the others
            log.warning("receipts not readable", platform=profile.id, error=type(error).__name__)
            return False
        if not receipts:
            return False
        crash_point("receipts.before_store")
        for start in range(0, len(receipts), AT_ONCE):
            with self._deps.db.write() as session:
                receive_receipts(session, self._deps, profile, receipts[start : start + AT_ONCE])
                crash_point("receipts.before_commit")
        crash_point("receipts.after_store")
        transport.forget(receipts)
        crash_point("receipts.after_forget")
        return True
