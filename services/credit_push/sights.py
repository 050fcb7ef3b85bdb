"""What ought to be seen of a listing at each public site as the receipts stand, and what is known of it.

A platform that is reached by relay follows the receipt of the one below it; it is never sent anything.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from services.credit_push import queries
from services.credit_push.catalogue import Profile
from services.credit_push.catalogue.profile import Asking
from services.credit_push.domain import ACKNOWLEDGED, WITHDRAW
from services.credit_push.models import Appearance, Delivery, Observation
from services.credit_push.routing import relay_chain
from shared.db import among

TABLE = cast("Table", Delivery.__table__)
DISPLAYED, ABSENT = "displayed", "absent"
SEEN_NAMES = {DISPLAYED: "已显示", ABSENT: "已不显示"}
ASKED, REPORTED, HAND = "asked", "reported", "hand"
HOW_NAMES = {ASKED: "经查询平台", REPORTED: "平台报告", HAND: "人工查看"}
ACKNOWLEDGED_ONLY = "acknowledged"
"""All that is known is the receipt; of a platform reached by relay not even that."""
NOTHING = "nothing"
CONTRADICTED = "contradicted"
"""The newest sight since the receipt is not what the receipt says."""
Place = tuple[str, str]
"""Platform and listing."""


@dataclass(frozen=True)
class Basis:
    """The receipt that says what should be seen at a site."""

    platform: str
    listing_id: str
    via: str
    sequence: int
    begun: int
    """The sequence since which the same is expected: a correction goes on, a listing again begins anew."""
    expects: str
    since: datetime
    planned_at: datetime
    first_planned_at: datetime
    match_key: str
    region: str


def bases(
    session: Session, catalogue: Mapping[str, Profile], listing_ids: Sequence[str]
) -> dict[Place, Basis]:
    """What every site that has, or had, one of these listings should show: direct, or by relay."""
    direct = _acknowledged(session, listing_ids)
    found = dict(direct)
    for (platform, listing), basis in direct.items():
        for hop in relay_chain(catalogue, platform) if platform in catalogue else ():
            at = (hop.id, listing)
            known = found.get(at)
            if at not in direct and (known is None or known.sequence < basis.sequence):
                found[at] = Basis(**{**vars(basis), "platform": hop.id})
    return found


def _acknowledged(session: Session, listing_ids: Sequence[str]) -> dict[Place, Basis]:
    row = TABLE.c
    query = (
        select(row.platform, row.listing_id, row.sequence, row.operation, row.settled_at, row.created_at,
               row.match_key, row.region)
        .where(among(session, row.listing_id, listing_ids), row.state == ACKNOWLEDGED)
        .order_by(row.sequence, row.id)
    )  # fmt: skip
    found: dict[Place, Basis] = {}
    for one in session.execute(query):
        earlier = found.get((one.platform, one.listing_id))
        expects = ABSENT if one.operation == WITHDRAW else DISPLAYED
        found[one.platform, one.listing_id] = Basis(
            platform=one.platform,
            listing_id=one.listing_id,
            via=one.platform,
            sequence=one.sequence,
            begun=earlier.begun if earlier and earlier.expects == expects else one.sequence,
            expects=expects,
            since=one.settled_at or one.created_at,
            planned_at=one.created_at,
            first_planned_at=earlier.first_planned_at if earlier else one.created_at,
            match_key=one.match_key or (earlier.match_key if earlier else one.listing_id),
            region=one.region,
        )
    return found


def appearances_of(
    session: Session, catalogue: Mapping[str, Profile], listing_id: str
) -> list[dict[str, Any]]:
    """One entry a platform, in catalogue order."""
    known = queries.appearances(session, [listing_id]).get(listing_id, {})
    found = {platform: basis for (platform, _), basis in bases(session, catalogue, [listing_id]).items()}
    order = {name: number for number, name in enumerate(catalogue)}
    return [
        _view(catalogue, basis, known.get(name))
        for name, basis in sorted(found.items(), key=lambda one: order.get(one[0], len(order)))
    ]


def begins_anew(row: Appearance, basis: Basis) -> bool:
    """True if the row tells of something that was expected before what is expected now."""
    return row.sequence < basis.begun or row.expects != basis.expects


def patience(profile: Profile | None, row: Appearance) -> timedelta:
    """How long after the receipt a site usually takes to show what it says."""
    asking = profile.observation if profile else Asking()
    relayed = row.via != row.platform
    return timedelta(hours=asking.relay_hours if relayed else asking.settle_hours)


def counts(profile: Profile | None, row: Appearance, how: str) -> bool:
    """Whether the row's last sight is one that somebody has to look into."""
    against = row.against_at
    if against is None:
        return False
    early = how != ASKED and row.via == row.platform
    return early or against - row.since >= patience(profile, row)


def _view(catalogue: Mapping[str, Profile], basis: Basis, row: Appearance | None) -> dict[str, Any]:
    profile, below = catalogue.get(basis.platform), catalogue.get(basis.via)
    current = row if row is not None and not begins_anew(row, basis) else None
    past = row if current or basis.expects == ABSENT else None
    known = current.seen_how if current else None
    against = current.against_at if current else None
    if current and against and against >= basis.since and counts(profile, current, str(current.against_how)):
        known = CONTRADICTED
    relayed = basis.via != basis.platform
    return {
        "platform": basis.platform,
        "platform_name": profile.name if profile else basis.platform,
        "site": profile.site if profile else "",
        "via": basis.via if relayed else None,
        "via_name": (below.name if below else basis.via) if relayed else None,
        "expects": basis.expects,
        "acknowledged_at": basis.since,
        "displayed_at": past.displayed_at if past else None,
        "displayed_how": past.displayed_how if past else None,
        "absent_at": current.absent_at if current else None,
        "absent_how": current.absent_how if current else None,
        "seen_at": current.seen_at if current else None,
        "against_at": against if known == CONTRADICTED else None,
        "against_how": current.against_how if current and known == CONTRADICTED else None,
        "lag_seconds": current.lag_seconds if current else None,
        "asked_at": current.asked_at if current else None,
        "asks": current.asks if current else 0,
        "evidence": known or (NOTHING if relayed else ACKNOWLEDGED_ONLY),
    }


def observation_view(row: Observation) -> dict[str, Any]:
    """A sight as the API tells it."""
    names = ("platform", "seen", "how", "at", "who", "url", "note", "screenshot_sha256", "recorded_at")
    return {name: getattr(row, name) for name in names}
