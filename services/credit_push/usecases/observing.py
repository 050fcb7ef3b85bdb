"""Sights of a listing at a public site: asked, reported by the platform, or seen by a person.

Each is kept for ever (`push_observations`); the appearance says what follows from them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import unquote, urlsplit, urlunsplit

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.credit_push.catalogue import Profile
from services.credit_push.domain import ACKNOWLEDGED, PERSON
from services.credit_push.models import Appearance, Delivery, Listing, Observation
from services.credit_push.sights import ABSENT, DISPLAYED, REPORTED, Basis, bases
from services.credit_push.usecases.contradicting import follow_sight, pass_over
from services.credit_push.usecases.deps import Deps
from services.credit_push.usecases.tracking import track
from shared.errors import Conflict, FieldError, Invalid
from shared.ids import new_id
from shared.logs import get_log
from shared.metrics import counter
from shared.written import cover_identities

log = get_log(__name__)
observations_total = counter("push_observations", "Sights at public sites", ["platform", "seen", "how"])
SKEW = timedelta(minutes=5)
"""By how much clocks may differ."""


@dataclass(frozen=True)
class Sighting:
    """One sight: `at` is business time; the evidence names no identity."""

    platform: str
    listing_id: str
    seen: str
    how: str
    at: datetime
    who: str
    url: str = ""
    note: str = ""
    screenshot_sha256: str | None = None


def observe(session: Session, deps: Deps, sight: Sighting) -> Observation:
    """Keep a sight and what follows from it; Invalid or Conflict where it cannot be."""
    listing = session.get(Listing, sight.listing_id)
    found = bases(session, deps.catalogue, [sight.listing_id])
    basis = found.get((sight.platform, sight.listing_id))
    if listing is None or basis is None:
        raise Conflict(
            "nothing-to-see", "该平台没有收录过这条名单", "只有平台已确认收录或撤下的名单可以登记显示情况。"
        )
    _check(sight, basis, deps.clock.now())
    url = clean_url(sight.url, person=listing.subject_type == PERSON)
    track(session, [basis], _first_questions(deps, [basis.platform]))
    row = session.get_one(Appearance, (sight.platform, sight.listing_id), with_for_update=True)
    pass_over(session, found)  # appearances first, findings after: everybody locks them so
    return record(session, deps, row, sight, url)


def _first_questions(deps: Deps, platforms: Sequence[str]) -> dict[str, datetime]:
    now = deps.clock.system_now()
    return {name: now for name in platforms if _can_be_asked(deps, name)}


def _can_be_asked(deps: Deps, platform: str) -> bool:
    """A platform that has left the catalogue cannot."""
    profile = deps.catalogue.get(platform)
    return profile is not None and bool(profile.observation.endpoint)


def _check(sight: Sighting, basis: Basis, now: datetime) -> None:
    earliest = basis.planned_at if sight.seen == basis.expects else basis.first_planned_at
    fields = []
    if sight.at > now + SKEW:
        fields.append(FieldError("/at", "查看时间不能晚于现在。"))
    elif sight.at < earliest - SKEW:
        fields.append(FieldError("/at", "查看时间不能早于向该平台推送的时间。"))
    for name, value in (("note", sight.note), ("url", unquote(sight.url))):
        if cover_identities(value) != value:
            fields.append(FieldError(f"/{name}", "不得含有证件号码，请删去。"))
    if fields:
        raise Invalid("validation-failed", "登记内容有误", fields=fields)


def clean_url(url: str, *, person: bool) -> str | None:
    """An address of a page; of a natural person without what was searched for."""
    if not url:
        return None
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and parts.hostname and "@" not in parts.netloc
    except ValueError:
        good = False
    if not good or any(character <= " " or character == "\x7f" for character in url):
        field = FieldError("/url", "应为 http 或 https 开头的网页地址，不含账号和空格。")
        raise Invalid("validation-failed", "网页地址有误", fields=[field])
    return urlunsplit((parts.scheme, parts.netloc, parts.path, "" if person else parts.query, ""))


def record(
    session: Session, deps: Deps, row: Appearance, sight: Sighting, url: str | None = None
) -> Observation:
    """Append a sight, and say on the locked appearance what it means."""
    now = deps.clock.now()
    at = min(sight.at, now)
    made = Observation(
        id=new_id(),
        platform=row.platform,
        listing_id=row.listing_id,
        sequence=row.sequence,
        seen=sight.seen,
        how=sight.how,
        at=at,
        who=sight.who[:100],
        url=url,
        note=sight.note or None,
        screenshot_sha256=sight.screenshot_sha256,
        recorded_at=now,
    )
    session.add(made)
    observations_total.labels(row.platform, sight.seen, sight.how).inc()
    _follow(deps, row, sight, at)
    session.flush()
    follow_sight(session, deps, row, made)
    return made


def newest(row: Appearance) -> datetime | None:
    """The newest sight that the row tells of."""
    return max((at for at in (row.displayed_at, row.absent_at) if at is not None), default=None)


def _follow(deps: Deps, row: Appearance, sight: Sighting, at: datetime) -> None:
    known = newest(row)
    if known is not None and at < known:
        return  # told late: what was seen later stands
    if sight.seen == DISPLAYED:
        row.displayed_at, row.displayed_how = at, sight.how
    else:
        row.absent_at, row.absent_how = at, sight.how
    if sight.seen == row.expects:
        row.lag_seconds, row.next_ask_at = max(0, int((at - row.since).total_seconds())), None
        return
    row.lag_seconds = None  # what should be seen is not, or no longer: ask again
    if row.expects == DISPLAYED:
        row.displayed_at = row.displayed_how = None
    else:
        row.absent_at = row.absent_how = None
    row.next_ask_at = deps.clock.system_now() if _can_be_asked(deps, row.platform) else None


@dataclass(frozen=True)
class Report:
    """What a platform says its site shows, beside a receipt: by the receipt's key, or by listing."""

    displayed_at: datetime | None = None
    absent_at: datetime | None = None
    key: str = ""
    listing_id: str = ""


def keep_reports(deps: Deps, profile: Profile, reports: Sequence[Report]) -> int:
    """Each in a transaction of its own, after that of the receipts: nobody holds one listing's sights while
    waiting for another's. Whoever is interrupted here sends again, and nothing is kept twice.
    """
    kept = 0
    for one in reports:
        if one.displayed_at or one.absent_at:
            with deps.db.write() as session:
                kept += take_reports(session, deps, profile, [one])
    return kept


def take_reports(session: Session, deps: Deps, profile: Profile, reports: Sequence[Report]) -> int:
    """Keep what a platform reports of its own site; what says nothing new or cannot be is left. How many."""
    told = [one for one in reports if one.displayed_at or one.absent_at]
    if not told:
        return 0
    keys = [one.key for one in told if one.key]
    query = select(Delivery.idempotency_key, Delivery.listing_id).where(
        Delivery.platform == profile.id,
        Delivery.idempotency_key.in_(keys),
        Delivery.state == ACKNOWLEDGED,
    )
    listings = {row[0]: row[1] for row in session.execute(query)} if keys else {}
    return sum(
        _take(session, deps, profile, listings.get(one.key, "") if one.key else one.listing_id, one)
        for one in told
    )


def _take(session: Session, deps: Deps, profile: Profile, listing_id: str, report: Report) -> bool:
    basis = bases(session, deps.catalogue, [listing_id]).get((profile.id, listing_id)) if listing_id else None
    if basis is None:
        return False
    seen, at = _reported(basis, report)
    if at is None:
        return False
    row = session.get(Appearance, (profile.id, listing_id))
    if row is not None and row.sequence == basis.sequence and row.seen_at == at:
        return False
    if _is_kept(session, basis, seen, at):
        return False
    try:
        observe(session, deps, Sighting(profile.id, listing_id, seen, REPORTED, at, profile.id))
    except (Invalid, Conflict) as error:
        log.warning("report not believed", platform=profile.id, listing=listing_id, why=error.slug)
        return False
    return True


def _reported(basis: Basis, report: Report) -> tuple[str, datetime | None]:
    """What a report says of now: what is expected, else the contrary if it was so after the receipt."""
    told = {DISPLAYED: report.displayed_at, ABSENT: report.absent_at}
    if told[basis.expects] is not None:
        return basis.expects, told[basis.expects]
    other = DISPLAYED if basis.expects == ABSENT else ABSENT
    at = told[other]
    return other, at if at is not None and at >= basis.since else None


def _is_kept(session: Session, basis: Basis, seen: str, at: datetime) -> bool:
    """True of a receipt that comes again: what it reports is already kept."""
    query = select(Observation.id).where(
        Observation.listing_id == basis.listing_id,
        Observation.platform == basis.platform,
        Observation.sequence == basis.sequence,
        Observation.seen == seen,
        Observation.how == REPORTED,
        Observation.at == at,
    )
    return session.scalars(query.limit(1)).first() is not None
