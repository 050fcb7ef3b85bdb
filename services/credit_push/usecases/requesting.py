"""A party's objection or repair comes in at a platform (信用中国): taken once by ticket, told to the case."""

from dataclasses import dataclass, replace
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.credit_push.catalogue import Profile
from services.credit_push.domain import WITHDRAW
from services.credit_push.models import Listing, ListingVersion, PartyRequest
from services.credit_push.publishes import announce_request, lock_listings
from services.credit_push.sights import ABSENT, bases
from services.credit_push.usecases.deps import Deps
from shared.errors import Conflict, FieldError, Forbidden, Invalid, NotFound
from shared.ids import new_id
from shared.written import cover_identities

OBJECTION, REPAIR = "objection", "repair"
LONGEST_AGO = timedelta(days=366)
"""Whatever a platform has kept longer, it has to file anew."""
KINDS = {OBJECTION: "异议", REPAIR: "信用修复申请"}


@dataclass(frozen=True)
class Asked:
    """What the platform brings; `received_on` is the day it got the party's request."""

    kind: str
    listing_id: str
    ticket: str
    received_on: date
    evidence: str
    commitment: str | None = None

    def covered(self) -> "Asked":
        """The same without identity numbers: none may travel on a topic."""
        commitment = self.commitment and cover_identities(self.commitment)
        return replace(self, evidence=cover_identities(self.evidence), commitment=commitment)


def take_request(session: Session, deps: Deps, profile: Profile, given: Asked) -> PartyRequest:
    """Keep it and tell the case; the same ticket again is answered with what was taken."""
    if not profile.door.requests:
        raise Forbidden("no-requests", "该平台不转来异议和修复申请")
    asked = given.covered()
    held = lock_listings(session, [asked.listing_id])
    earlier = session.scalars(
        select(PartyRequest).where(PartyRequest.platform == profile.id, PartyRequest.ticket == asked.ticket)
    ).first()
    if earlier is not None:
        return _same(earlier, asked)
    listing = session.get(Listing, asked.listing_id)
    if listing is None:
        raise NotFound("not-found", "没有这条名单")
    _check(session, deps, profile, listing, asked)
    row = PartyRequest(
        id=new_id(),
        platform=profile.id,
        region=listing.region,
        document_number=listing.document_number,
        taken_at=deps.clock.now(),
        **vars(asked),
    )
    session.add(row)
    session.flush()
    announce_request(session, held[listing.id], profile, row)
    return row


def _same(earlier: PartyRequest, asked: Asked) -> PartyRequest:
    if any(getattr(earlier, name) != value for name, value in vars(asked).items()):
        raise Conflict("ticket-taken", "该受理号已用于另一申请", "同一受理号只对应一件申请。")
    return earlier


def _check(session: Session, deps: Deps, profile: Profile, listing: Listing, asked: Asked) -> None:
    today = deps.clock.today()
    if not today - LONGEST_AGO <= asked.received_on <= today:
        field = FieldError("/received_on", "收到日期不能晚于今天，也不能早于一年前。")
        raise Invalid("validation-failed", "收到日期有误", fields=[field])
    basis = bases(session, deps.catalogue, [listing.id]).get((profile.id, listing.id))
    if basis is None:
        raise NotFound("not-found", "没有这条名单")
    if basis.expects == ABSENT or listing.operation == WITHDRAW:
        raise Conflict("listing-withdrawn", "该名单已经撤下", "已撤下的名单不再受理异议和修复申请。")
    version = session.get(ListingVersion, (listing.id, listing.sequence))
    if version is None or not version.payload.get("case_id"):
        raise Conflict("no-case", "该名单由其他系统认定", "请转送认定单位原系统办理。")
