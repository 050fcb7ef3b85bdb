"""Taking due deliveries of one platform into our hands: in order per listing, withdrawals first.

What is claimed counts as possibly sent from that moment; a crash between here and the answer leads to a
question to the platform, never to a blind repetition.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Date,
    Select,
    and_,
    bindparam,
    exists,
    literal_column,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Session

from services.credit_push.catalogue import Profile
from services.credit_push.domain import (
    ACCEPTED,
    AWAITING_HAND,
    BLOCKING,
    CORRECT,
    DEAD,
    LIST,
    REJECTED,
    SENDING,
    SUPERSEDED,
    WAITING,
    WITHDRAW,
    Record,
    idempotency_key,
    record_from,
)
from services.credit_push.formats import layout_of
from services.credit_push.models import Holding, Listing, ListingVersion
from services.credit_push.usecases import rows
from services.credit_push.usecases.gating import Gate, note_claim
from services.credit_push.usecases.planning import supersede
from services.credit_push.usecases.recent import RecentVersions, Version, identities_of
from services.credit_push.usecases.rows import TABLE, Row
from shared.db import UtcDateTime, among
from shared.ids import new_id

BATCH_SECONDS = 90.0
"""A batch takes no longer, should every request time out."""
LEASE = timedelta(minutes=4)
"""Longer than two batches that share one window take, each at its worst."""
UNCERTAIN = (DEAD, REJECTED, SUPERSEDED, AWAITING_HAND)


EARLIER = TABLE.alias("earlier")
NOW = bindparam("now", type_=UtcDateTime())
IS_WAITING: ColumnElement[str] = literal_column(f"'{WAITING}'")
IS_SENDING: ColumnElement[str] = literal_column(f"'{SENDING}'")
IS_ACCEPTED: ColumnElement[str] = literal_column(f"'{ACCEPTED}'")
IS_WITHDRAW: ColumnElement[str] = literal_column(f"'{WITHDRAW}'")
ANY = Gate(1_000_000)


@dataclass(slots=True)
class Claimed:
    """One delivery in our hands, with what is needed to send it once no transaction is open."""

    row: Row
    """As the claim left it; nobody else changes it while our lease stands."""
    ask_first: bool
    possibly_sent: bool
    """As it was before this claim."""
    record: Record
    identities: tuple[dict[str, Any], ...]
    formers: tuple[tuple[str, str], ...]
    """Rows the platform may show now, sealed, and the deliveries they are sealed for (`Job.formers`)."""


def first_in_line() -> ColumnElement[bool]:
    """No earlier version of the same listing is still on its way to the same platform."""
    return ~exists().where(
        EARLIER.c.listing_id == TABLE.c.listing_id,
        EARLIER.c.platform == TABLE.c.platform,
        EARLIER.c.sequence < TABLE.c.sequence,
        EARLIER.c.state.in_(BLOCKING),
    )


def lapsed() -> ColumnElement[bool]:
    """Left behind in the middle: the lease of whoever had it is over."""
    return and_(TABLE.c.state == IS_SENDING, TABLE.c.lease_until < NOW)


def has_work(platform: str) -> ColumnElement[bool]:
    """Whether a platform has anything to claim, or a receipt that is overdue, at the bound time `now`."""
    mine = TABLE.c.platform == platform
    due = exists().where(
        mine, TABLE.c.state.in_((IS_WAITING, IS_ACCEPTED)), TABLE.c.next_attempt_at <= NOW, first_in_line()
    )
    return or_(due, exists().where(mine, lapsed(), first_in_line()))


OVERDUE = (
    select(TABLE.c.id)
    .where(
        TABLE.c.platform == bindparam("at_platform"),
        TABLE.c.state == IS_ACCEPTED,
        TABLE.c.next_attempt_at <= NOW,
    )
    .with_for_update(skip_locked=True)
)
REMIND = update(TABLE).where(TABLE.c.id.in_(OVERDUE)).values(state=WAITING, ask_first=True)
"""Accepted rows whose receipt is overdue: ask the platform. What somebody holds may just be getting its
receipt; waiting for it, with other rows in hand, is how two would come to wait for each other."""


def _claimable(withdrawals: bool) -> Select[Any]:
    """Due rows of one platform in the order they became due; literals, so that partial indexes serve."""
    operation = TABLE.c.operation == IS_WITHDRAW if withdrawals else TABLE.c.operation != IS_WITHDRAW
    return (
        rows.deliveries()
        .where(
            TABLE.c.platform == bindparam("at_platform"),
            TABLE.c.state == IS_WAITING,
            operation,
            TABLE.c.next_attempt_at <= NOW,
            or_(bindparam("due_by", type_=Date()).is_(None), TABLE.c.due_on <= bindparam("due_by")),
            first_in_line(),
        )
        .order_by(TABLE.c.next_attempt_at, TABLE.c.id)
        .limit(bindparam("most"))
        .with_for_update(skip_locked=True, of=TABLE)
    )


LAPSED = (
    rows.deliveries()
    .where(TABLE.c.platform == bindparam("at_platform"), lapsed(), first_in_line())
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True, of=TABLE)
)
IN_TURN = (LAPSED, _claimable(withdrawals=True), _claimable(withdrawals=False))
"""What was left behind; then withdrawals, which overtake everything else; then whoever waits longest."""


def claim(
    session: Session,
    profile: Profile,
    holder: str,
    now: datetime,
    at: datetime,
    recent: RecentVersions,
    opened: Gate = ANY,
) -> list[Claimed]:
    """Due deliveries of one platform, now ours. `now` is system time, `at` business time."""
    bound = {"at_platform": profile.id, "now": now}
    session.execute(REMIND, bound, execution_options={"synchronize_session": False})
    most = min(batch_size(profile), opened.most)
    found: list[Row] = []
    for query in IN_TURN[:-1] if opened.only_withdrawals else IN_TURN:
        if len(found) < most:
            found += rows.load(session, query, {**bound, "most": most - len(found), "due_by": opened.due_by})
    if not found:
        return []
    context = _Context(session, profile, found, now, at)
    context.versions = _versions(session, found, recent)
    taken = [claimed for row in found if (claimed := context.take(row, holder)) is not None]
    rows.save(session, found)
    note_claim(session, profile, opened, len(taken), now, at)
    return taken


def batch_size(profile: Profile) -> int:
    """No more than can be sent in time should every request time out."""
    spec = profile.transport
    rounds = max(1, int(BATCH_SECONDS / spec.timeout_seconds))
    at_worst = rounds * spec.in_flight * spec.rows_per_request
    return min(spec.batch_rows, at_worst) if spec.kind == "http" else spec.batch_rows


class _Context:
    """What is known of the claimed rows' listings at this platform."""

    def __init__(
        self, session: Session, profile: Profile, found: Sequence[Row], now: datetime, at: datetime
    ) -> None:
        self.profile, self.now, self.at = profile, now, at
        listings = [row.listing_id for row in found]
        self.versions: dict[tuple[str, int], Version] = {}
        self.holdings = _holdings(session, profile.id, listings)
        self.formers = _formers(session, profile, found, self.holdings)
        self.uncertain = _uncertain(session, profile.id, listings)
        self.batches: dict[str, str] = {}

    def take(self, row: Row, holder: str) -> Claimed | None:
        """The row as a job, or None where there turns out to be nothing to withdraw."""
        record, identities = self.versions[row.listing_id, row.sequence]
        by_hand = self.profile.transport.kind == "manual"
        # nobody is asked about what was on its way to a person's desk when a worker died
        before, asking = row.possibly_sent, row.ask_first and not (by_hand and row.accepted_at is None)
        if not before and not self._settle_operation(row):
            return None
        if not asking or row.state == SENDING:  # left behind: it may have gone out until now
            row.last_attempt_at = self.now
        row.state, row.lease_holder, row.lease_until = SENDING, holder, self.now + LEASE
        row.lease_token += 1
        if not asking or row.batch_id is None:
            row.batch_id = self._batch(layout_of(self.profile, record))
        row.possibly_sent, row.ask_first = before or not by_hand, not by_hand
        return Claimed(row, asking, before, record, identities, self._formers_of(row))

    def _batch(self, layout: str) -> str:
        if layout not in self.batches:
            self.batches[layout] = new_id()
        return self.batches[layout]

    def _formers_of(self, row: Row) -> tuple[tuple[str, str], ...]:
        return tuple(one for one in self.formers.get(row.listing_id, ()) if one[1] != row.id)

    def _settle_operation(self, row: Row) -> bool:
        """With all earlier versions settled: list, correct or withdraw? False if nothing is left to do."""
        shown, maybe = row.listing_id in self.holdings, row.listing_id in self.uncertain
        wanted = row.operation
        if wanted == WITHDRAW and not shown and not maybe:
            supersede(row, self.at)
            row.lease_holder = row.lease_until = None
            return False
        if wanted == LIST and shown:
            wanted = CORRECT
        elif wanted == CORRECT and not shown and not maybe:
            wanted = LIST
        if wanted != row.operation:
            change_operation(row, wanted)
        return True


def change_operation(row: Row, operation: str) -> None:
    """Another operation is another key: the platform has never seen it."""
    row.operation = operation
    row.idempotency_key = idempotency_key(row.platform, row.listing_id, row.version, operation, row.resent)


def _versions(
    session: Session, found: Sequence[Row], recent: RecentVersions
) -> dict[tuple[str, int], Version]:
    known = {(row.listing_id, row.sequence): recent.get(row.listing_id, row.sequence) for row in found}
    versions = {key: version for key, version in known.items() if version is not None}
    left = known.keys() - versions.keys()
    if not left:
        return versions
    table = ListingVersion
    query = select(table.listing_id, table.sequence, table.payload).where(
        among(session, table.listing_id, list({listing_id for listing_id, _ in left})),
        table.sequence.in_({sequence for _, sequence in left}),
    )
    for listing_id, sequence, payload in session.execute(query):
        record = record_from(payload)
        versions[listing_id, sequence] = record, identities_of(payload)
        recent.put(record, payload)  # planned by another worker: other platforms will want it too
    return versions


def _holdings(session: Session, platform: str, listings: Sequence[str]) -> dict[str, tuple[str, str] | None]:
    """What the platform shows, by listing; with the row as it went out where that was kept."""
    query = select(Holding.listing_id, Holding.sent_row, Holding.delivery_id).where(
        Holding.platform == platform, among(session, Holding.listing_id, listings)
    )
    return {id_: (row, delivery) if row else None for id_, row, delivery in session.execute(query)}


def _formers(
    session: Session, profile: Profile, found: Sequence[Row], holdings: dict[str, tuple[str, str] | None]
) -> dict[str, list[tuple[str, str]]]:
    """Rows that may stand at a platform changed by content: the one its receipts tell of, then the others.

    A receipt may have been given for what never took effect, and a try may have had effect unseen. What is
    listed anew while it is still shown (its withdrawal never went out) will turn into a correction.
    """
    changed = {row.listing_id for row in found if row.operation != LIST or row.listing_id in holdings}
    if profile.transport.kind != "exchange_db" or not changed:
        return {}
    formers = {id_: [held] if (held := holdings.get(id_)) else [] for id_ in changed}
    sent = select(TABLE.c.listing_id, TABLE.c.sent_row, TABLE.c.id).where(
        TABLE.c.platform == profile.id,
        among(session, TABLE.c.listing_id, list(changed)),
        TABLE.c.sent_row.is_not(None),
    )
    for listing_id, row, id_ in session.execute(sent.order_by(TABLE.c.sequence.desc(), TABLE.c.id.desc())):
        if (row, id_) not in formers[listing_id]:
            formers[listing_id].append((row, id_))
    return formers


def _uncertain(session: Session, platform: str, listings: Sequence[str]) -> set[str]:
    """Listings the platform may show without our knowing: an unclear end, or another system's publication."""
    unclear = select(TABLE.c.listing_id).where(
        TABLE.c.platform == platform,
        among(session, TABLE.c.listing_id, listings),
        TABLE.c.state.in_(UNCERTAIN),
        TABLE.c.possibly_sent,
    )
    migrated = select(Listing.id).where(among(session, Listing.id, listings), Listing.migrated)
    return set(session.scalars(unclear)) | set(session.scalars(migrated))
