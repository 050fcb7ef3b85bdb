"""What the push monitor and the API read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from services.credit_push.catalogue import Profile
from services.credit_push.models import (
    Adoption,
    Appearance,
    Attempt,
    Batch,
    BatchAct,
    Decision,
    Delivery,
    DepartmentCopy,
    Difference,
    Finding,
    Listing,
    Observation,
    ReconciliationRun,
    RefusedCount,
    RefusedReceipt,
    StrayReceipt,
)


@dataclass(frozen=True)
class Filter:
    """Which deliveries to list; `region` is the subtree a supervisor may see ("" = all)."""

    listing_id: str | None = None
    platform: str | None = None
    state: str | None = None
    operation: str | None = None
    q: str | None = None
    region: str = ""


def deliveries(session: Session, wanted: Filter, before: str | None, limit: int) -> list[Delivery]:
    """Newest first, at most `limit + 1` so that the caller sees whether there are more."""
    query = select(Delivery).where(*_conditions(wanted)).order_by(Delivery.id.desc()).limit(limit + 1)
    if before is not None:
        query = query.where(Delivery.id < before)
    return list(session.scalars(query))


def _conditions(wanted: Filter) -> list[ColumnElement[bool]]:
    given = {
        Delivery.listing_id: wanted.listing_id,
        Delivery.platform: wanted.platform,
        Delivery.state: wanted.state,
        Delivery.operation: wanted.operation,
    }
    found: list[ColumnElement[bool]] = [column == value for column, value in given.items() if value]
    if wanted.q:
        found.append(or_(Delivery.document_number == wanted.q, Delivery.subject_name == wanted.q))
    if wanted.region:
        found.append(Delivery.region.startswith(wanted.region, autoescape=True))
    return found


def subtree(region: str) -> str:
    """The prefix of the codes within a region: 130000 → 13, 130100 → 1301, 000000 → nothing."""
    return region.rstrip("0") + "0" * (len(region.rstrip("0")) % 2)


def delivery(session: Session, delivery_id: str, region: str = "") -> Delivery | None:
    """One delivery, if the asker may see its region."""
    row = session.get(Delivery, delivery_id)
    return row if row is not None and row.region.startswith(region) else None


def attempts(session: Session, delivery_ids: Sequence[str]) -> dict[str, list[Attempt]]:
    """Attempts by delivery, oldest first."""
    found: dict[str, list[Attempt]] = {}
    query = select(Attempt).where(Attempt.delivery_id.in_(delivery_ids)).order_by(Attempt.id)
    for row in session.scalars(query):
        found.setdefault(row.delivery_id, []).append(row)
    return found


def delivery_view(
    row: Delivery, tried: Sequence[Attempt], catalogue: Mapping[str, Profile]
) -> dict[str, Any]:
    """A delivery as the API answers it."""
    profile = catalogue.get(row.platform)
    return {
        "id": row.id,
        "listing_id": row.listing_id,
        "version": row.version,
        "platform": row.platform,
        "platform_name": profile.name if profile else row.platform,
        "operation": row.operation,
        "state": row.state,
        "due": row.due_on,
        "late": row.late,
        "receipt": receipt_view(row),
        "attempts": [attempt_view(one) for one in tried],
        "next_attempt_at": row.next_attempt_at if row.state == "waiting" else None,
        "region": row.region,
        "department_id": row.department_id,
        "list_code": row.list_code,
        "subject_name": row.subject_name,
        "document_number": row.document_number,
        "batch_id": row.batch_id,
        "created_at": row.created_at,
        "settled_at": row.settled_at,
    }


def receipt_view(row: Delivery) -> dict[str, Any] | None:
    """What the platform said of it, if anything."""
    if not row.receipt_number and not row.result_code and not row.result_reason:
        return None
    return {
        "number": row.receipt_number,
        "field": row.result_field,
        "code": row.result_code,
        "reason": row.result_reason,
    }


def attempt_view(row: Attempt) -> dict[str, Any]:
    """One try; the evidence stays sealed."""
    return {
        "at": row.at,
        "kind": row.kind,
        "outcome": row.outcome,
        "http_status": row.http_status,
        "milliseconds": row.milliseconds,
        "detail": row.detail,
    }


def latest_runs(session: Session) -> dict[str, ReconciliationRun]:
    """The last finished run of each platform."""
    last = (
        select(ReconciliationRun.platform, func.max(ReconciliationRun.id).label("id"))
        .where(ReconciliationRun.state == "done")
        .group_by(ReconciliationRun.platform)
        .subquery()
    )
    rows = session.scalars(select(ReconciliationRun).join(last, ReconciliationRun.id == last.c.id))
    return {row.platform: row for row in rows}


def runs(session: Session, platform: str | None, before: str | None, limit: int) -> list[ReconciliationRun]:
    """Newest first, at most `limit + 1`."""
    query = select(ReconciliationRun).order_by(ReconciliationRun.id.desc()).limit(limit + 1)
    if platform:
        query = query.where(ReconciliationRun.platform == platform)
    if before is not None:
        query = query.where(ReconciliationRun.id < before)
    return list(session.scalars(query))


def run_differences(session: Session, run_id: str) -> list[Difference]:
    """The differences of a run."""
    return list(
        session.scalars(select(Difference).where(Difference.run_id == run_id).order_by(Difference.id))
    )


def difference_counts(session: Session, run_ids: Sequence[str]) -> dict[str, int]:
    """How many differences each of these runs found; those that found none are left out."""
    run = Difference.run_id
    query = select(run, func.count()).where(run.in_(run_ids)).group_by(run)
    return {row[0]: row[1] for row in session.execute(query)}


def run_view(row: ReconciliationRun, differences: Sequence[Difference] = ()) -> dict[str, Any]:
    """A run as the API answers it."""
    return {
        "id": row.id,
        "platform": row.platform,
        "state": row.state,
        "repair": row.repair,
        "requested_at": row.requested_at,
        "finished_at": row.finished_at,
        "ours": row.ours,
        "theirs": row.theirs,
        "rows_exchanged": row.rows_exchanged,
        "reason": row.reason,
        "differences": [
            {
                "listing_id": one.listing_id,
                "kind": one.kind,
                "detail": one.detail,
                "repair_id": one.repair_id,
            }
            for one in differences
        ],
    }


def batches(session: Session, before: str | None, limit: int, region: str = "") -> list[Batch]:
    """Sheets and letters with rows of the region, newest first, at most `limit + 1`."""
    query = select(Batch).order_by(Batch.id.desc()).limit(limit + 1)
    if region:
        mine = Delivery.region.startswith(region, autoescape=True)
        query = query.where(select(Delivery.id).where(Delivery.batch_id == Batch.id, mine).exists())
    if before is not None:
        query = query.where(Batch.id < before)
    return list(session.scalars(query))


def batch_rows(session: Session, batch_id: str, region: str = "") -> list[Delivery]:
    """The deliveries of the region that travel in a batch."""
    here = (Delivery.batch_id == batch_id, Delivery.region.startswith(region, autoescape=True))
    return list(session.scalars(select(Delivery).where(*here).order_by(Delivery.id)))


def batch_acts(session: Session, batch_id: str) -> list[BatchAct]:
    """Who did what with it, in order."""
    return list(session.scalars(select(BatchAct).where(BatchAct.batch_id == batch_id).order_by(BatchAct.id)))


def letters(session: Session, delivery_ids: Sequence[str]) -> dict[str, Batch]:
    """The withdrawal letters that carry these deliveries."""
    query = select(Delivery.id, Batch).join(Batch, Batch.id == Delivery.batch_id)
    found = session.execute(query.where(Delivery.id.in_(delivery_ids), Batch.kind == "letter"))
    return {row[0]: row[1] for row in found}


def batch_view(row: Batch, members: Sequence[Delivery] = ()) -> dict[str, Any]:
    """A batch as the API answers it."""
    return {
        "id": row.id,
        "platform": row.platform,
        "kind": row.kind,
        "state": row.state,
        "number": row.number,
        "rows": row.rows,
        "created_at": row.created_at,
        "downloaded_at": row.downloaded_at,
        "recorded_at": row.recorded_at,
        "reply_due": row.reply_due_on,
        "replied_at": row.replied_at,
        "reply": row.reply,
        "screenshot": row.screenshot is not None,
        "deliveries": [member.id for member in members],
    }


def stray_receipts(session: Session, limit: int = 50) -> list[StrayReceipt]:
    """Receipts that fitted nothing, newest first."""
    return list(session.scalars(select(StrayReceipt).order_by(StrayReceipt.id.desc()).limit(limit)))


def refused_receipts(
    session: Session, platform: str | None, why: str | None, before: str | None, limit: int
) -> list[RefusedReceipt]:
    """What was not believed, newest first, at most `limit + 1`."""
    given = {RefusedReceipt.platform: platform, RefusedReceipt.why: why}
    query = select(RefusedReceipt).where(*(column == value for column, value in given.items() if value))
    if before is not None:
        query = query.where(RefusedReceipt.id < before)
    return list(session.scalars(query.order_by(RefusedReceipt.id.desc()).limit(limit + 1)))


def refused_counts(session: Session, days: int) -> list[RefusedCount]:
    """How many were refused, of the last so many days on which any was and every platform."""
    last = select(RefusedCount.on_day).distinct().order_by(RefusedCount.on_day.desc()).limit(days)
    query = select(RefusedCount).where(RefusedCount.on_day.in_(last))
    return list(session.scalars(query.order_by(RefusedCount.on_day.desc(), RefusedCount.platform)))


def department_names(session: Session, ids: Sequence[str]) -> dict[str, str]:
    """Names of departments as far as they are known here."""
    rows = session.execute(
        select(DepartmentCopy.id, DepartmentCopy.name).where(and_(DepartmentCopy.id.in_(ids)))
    )
    return {row.id: row.name for row in rows}


def undecided(
    session: Session, fitting: Sequence[ColumnElement[bool]], before: str | None, limit: int
) -> list[Delivery]:
    """The dead and refused deliveries that fit, newest first, at most `limit + 1`."""
    query = select(Delivery).where(*fitting)
    if before is not None:
        query = query.where(Delivery.id < before)
    return list(session.scalars(query.order_by(Delivery.id.desc()).limit(limit + 1)))


def decisions(session: Session, delivery_ids: Sequence[str]) -> dict[str, Decision]:
    """The last word on each delivery, proposed or decided."""
    query = select(Decision).where(Decision.delivery_id.in_(delivery_ids)).order_by(Decision.id)
    return {row.delivery_id: row for row in session.scalars(query)}


def decision(session: Session, decision_id: str) -> Decision | None:
    """One proposal."""
    return session.get(Decision, decision_id)


def listings(session: Session, region: str, q: str | None, before: str | None, limit: int) -> list[Listing]:
    """Listings as we know them, newest first, at most `limit + 1`; `q` is a document number."""
    query = select(Listing).order_by(Listing.id.desc()).limit(limit + 1)
    if region:
        query = query.where(Listing.region.startswith(region, autoescape=True))
    if q:
        query = query.where(Listing.document_number == q)
    if before is not None:
        query = query.where(Listing.id < before)
    return list(session.scalars(query))


def latest_deliveries(session: Session, listing_ids: Sequence[str]) -> dict[str, dict[str, Delivery]]:
    """The last delivery of each listing to each platform."""
    query = select(Delivery).where(Delivery.listing_id.in_(listing_ids))
    found: dict[str, dict[str, Delivery]] = {}
    for row in session.scalars(query.order_by(Delivery.sequence, Delivery.id)):
        found.setdefault(row.listing_id, {})[row.platform] = row
    return found


def appearances(session: Session, listing_ids: Sequence[str]) -> dict[str, dict[str, Appearance]]:
    """What is known of public sites, by listing and platform."""
    found: dict[str, dict[str, Appearance]] = {}
    for row in session.scalars(select(Appearance).where(Appearance.listing_id.in_(listing_ids))):
        found.setdefault(row.listing_id, {})[row.platform] = row
    return found


def observations(session: Session, listing_id: str, limit: int = 200) -> list[Observation]:
    """Every sight of a listing, newest first."""
    query = select(Observation).where(Observation.listing_id == listing_id)
    return list(session.scalars(query.order_by(Observation.id.desc()).limit(limit)))


def listing(session: Session, listing_id: str, region: str = "") -> Listing | None:
    """One listing, if the asker may see its region."""
    row = session.get(Listing, listing_id)
    return row if row is not None and row.region.startswith(region) else None


OPEN_FINDINGS = {"open": True, "closed": False, "all": None}
"""What may be asked for, as `FindingFilter.open`."""


@dataclass(frozen=True)
class FindingFilter:
    """Which findings to list; `open` None is all of them."""

    platform: str | None = None
    listing_id: str | None = None
    open: bool | None = True
    region: str = ""


def findings(session: Session, wanted: FindingFilter, before: str | None, limit: int) -> list[Finding]:
    """Newest first, at most `limit + 1`."""
    given = {Finding.platform: wanted.platform, Finding.listing_id: wanted.listing_id}
    query = select(Finding).where(*(column == value for column, value in given.items() if value))
    if wanted.open is not None:
        closed = Finding.closed_at
        query = query.where(closed.is_(None) if wanted.open else closed.is_not(None))
    if wanted.region:
        query = query.where(Finding.region.startswith(wanted.region, autoescape=True))
    if before is not None:
        query = query.where(Finding.id < before)
    return list(session.scalars(query.order_by(Finding.id.desc()).limit(limit + 1)))


def finding(session: Session, finding_id: str, region: str = "") -> Finding | None:
    """One finding, if the asker may see its region."""
    row = session.get(Finding, finding_id)
    return row if row is not None and row.region.startswith(region) else None


def adoptions(
    session: Session, states: Sequence[str], platform: str | None, region: str, before: str | None, limit: int
) -> list[Adoption]:
    """Newest first, at most `limit + 1`."""
    query = select(Adoption).where(Adoption.state.in_(states))
    if platform:
        query = query.where(Adoption.platform == platform)
    if region:
        query = query.where(Adoption.region.startswith(region, autoescape=True))
    if before is not None:
        query = query.where(Adoption.id < before)
    return list(session.scalars(query.order_by(Adoption.id.desc()).limit(limit + 1)))


def adoption(session: Session, adoption_id: str, region: str = "") -> Adoption | None:
    """One item, if the asker may see its region."""
    row = session.get(Adoption, adoption_id)
    return row if row is not None and row.region.startswith(region) else None
