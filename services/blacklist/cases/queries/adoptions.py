"""Proposals to adopt migrated listings: seen by the department that proposes and by its overseers."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, or_, select, true
from sqlalchemy.orm import Session

from services.blacklist.cases.models import Adoption
from services.blacklist.cases.queries.finding import OVERSEERS, region_prefix
from services.blacklist.identity.domain import can_act
from services.blacklist.register.models import Listing
from shared.errors import Forbidden, NotFound
from shared.identifiers import mask_person_name
from shared.web.access import Principal


def visible_to(who: Principal) -> ColumnElement[bool]:
    own = Adoption.department_id == who.department_id
    if not who.roles & OVERSEERS:
        return own
    prefix = region_prefix(who.region)
    return or_(own, Adoption.region.startswith(prefix, autoescape=True)) if prefix else true()


def find_adoptions(
    session: Session, who: Principal, *, state: str | None, before: str | None, limit: int
) -> Sequence[tuple[Adoption, Listing]]:
    """Newest first, each with its listing; one more than `limit`."""
    rows = select(Adoption, Listing).join(Listing, Listing.id == Adoption.listing_id).where(visible_to(who))
    if state:
        rows = rows.where(Adoption.state == state)
    if before:
        rows = rows.where(Adoption.id < before)
    found = session.execute(rows.order_by(Adoption.id.desc()).limit(limit + 1))
    return [(wish, listing) for wish, listing in found]


def adoption_to_answer(session: Session, adoption_id: str, actor: Principal) -> Adoption:
    """The locked proposal; foreign ones do not exist, overseers may look but not act."""
    wanted = select(Adoption).where(Adoption.id == adoption_id, visible_to(actor)).with_for_update()
    wish = session.scalars(wanted.execution_options(populate_existing=True)).first()
    if wish is None:
        raise NotFound("adoption-not-found", "没有这件接管申请")
    if not can_act(actor, wish.department_id):
        raise Forbidden("not-own-department", "不是本部门的申请", "监督和审计人员可以查看，不能办理。")
    return wish


def adoption_view(wish: Adoption, listing: Listing) -> dict[str, Any]:
    person = listing.subject_type == "individual"
    return {
        "id": wish.id,
        "state": wish.state,
        "listing_id": wish.listing_id,
        "case_id": wish.case_id,
        "subject_name": mask_person_name(listing.subject_name) if person else listing.subject_name,
        "list_code": listing.list_code,
        "document_number": listing.document_number,
        "reason": wish.reason,
        "proposed_by": wish.proposer_name,
        "proposed_at": wish.proposed_at,
        "decided_at": wish.decided_at,
        "answer": wish.answer,
    }
