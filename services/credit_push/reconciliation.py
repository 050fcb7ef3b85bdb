"""Reconciliation: what we believe a platform shows against what it says it shows, bucket by bucket.

Only buckets whose digests differ are exchanged row by row, so the cost grows with the differences. Listings
on their way are left out; differences are told to departments and repaired by a new push where that is safe.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import cast

from sqlalchemy import Table, func, select
from sqlalchemy.orm import Session

from services.credit_push.catalogue import Profile
from services.credit_push.domain import CORRECT, LIST, UNFINISHED, WAITING, WITHDRAW, idempotency_key
from services.credit_push.formats import WITH_LISTING_ID
from services.credit_push.models import Delivery, Difference, Holding, Listing, ReconciliationRun
from services.credit_push.publishes import announce_differences
from services.credit_push.transports.base import Digest, Ledger, LedgerRow, Within
from services.credit_push.transports.buckets import fold, line
from services.credit_push.usecases.deps import Deps
from services.credit_push.usecases.planning import CHANNEL
from shared.db import wake
from shared.errors import Invalid
from shared.ids import new_id
from shared.logs import get_log

log = get_log(__name__)
FEWEST_BUCKETS, FAN_OUT, MOST_BUCKETS, ROWS_PER_BUCKET = 256, 16, 65536, 16
MOST_QUESTIONS, LEAVES_AT_ONCE = 128, 500
MOST_DIFFERENCES = 10_000


@dataclass(frozen=True)
class Found:
    """One difference; `ours` is None for what only the platform shows."""

    kind: str
    match_key: str
    listing_id: str
    detail: str
    ours: Holding | None
    theirs: str = ""
    """Content digest of the row as the platform shows it."""
    row: LedgerRow | None = None
    """The row itself, of what we do not account for."""
    beside: int = 0
    """How many records of ours went by the same key, where the platform shows more."""


def request_run(
    session: Session, deps: Deps, platform: str, requested_by: str, *, repair: bool = True
) -> ReconciliationRun:
    """Ask for a run; the reconciler does it."""
    profile = deps.catalogue.get(platform)
    if profile is None or not profile.pushed:
        raise Invalid("unknown-platform", "没有这个推送平台", "请从平台列表中选择。")
    run = ReconciliationRun(
        id=new_id(),
        platform=platform,
        state=WAITING,
        repair=repair,
        requested_by=requested_by,
        requested_at=deps.clock.now(),
    )
    session.add(run)
    session.flush()
    wake(session, CHANNEL)
    return run


def request_runs(
    session: Session, deps: Deps, platform: str | None, requested_by: str, *, repair: bool = True
) -> list[ReconciliationRun]:
    """One run of the platform, or one of each that is pushed to where none is named."""
    chosen = [platform] if platform else [each.id for each in deps.catalogue.values() if each.pushed]
    return [request_run(session, deps, each, requested_by, repair=repair) for each in chosen]


@dataclass
class Comparison:
    """What a comparison found, and what it cost."""

    found: list[Found]
    ours: int
    theirs: int
    rows_exchanged: int = 0
    digests_exchanged: int = 0


def compare(session: Session, platform: str, ledger: Ledger) -> Comparison:
    """Go down from coarse buckets to fine ones where the digests differ, then row by row in the finest."""
    ours_count = session.scalar(select(func.count()).where(Holding.platform == platform)) or 0
    levels = _levels(ours_count)
    ours = fold(_lines(session, platform, levels[0]), levels)
    theirs = ledger.digest(levels[0])
    told = Comparison([], ours[0].count, theirs.count, digests_exchanged=len(theirs.buckets))
    differing = _differing(ours[0], theirs)
    for at in range(1, len(levels)):
        differing = _go_down(ledger, levels[at - 1], levels[at], ours[at], differing, told)
    for first in range(0, len(differing), LEAVES_AT_ONCE):
        _compare_leaves(
            session, platform, ledger, levels[-1], differing[first : first + LEAVES_AT_ONCE], told
        )
        if len(told.found) > MOST_DIFFERENCES:
            break
    return told


def _levels(rows: int) -> list[int]:
    found = [FEWEST_BUCKETS]
    while found[-1] < MOST_BUCKETS and found[-1] * ROWS_PER_BUCKET < rows:
        found.append(found[-1] * FAN_OUT)
    return found


def _differing(ours: Digest, theirs: Digest, within: Within | None = None) -> list[int]:
    numbers = sorted(ours.buckets.keys() | theirs.buckets.keys())
    return [
        number
        for number in numbers
        if (within is None or number % within.buckets == within.bucket)
        and ours.buckets.get(number) != theirs.buckets.get(number)
    ]


def _go_down(
    ledger: Ledger, coarse: int, fine: int, ours: Digest, differing: list[int], told: Comparison
) -> list[int]:
    """The fine buckets that differ; asked for one by one where they are few, else all together."""
    few = len(differing) <= MOST_QUESTIONS
    questions = [Within(coarse, number) for number in differing] if few else [None]
    found: list[int] = []
    for within in questions:
        theirs = ledger.digest(fine, within)
        told.digests_exchanged += len(theirs.buckets)
        found.extend(_differing(ours, theirs, within))
    return found


def _compare_leaves(
    session: Session, platform: str, ledger: Ledger, buckets: int, numbers: list[int], told: Comparison
) -> None:
    held: dict[int, list[Holding]] = {number: [] for number in numbers}
    mine = select(Holding).where(Holding.platform == platform, (Holding.bucket_hash % buckets).in_(numbers))
    for holding in session.scalars(mine):
        held[holding.bucket_hash % buckets].append(holding)
    for number in numbers:
        rows = list(ledger.rows(number, buckets))
        told.rows_exchanged += len(rows)
        told.found.extend(differences(held[number], rows))


def _lines(session: Session, platform: str, buckets: int) -> Iterator[tuple[int, str]]:
    """Every line of ours, bucket after bucket; the database sorts, so that we need not hold them all."""
    table = cast("Table", Holding.__table__).c
    columns = (table.bucket_hash, table.match_key, table.version, table.content_digest, table.layout)
    query = select(*columns).where(table.platform == platform).order_by(table.bucket_hash % buckets)
    with_version = frozenset(WITH_LISTING_ID)
    for hashed, key, version, digest, layout in session.execute(query.execution_options(yield_per=5000)):
        yield hashed, line(key, version if layout in with_version else None, digest)


def differences(ours: Iterable[Holding], theirs: Sequence[LedgerRow]) -> Iterator[Found]:
    """What differs between two sides of one bucket.

    Several records may go by one number and name (one decision on two sheets, two persons of one name in it):
    those that say the same belong together, the rest is paired sheet by sheet.
    """
    held: dict[str, list[Holding]] = {}
    for holding in ours:
        held.setdefault(holding.match_key, []).append(holding)
    known = Counter({key: len(rest) for key, rest in held.items()})
    for row in [row for row in theirs if not _take_same(held.get(row.match_key, []), row)]:
        if rest := held.get(row.match_key):
            holding = min(rest, key=lambda one: one.layout != row.listed_in)
            rest.remove(holding)
            yield from _difference(holding, row)
        else:
            yield extra(row, known[row.match_key])
    for holding in (one for rest in held.values() for one in rest):
        detail = f"平台上没有应有的第 {holding.version} 版记录"
        yield Found("missing", holding.match_key, holding.listing_id, detail, holding)


def _take_same(rest: list[Holding], row: LedgerRow) -> bool:
    """Whether one of ours is exactly this row; then it is no longer among the rest."""
    same = next((one for one in rest if next(_difference(one, row), None) is None), None)
    if same is not None:
        rest.remove(same)
    return same is not None


def extra(row: LedgerRow, beside: int) -> Found:
    """What the platform shows beyond ours; `beside`: so many of ours go by the same key."""
    detail = f"平台{'重复' if beside else '多出'}记录，文号 {row.document_number}"
    key, listing = row.match_key, row.listing_id
    return Found("extra", key, listing, detail, None, row.content_digest, row, beside)


def _difference(holding: Holding, row: LedgerRow) -> Iterator[Found]:
    key, listing = row.match_key, holding.listing_id
    if row.version is not None and row.version != holding.version:
        detail = f"平台为第 {row.version} 版，应为第 {holding.version} 版"
        yield Found("stale", key, listing, detail, holding, row.content_digest)
    elif row.content_digest != holding.content_digest:
        detail = f"平台上第 {holding.version} 版的内容与推送的不同"
        yield Found("altered", key, listing, detail, holding, row.content_digest)


def write_differences(
    session: Session, deps: Deps, profile: Profile, run: ReconciliationRun, found: Sequence[Found]
) -> int:
    """Store, tell and repair; how many were real (a listing that moved meanwhile is no difference)."""
    found = _named(session, profile.id, found)
    moving = _moving(session, profile.id, {item.listing_id for item in found if item.listing_id})
    kept = []
    for item in found:
        if item.listing_id in moving or not _still_true(session, profile.id, item):
            continue
        repair = _repair(session, deps, profile, item) if run.repair else None
        listing = _listing(session, item)
        difference = Difference(
            id=new_id(),
            run_id=run.id,
            listing_id=listing.id if listing else None,
            kind=item.kind,
            detail=item.detail,
            repair_id=repair.id if repair else None,
        )
        session.add(difference)
        kept.append(difference)
    announce_differences(session, profile.id, kept, deps.clock.now())
    if kept:
        wake(session, CHANNEL)
    return len(kept)


def _named(session: Session, platform: str, found: Sequence[Found]) -> list[Found]:
    """Differences with their listing, where the platform stores no id of ours: by what we last sent it as;
    where another record goes by the same number and name, only by what the row says.
    """
    nameless = {item.match_key for item in found if not item.listing_id}
    if not nameless:
        return list(found)
    query = select(Delivery.match_key, Delivery.content_digest, Delivery.listing_id).where(
        Delivery.platform == platform, Delivery.match_key.in_(sorted(nameless))
    )
    names: dict[tuple[str | None, str | None], str] = {}
    for key, digest, listing in session.execute(query.order_by(Delivery.id)):
        names[key, digest] = names[key, None] = listing

    def name(item: Found) -> str:
        exact = names.get((item.match_key, item.theirs))
        return exact or ("" if item.beside else names.get((item.match_key, None), ""))

    return [item if item.listing_id else replace(item, listing_id=name(item)) for item in found]


def _moving(session: Session, platform: str, listings: set[str]) -> set[str]:
    query = select(Delivery.listing_id).where(
        Delivery.platform == platform, Delivery.listing_id.in_(listings), Delivery.state.in_(UNFINISHED)
    )
    return set(session.scalars(query))


def _still_true(session: Session, platform: str, item: Found) -> bool:
    if item.ours is None:
        same = (Holding.platform == platform, Holding.match_key == item.match_key)
        return (session.scalar(select(func.count()).where(*same)) or 0) <= item.beside
    now = session.get(Holding, (platform, item.ours.listing_id), populate_existing=True)
    return now is not None and (now.match_key, now.version) == (item.match_key, item.ours.version)


def _listing(session: Session, item: Found) -> Listing | None:
    return session.get(Listing, item.listing_id) if item.listing_id else None


def _repair(session: Session, deps: Deps, profile: Profile, item: Found) -> Delivery | None:
    """Push again under a new key. By content only what is missing, or what we once sent, can be put right."""
    listing = _listing(session, item)
    if listing is None:
        return None
    by_content = profile.transport.kind == "exchange_db" and item.kind != "missing"
    if by_content and not _sent(session, profile, item):
        return None
    if item.kind == "extra" and (
        listing.operation != WITHDRAW or session.get(Holding, (profile.id, listing.id)) is not None
    ):
        return None
    operation = {"missing": LIST, "extra": WITHDRAW}.get(item.kind, CORRECT)
    if item.ours is not None and item.ours.version != listing.version:
        return None  # a newer version was refused or is dead: that is the work to do
    repair = _again(session, deps, profile, listing, operation)
    session.add(repair)
    session.flush()
    return repair


def _sent(session: Session, profile: Profile, item: Found) -> bool:
    """Whether the row the platform shows is one we have sent it, and so can be found there again."""
    query = select(Delivery.id).where(
        Delivery.platform == profile.id,
        Delivery.listing_id == item.listing_id,
        Delivery.content_digest == item.theirs,
        Delivery.sent_row.is_not(None),
    )
    return session.scalars(query.limit(1)).first() is not None


def _again(session: Session, deps: Deps, profile: Profile, listing: Listing, operation: str) -> Delivery:
    last = session.scalars(
        select(Delivery)
        .where(Delivery.platform == profile.id, Delivery.listing_id == listing.id)
        .order_by(Delivery.sequence.desc(), Delivery.resent.desc())
        .limit(1)
    ).one()
    resent = last.resent + 1
    return Delivery(
        id=new_id(),
        listing_id=listing.id,
        platform=profile.id,
        version=listing.version,
        sequence=listing.sequence,
        operation=operation,
        state=WAITING,
        due_on=last.due_on,
        late=False,
        idempotency_key=idempotency_key(profile.id, listing.id, listing.version, operation, resent),
        resent=resent,
        possibly_sent=True,  # fixes the operation: the ledger has told what the platform shows
        ask_first=False,
        was_dead=False,
        attempts_count=0,
        failures=0,
        next_attempt_at=deps.clock.system_now(),
        lease_token=0,
        department_id=last.department_id,
        region=last.region,
        list_code=last.list_code,
        subject_name=last.subject_name,
        document_number=last.document_number,
        created_at=deps.clock.now(),
    )
