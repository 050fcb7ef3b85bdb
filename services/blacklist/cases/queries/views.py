"""A case as officers see it in JSON and on pages: masked, with what may be done next and what is due."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.blacklist.cases.domain.content import penalty_category
from services.blacklist.cases.domain.guards import available_actions
from services.blacklist.cases.domain.linking import RELATIONS
from services.blacklist.cases.domain.standing import Actor
from services.blacklist.cases.domain.table import BEFORE_PUBLICATION, SERVED, STATE_NAMES
from services.blacklist.cases.models import (
    Case,
    CaseAttachment,
    CaseLink,
    CaseOverlay,
    CaseStep,
    NoticeStatus,
)
from services.blacklist.cases.publishes import shown_name
from services.blacklist.cases.queries.cautions import cautions
from services.blacklist.cases.queries.links import links_of
from services.blacklist.cases.queries.notices import notices_of
from services.blacklist.cases.queries.rejections import rejection_view, rejections_of
from services.blacklist.cases.queries.requests import request_view, requests_of
from services.blacklist.cases.queries.standing import open_overlays, rule_on, standing_of
from services.blacklist.cases.queries.twins import earlier_filing, entry_of, published_entries
from services.blacklist.rules.models import Duty
from services.blacklist.rules.queries import duties_of
from services.blacklist.rules.queries.duties import lateness
from shared.web.access import Principal

REVIEW_TOLD = ("reviewer", "reviewed_on", "conclusion", "opinion")


def acting(who: Principal) -> Actor:
    return Actor(who.user_id, who.roles, who.department_id)


def case_views(session: Session, cases: Sequence[Case], who: Principal, today: date) -> list[dict[str, Any]]:
    """The short form of each, in order, with three queries for all of them together."""
    overlays = open_overlays(session, cases)
    duties = duties_of(session, [case.id for case in cases])
    published = published_entries(session, [case for case in cases if case.state == SERVED], today)
    return [
        _summary(
            case,
            overlays.get(case.id, {}),
            duties.get(case.id, ()),
            published.twin_of(entry_of(case)),
            who,
            today,
        )
        for case in cases
    ]


def case_view(session: Session, case: Case, who: Principal, today: date) -> dict[str, Any]:
    """One case in full, with its timeline and attachments."""
    summary = case_views(session, [case], who, today)[0]
    overlays = open_overlays(session, [case]).get(case.id, {})
    papers = attachments_of(session, case.id)
    steps = steps_of(session, case.id)
    revoked_by = _revoking_document(steps)
    kinds = {each.kind for each in papers}
    warned = cautions(case, overlays, summary["duties"], kinds, today, revoked_by)
    return summary | {
        "decision": decision_view(case),
        "notice": _notice_view(case),
        "statement": case.statement,
        "hearing": case.hearing,
        "legal_review": _legal_review_view(case),
        "service": _service_view(case),
        "attachments": [attachment_view(each) for each in papers],
        "steps": [_step_view(step) for step in steps],
        "revocation": revoked_by,
        "notices": [_told_view(each) for each in notices_of(session, case)],
        "obligations": case.obligations,
        "requests": [request_view(each) for each in requests_of(session, case.id)],
        "links": link_views(session, case.id),
        "rejections": [rejection_view(each, summary["duties"]) for each in rejections_of(session, case.id)],
        "warnings": [*warned, *_filed_twice(session, case, who)],
    }


def link_views(session: Session, case_id: str) -> list[dict[str, Any]]:
    """Parents and children, each with how it stands."""
    return [_link_view(side, link, other) for side, link, other in links_of(session, case_id)]


def _link_view(side: str, link: CaseLink, other: Case) -> dict[str, Any]:
    return {
        "id": link.id,
        "side": side,
        "relation": link.relation,
        "relation_name": RELATIONS.get(link.relation, link.relation),
        "case_id": other.id,
        "listing_id": other.listing_id,
        "subject_name": shown_name(other),
        "state": other.state,
        "state_name": STATE_NAMES[other.state],
        "note": link.note,
        "created_at": _instant(link.created_at),
        "proposed_at": _instant(link.proposed_at),
    }


def _filed_twice(session: Session, case: Case, who: Principal) -> list[dict[str, str]]:
    """Told to the department itself only, while the case may still be withdrawn."""
    if case.state not in BEFORE_PUBLICATION or who.department_id != case.department_id:
        return []
    other = earlier_filing(session, case)
    if other is None:
        return []
    named = f"案件{other.id}（{STATE_NAMES[other.state]}）"
    text = f"本部门已就同一文书、机关、主体和名单录入{named}，请核对是否重复"
    return [{"title": "可能重复录入", "text": text, "rule": "同一决定公示一次"}]


def _told_view(told: NoticeStatus) -> dict[str, Any]:
    return {
        "event_type": told.event_type,
        "channel": told.channel,
        "department_id": told.department_id,
        "state": told.state,
        "at": _instant(told.at),
        "reason": told.reason,
    }


def _summary(
    case: Case,
    overlays: Mapping[str, CaseOverlay],
    duties: Sequence[Duty],
    twin: str | None,
    who: Principal,
    today: date,
) -> dict[str, Any]:
    standing = standing_of(case, overlays, rule_on(case.list_code, today), today, twin)
    return {
        "id": case.id,
        "listing_id": case.listing_id,
        "state": case.state,
        "state_name": STATE_NAMES[case.state],
        "version": case.version,
        "procedure": case.procedure,
        "overlays": {kind: _overlay_view(overlay) for kind, overlay in overlays.items()},
        "available_actions": available_actions(standing, acting(who), today),
        "duties": [_duty_view(duty, today) for duty in duties],
        "list_code": case.list_code,
        "list_name": case.list_name,
        "list_class": case.list_class,
        "rule_version": case.rule_version,
        "domain": case.domain,
        "region": case.region,
        "department": {"id": case.department_id, "name": case.department_name},
        **filing_view(case),
        "publicity": _publicity_view(case),
        "filed_by": case.filer_name,
        "reason_code": case.reason_code,
        "reason": case.reason,
        "created_at": _instant(case.created_at),
        "updated_at": _instant(case.updated_at),
    }


def filing_view(case: Case) -> dict[str, Any]:
    """What was filed; identity numbers only as masks."""
    return {
        "subject": {
            "type": case.subject_type,
            "name": case.subject_name,
            "former_names": list(case.former_names),
            "short_names": list(case.short_names),
            "uscc": case.uscc,
            "codes": dict(case.codes),
            "legal_representative": case.legal_representative,
            "legal_representative_id_type": case.legal_representative_id_type,
            "legal_representative_id_masked": case.legal_representative_id_masked,
            "id_type": case.id_type,
            "id_masked": case.id_masked,
            "birth_on": _day(case.birth_on),
        },
        "misconduct": dict(case.misconduct),
        "document": {**case.document, "penalty_category": penalty_category(case.document)},
        "disclosure": {
            "attribute": case.disclosure,
            "reason": case.disclosure_reason,
            "exceptions": list(case.disclosure_exceptions),
            "covered": list(case.disclosure_covered),
        },
    }


def decision_view(case: Case) -> dict[str, Any] | None:
    if case.severity is None:
        return None
    return {
        "severity": case.severity,
        "measures": list(case.measures),
        "publicity_months": case.publicity_months,
        "decided_on": _day(case.decided_on),
        **(case.decision or {}),
    }


def _notice_view(case: Case) -> dict[str, Any] | None:
    if case.notice_number is None:
        return None
    return {
        "number": case.notice_number,
        "noticed_on": _day(case.noticed_on),
        "window_ends_on": _day(case.window_ends_on),
        "hearing_ends_on": _day(case.hearing_ends_on),
        "grounds": case.misconduct.get("facts"),
        "basis": case.document.get("basis"),
        "provisional": case.window_provisional,
        "service": case.notice_service,
        "failed_on": _day(case.notice_failed_on),
        "rights": _rights(case),
    }


def _revoking_document(steps: Sequence[CaseStep]) -> dict[str, Any] | None:
    """The document by which the listing was revoked: number, date and organ."""
    found = (step.detail.get("document") for step in reversed(steps) if step.action == "revoke")
    return next(found, None)


def _legal_review_view(case: Case) -> dict[str, Any] | None:
    """Who reviewed, when, with what opinion; not by which account or of which content."""
    kept = case.legal_review
    return {str(name): kept[name] for name in REVIEW_TOLD} if kept else None


def _rights(case: Case) -> str:
    """What the party is told it may do (告知的权利)."""
    hearing = f"，可以在{_day(case.hearing_ends_on)}前要求听证" if case.hearing_ends_on else ""
    return f"当事人可以在{_day(case.window_ends_on)}前陈述、申辩{hearing}。"


def _service_view(case: Case) -> dict[str, Any] | None:
    if case.service is None:
        return None
    return {**case.service, "effective_on": _day(case.service_effective_on)}


def _publicity_view(case: Case) -> dict[str, Any] | None:
    if case.publicity_start is None:
        return None
    return {
        "start": _day(case.publicity_start),
        "min_end": _day(case.publicity_min_end),
        "max_end": _day(case.publicity_max_end),
        "published_at": _instant(case.published_at),
        "ended_at": _instant(case.ended_at),
    }


def _overlay_view(overlay: CaseOverlay) -> dict[str, Any]:
    return {
        "state": overlay.state,
        "reason": overlay.reason,
        "channel": overlay.channel,
        "ticket": overlay.ticket,
        "received_at": _day(overlay.received_on),
        "due": _day(overlay.due_on),
        "opened_at": _instant(overlay.opened_at),
        "confirmed": overlay.second_by is not None,
        "evidence": overlay.detail.get("evidence"),
        "commitment": overlay.detail.get("commitment"),
        "document": overlay.detail.get("document"),
    }


def _duty_view(duty: Duty, today: date) -> dict[str, Any]:
    return {
        "id": duty.id,
        "kind": duty.kind,
        "due": _day(duty.due_on),
        "state": duty.state_on(today),
        **lateness(duty),
        "provisional": duty.provisional,
        "rule": duty.rule,
    }


def _step_view(step: CaseStep) -> dict[str, Any]:
    return {
        "action": step.action,
        "from": step.from_state,
        "to": step.to_state,
        "version": step.version,
        "by": step.actor_name,
        "role": step.actor_role,
        "reason": step.reason,
        "rule": step.rule,
        "rule_version": step.rule_version,
        "detail": step.detail,
        "at": _instant(step.at),
    }


def attachment_view(each: CaseAttachment) -> dict[str, Any]:
    return {
        "id": each.id,
        "kind": each.kind,
        "file_name": each.file_name,
        "media_type": each.media_type,
        "size": each.size,
        "sha256": each.sha256,
        "created_at": _instant(each.created_at),
    }


def attachments_of(session: Session, case_id: str) -> Sequence[CaseAttachment]:
    wanted = select(CaseAttachment).where(CaseAttachment.case_id == case_id).order_by(CaseAttachment.id)
    return session.scalars(wanted).all()


def steps_of(session: Session, case_id: str) -> Sequence[CaseStep]:
    """The timeline, oldest first."""
    wanted = select(CaseStep).where(CaseStep.case_id == case_id).order_by(CaseStep.version, CaseStep.id)
    return session.scalars(wanted).all()


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _instant(at: datetime | None) -> str | None:
    return at.isoformat().replace("+00:00", "Z") if at else None
