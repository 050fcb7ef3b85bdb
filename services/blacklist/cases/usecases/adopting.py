"""Adopt a listing that came from history (接管): one person proposes, another confirms, and a published case
stands behind it that every ordinary action works on. The listing itself does not change, unless it shows a
minor or a person its list may not name: then the public sees it no more, and it is to be revoked.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.blacklist.audit import usecases as audit
from services.blacklist.cases.domain.entitlement import entitlement_problems
from services.blacklist.cases.domain.filing import normalised
from services.blacklist.cases.domain.table import PUBLISHED
from services.blacklist.cases.models import Adoption, Case, CaseOverlay, CaseStep
from services.blacklist.cases.queries.adoptions import adoption_to_answer
from services.blacklist.cases.usecases.columns import content_columns
from services.blacklist.cases.usecases.filing import refuse
from services.blacklist.cases.usecases.office import Office
from services.blacklist.cases.usecases.papers import hold_papers
from services.blacklist.register.models import Listing
from services.blacklist.register.publishes import storage_aad
from services.blacklist.register.usecases import hide_listing
from services.blacklist.register.usecases.ownership import adoptable_listing, give_to_case
from services.blacklist.rules.domain import ListRule
from services.blacklist.store import Deps
from shared.clock import local_date
from shared.crypto import KeyRing
from shared.errors import Conflict, Forbidden
from shared.ids import new_id
from shared.web.access import Principal

PROPOSED, CONFIRMED, REFUSED = "proposed", "confirmed", "refused"
RULE = "历史公示信息由认定部门接管，双人办理"


def propose_adoption(
    session: Session, listing_id: str, reason: str, *, actor: Principal, at: datetime
) -> Adoption:
    """A wish of the actor's department, which must be one that may decide on this list and place."""
    listing = adoptable_listing(session, listing_id)
    office = Office(session, local_date(at))
    refuse_strangers(office, listing, actor.department_id)
    waiting = select(Adoption.id).where(Adoption.listing_id == listing_id, Adoption.state == PROPOSED)
    if session.scalar(waiting):
        raise Conflict("adoption-waiting", "这条信息已有接管申请", "请由另一名工作人员确认或者不予接管。")
    made = Adoption(
        id=new_id(),
        listing_id=listing_id,
        department_id=actor.department_id,
        region=listing.region,
        state=PROPOSED,
        reason=reason,
        proposed_by=actor.user_id,
        proposer_name=actor.display_name,
        proposed_at=at,
    )
    session.add(made)
    _write_down(session, made, "listing.adoption-proposed", actor, at)
    session.flush()
    return made


def refuse_adoption(
    session: Session, adoption_id: str, reason: str, *, actor: Principal, at: datetime
) -> Adoption:
    """Leave the listing as it is."""
    wish = _answered(session, adoption_id, REFUSED, actor, at)
    wish.answer = reason
    _write_down(session, wish, "listing.adoption-refused", actor, at)
    return wish


def confirm_adoption(
    session: Session, deps: Deps, adoption_id: str, *, actor: Principal, at: datetime
) -> Adoption:
    """Make the case: filed by who proposed it, checked and published by who confirms."""
    wish = _answered(session, adoption_id, CONFIRMED, actor, at)
    listing = adoptable_listing(session, wish.listing_id)
    office = Office(session, local_date(at))
    rule = refuse_strangers(office, listing, wish.department_id)
    case = Case(**_case_columns(office, deps.keyring, listing, rule, wish, at))
    session.add(case)
    session.flush()
    hold_papers(session, [case])  # of twins the former system already published, the first holds
    session.add(_step(case, wish, actor, at))
    give_to_case(listing, case.id, case.department_id)
    minor = case.minor_until is not None and case.minor_until > local_date(at)
    if minor or case.subject_type not in rule.subject_types:
        _shield_from_all(session, deps.keyring, case, actor, at)
    wish.case_id = case.id
    _write_down(session, wish, "listing.adopted", actor, at)
    session.flush()
    return wish


def _shield_from_all(session: Session, keyring: KeyRing, case: Case, actor: Principal, at: datetime) -> None:
    """A minor, or a person the list may not name: to refuse would leave them in public view, for only a case
    can revoke what another system published.
    """
    reason, opened = "privacy", {"opened_by": actor.user_id, "opened_at": at}
    session.add(
        CaseOverlay(id=new_id(), case_id=case.id, kind="shield", state="active", reason=reason, **opened)
    )
    session.flush()
    hide_listing(session, keyring, str(case.listing_id), code=f"shield:{reason}", reason=reason, at=at)


def refuse_strangers(office: Office, listing: Listing, department_id: str) -> ListRule:
    """The list's rule, once it is sure that this department may answer for the listing.

    Of a subject the list may not name it answers too: by adopting, to revoke.
    """
    rule = office.rule(listing.list_code, listing.public_start) or office.needed_rule(listing.list_code)
    department = office.department(department_id)
    found = entitlement_problems(
        rule,
        subject_type=listing.subject_type,
        region=listing.region,
        department_region=department.region,
        level=department.level,
        organ_kind=department.kind,
    )
    refuse([problem for problem in found if problem[0] != "/subject/type"])
    return rule


def _answered(session: Session, adoption_id: str, state: str, actor: Principal, at: datetime) -> Adoption:
    wish = adoption_to_answer(session, adoption_id, actor)
    if wish.state != PROPOSED:
        raise Conflict("adoption-answered", "这件接管申请已经办结", "请刷新后查看结果。")
    if wish.proposed_by == actor.user_id:
        detail = "提出接管的人不能自己确认。"
        raise Forbidden("four-eyes", "须由另一名工作人员办理", detail, rule=RULE)
    wish.state, wish.decided_by, wish.decided_at = state, actor.user_id, at
    return wish


def filing_of_listing(keyring: KeyRing, listing: Listing) -> dict[str, Any]:
    """What the listing says, as a filing: identity numbers opened, nothing added."""
    facts = listing.facts
    opened = {
        name: keyring.unseal(token, storage_aad(listing.id, name)).decode()
        for name, token in listing.identity.items()
    }
    return {
        "list_code": listing.list_code,
        "domain": listing.domain,
        "region": listing.region,
        "subject": {**facts["subject"], **opened},
        "misconduct": facts["misconduct"],
        "document": facts["document"],
        "disclosure": {"attribute": "proactive"},
    }


def _case_columns(
    office: Office, keyring: KeyRing, listing: Listing, rule: ListRule, wish: Adoption, at: datetime
) -> dict[str, Any]:
    case_id, department = new_id(), office.department(wish.department_id)
    content = content_columns(keyring, case_id, normalised(filing_of_listing(keyring, listing)))
    return {
        "id": case_id,
        "listing_id": listing.id,
        "state": PUBLISHED,
        "version": 1,
        "sequence": 0,
        "list_code": listing.list_code,
        "list_name": listing.facts["list"]["name"],
        "list_class": listing.list_class,
        "procedure": rule.procedure,
        "rule_version": listing.facts["list"]["rule_version"],
        "department_id": department.id,
        "department_name": department.name,
        "department_uscc": department.uscc,
        "severity": listing.facts["severity"] or rule.default_severity,
        "measures": listing.facts["measures"],
        "reviewed_hash": content["content_hash"],
        **_people(wish),
        **_dates(listing, content["document_date"]),
        "created_at": at,
        "updated_at": at,
        **content,
    }


def _people(wish: Adoption) -> dict[str, Any]:
    second = wish.decided_by
    return {
        "filer_id": wish.proposed_by,
        "filer_name": wish.proposer_name,
        "last_editor_id": wish.proposed_by,
        "reviewer_id": second,
        "decider_id": second,
        "publisher_id": second,
    }


def _dates(listing: Listing, document_date: date | None) -> dict[str, Any]:
    """As the former system published it; service is taken to have been made by then."""
    return {
        "decided_on": document_date or listing.public_start,
        "service": {"method": "as-documented", "served_on": listing.public_start.isoformat()},
        "service_effective_on": listing.public_start,
        "published_at": listing.published_at,
        "publicity_start": listing.public_start,
        "publicity_min_end": listing.public_min_end,
        "publicity_max_end": listing.public_max_end,
    }


def _step(case: Case, wish: Adoption, actor: Principal, at: datetime) -> CaseStep:
    return CaseStep(
        id=new_id(),
        case_id=case.id,
        version=1,
        action="adopt",
        from_state=None,
        to_state=PUBLISHED,
        actor_id=actor.user_id,
        actor_name=actor.display_name,
        actor_role="decider",
        reason=wish.reason,
        rule=RULE,
        rule_version=case.rule_version,
        detail={"listing_id": case.listing_id, "proposed_by": wish.proposer_name},
        at=at,
    )


def _write_down(session: Session, wish: Adoption, action: str, actor: Principal, at: datetime) -> None:
    audit.record(
        session,
        actor=actor,
        action=action,
        object_type="listing",
        object_id=wish.listing_id,
        detail={"adoption": wish.id, "case": wish.case_id, "reason": wish.answer or wish.reason},
        at=at,
    )
