"""与回执相反: a sight that contradicts a receipt opens a finding; one that agrees ends it.

Right after a receipt a site may not have caught up yet, a platform reached by relay for longer: until then
only what a person saw, or the platform itself reports, of a platform that is sent to directly counts.
"""

from collections.abc import Mapping, Sequence
from datetime import date

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from services.credit_push.catalogue import Profile
from services.credit_push.domain import LIST, WITHDRAW
from services.credit_push.models import Appearance, Finding, Listing, Observation
from services.credit_push.publishes import Discrepancy, announce_differences
from services.credit_push.sights import ABSENT, HOW_NAMES, Basis, Place, counts
from services.credit_push.usecases.deps import Deps
from services.credit_push.usecases.planning import working_days
from shared.db import among
from shared.errors import Conflict, FieldError, Invalid, NotFound
from shared.ids import new_id
from shared.metrics import counter
from shared.written import cover_identities

SEEN, PASSED = "seen", "passed"
findings_total = counter("push_findings", "Sites seen otherwise than receipts say", ["platform", "expects"])


def follow_sight(session: Session, deps: Deps, row: Appearance, made: Observation) -> None:
    """What a kept sight means for findings; the caller holds the appearance, which tells of it already."""
    held = session.scalars(_open_ones([row.listing_id], session).where(Finding.platform == row.platform))
    finding = held.first()
    if row.seen_at is not None:
        if finding is not None:
            finding.closed_at, finding.closed_why = deps.clock.now(), SEEN
        return
    profile = deps.catalogue.get(row.platform)
    if row.against_at != made.at or not counts(profile, row, made.how):
        return
    if finding is not None:
        finding.seen_at, finding.seen_how = made.at, made.how
        return
    _open(session, deps, profile, row, made)


def _open_ones(listings: Sequence[str], session: Session) -> Select[Finding]:
    mine = among(session, Finding.listing_id, listings)
    return select(Finding).where(mine, Finding.closed_at.is_(None))


def _open(session: Session, deps: Deps, profile: Profile | None, row: Appearance, made: Observation) -> None:
    listing = session.get_one(Listing, row.listing_id)
    finding = Finding(
        id=new_id(),
        platform=row.platform,
        listing_id=row.listing_id,
        via=row.via,
        sequence=row.sequence,
        expects=row.expects,
        since=row.since,
        seen_at=made.at,
        seen_how=made.how,
        opened_at=deps.clock.now(),
        due_on=_due(deps, profile, row.expects),
        region=row.region,
        document_number=listing.document_number,
    )
    session.add(finding)
    session.flush()
    findings_total.labels(row.platform, row.expects).inc()
    told = Discrepancy(
        run_id=f"sight:{row.platform}:{deps.clock.today()}",
        listing_id=row.listing_id,
        kind="extra" if row.expects == ABSENT else "missing",
        detail=_told(deps, finding),
    )
    announce_differences(session, row.platform, [told], deps.clock.now())


def _due(deps: Deps, profile: Profile | None, expects: str) -> date:
    days = working_days(profile, WITHDRAW if expects == ABSENT else LIST) if profile else 0
    return deps.calendar.add_working_days(deps.clock.today(), max(1, days)).day


def _told(deps: Deps, finding: Finding) -> str:
    what = "仍显示应当撤下的名单" if finding.expects == ABSENT else "未显示应当显示的名单"
    below = deps.catalogue.get(finding.via) if finding.via != finding.platform else None
    relayed = f"，由{below.name}转送" if below else ""
    return (
        f"网站{what}，文号 {finding.document_number}，与回执相反（{HOW_NAMES[finding.seen_how]}{relayed}）。"
        f"请于 {finding.due_on} 前核查处理"
    )


def pass_over(session: Session, known: Mapping[Place, Basis]) -> None:
    """End findings about what is no longer expected: the listing was withdrawn, or listed again."""
    listings = sorted({listing for _, listing in known})
    for finding in session.scalars(_open_ones(listings, session)):
        basis = known.get((finding.platform, finding.listing_id))
        if basis and (basis.expects != finding.expects or finding.sequence < basis.begun):
            finding.closed_at, finding.closed_why = basis.since, PASSED


def take(session: Session, deps: Deps, finding_id: str, who: str, note: str) -> Finding:
    """A person says what was done about it; it stays open until it is seen to be right."""
    finding = session.scalars(select(Finding).where(Finding.id == finding_id).with_for_update()).first()
    if finding is None:
        raise NotFound("not-found", "没有这项核查")
    if finding.closed_at is not None:
        raise Conflict("finding-closed", "该项核查已经办结", "查见与回执一致后自动办结，不再登记。")
    if cover_identities(note) != note:
        field = FieldError("/note", "不得含有证件号码，请删去。")
        raise Invalid("validation-failed", "登记内容有误", fields=[field])
    finding.taken_by, finding.taken_at, finding.note = who[:100], deps.clock.now(), note[:500]
    session.flush()
    return finding
