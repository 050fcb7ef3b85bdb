"""Finding requests (by code for the applicant, by department or region for officers) and showing them."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, or_, select, true
from sqlalchemy.orm import Session

from services.blacklist.cases.queries.finding import OVERSEERS, region_prefix
from services.blacklist.disclosure.domain import ACTIONS, OPEN, STATES, answer_types, normal_code
from services.blacklist.disclosure.models import APPLICANT_AAD, DisclosureRequest, DisclosureStep
from services.blacklist.disclosure.queries.documents import document_line, documents_of
from services.blacklist.identity.domain import can_act
from services.blacklist.rules.models import Duty
from services.blacklist.rules.queries import duties_of
from shared.crypto import KeyRing
from shared.errors import Forbidden, NotFound
from shared.web.access import Principal

LETTER_AAD = "disclosure_requests.letter"


def visible_to(who: Principal) -> ColumnElement[bool]:
    """Own department; supervisors and auditors their region."""
    own = DisclosureRequest.department_id == who.department_id
    if not who.roles & OVERSEERS:
        return own
    prefix = region_prefix(who.region)
    return or_(own, DisclosureRequest.region.startswith(prefix, autoescape=True)) if prefix else true()


def list_requests(
    session: Session,
    who: Principal,
    *,
    state: str | None = None,
    before: str | None = None,
    limit: int = 50,
) -> Sequence[DisclosureRequest]:
    """Newest first; `before` is the id of the last one already seen."""
    wanted = select(DisclosureRequest).where(visible_to(who))
    if state == "open":
        wanted = wanted.where(DisclosureRequest.state.in_(OPEN))
    elif state:
        wanted = wanted.where(DisclosureRequest.state == state)
    if before:
        wanted = wanted.where(DisclosureRequest.id < before)
    return session.scalars(wanted.order_by(DisclosureRequest.id.desc()).limit(limit)).all()


def find_request(session: Session, request_id: str, who: Principal) -> DisclosureRequest:
    wanted = select(DisclosureRequest).where(DisclosureRequest.id == request_id, visible_to(who))
    return _found(session.scalars(wanted).first())


def request_to_act_on(session: Session, request_id: str, who: Principal) -> DisclosureRequest:
    """Under its row lock; foreign ones do not exist, overseers may look but not act."""
    wanted = select(DisclosureRequest).where(DisclosureRequest.id == request_id, visible_to(who))
    row = _found(session.scalars(wanted.with_for_update()).first())
    if not can_act(who, row.department_id):
        raise Forbidden("not-own-department", "不是本部门的申请", "监督和审计人员可以查看，不能办理。")
    return row


def request_by_code(
    session: Session, keyring: KeyRing, code: str, *, lock: bool = False
) -> DisclosureRequest:
    """Whoever holds the lookup code is taken for the applicant; every miss looks the same."""
    blinds = keyring.blind_indexes(normal_code(code)) if normal_code(code) else []
    wanted = select(DisclosureRequest).where(DisclosureRequest.lookup_blind.in_(blinds))
    return _found(session.scalars(wanted.with_for_update() if lock else wanted).first())


def _found(row: DisclosureRequest | None) -> DisclosureRequest:
    if row is None:
        raise NotFound("disclosure-request-not-found", "没有这件申请", "请核对查询码。")
    return row


def steps_of(session: Session, request_id: str) -> Sequence[DisclosureStep]:
    wanted = select(DisclosureStep).where(DisclosureStep.request_id == request_id)
    return session.scalars(wanted.order_by(DisclosureStep.at, DisclosureStep.id)).all()


def applicant_of(keyring: KeyRing, row: DisclosureRequest) -> dict[str, Any]:
    """Who asks and how to reach them; reading it is written into the trail by the caller."""
    found: dict[str, Any] = json.loads(keyring.unseal(row.applicant_sealed, f"{APPLICANT_AAD}.{row.id}"))
    return found


def letter_of(keyring: KeyRing, row: DisclosureRequest) -> str | None:
    if row.letter_sealed is None:
        return None
    return keyring.unseal(row.letter_sealed, f"{LETTER_AAD}.{row.id}").decode()


def summary_views(session: Session, rows: Sequence[DisclosureRequest], now: datetime) -> list[dict[str, Any]]:
    """What a list shows of each, with its duty; no applicant."""
    duties = duties_of(session, [row.id for row in rows])
    return [_summary(row, duties.get(row.id, []), now) for row in rows]


def _summary(row: DisclosureRequest, duties: Sequence[Duty], now: datetime) -> dict[str, Any]:
    duty = duties[-1] if duties else None
    return {
        "id": row.id,
        "number": row.number,
        "state": row.state,
        "state_name": STATES[row.state],
        "department": {"id": row.department_id, "name": row.department_name},
        "region": row.region,
        "applicant_type": row.applicant_type,
        "wanted": row.wanted,
        "delivery": row.delivery,
        "received_on": row.received_on,
        "correction_until": row.correction_until,
        "answered_on": row.answered_on,
        "due": duty.due_on if duty and row.state in OPEN else None,
        "provisional": bool(duty and duty.provisional),
        "duty_state": duty.state_at(now) if duty else None,
        "extended_wd": duty.extended_wd if duty else 0,
        "created_at": row.created_at,
    }


def public_view(session: Session, keyring: KeyRing, row: DisclosureRequest, now: datetime) -> dict[str, Any]:
    """Progress and answer for whoever holds the code: nothing about the applicant but the letter to them."""
    told = [
        {"action": step.action, "title": step.title, "text": step.told, "by": None, "at": step.at}
        for step in steps_of(session, row.id)
        if step.action not in INSIDE
    ]
    shown = summary_views(session, [row], now)[0] | {"id": None}
    return shown | {"steps": told, "answer": _answer_view(row), "letter": letter_of(keyring, row)}


INSIDE = frozenset({"draft", "return_draft", "attach", "detach"})
"""Steps that are the department's own business until the answer is issued."""


def officer_view(
    session: Session, keyring: KeyRing, row: DisclosureRequest, who: Principal, now: datetime
) -> dict[str, Any]:
    """Everything, the applicant included, with what may be done."""
    steps = [
        {"action": s.action, "title": s.title, "text": "。".join(t for t in (s.told, s.note) if t) or None,
         "by": s.actor_name, "at": s.at}
        for s in steps_of(session, row.id)
    ]  # fmt: skip
    return summary_views(session, [row], now)[0] | {
        "applicant": applicant_of(keyring, row),
        "draft": row.draft,
        "documents": [document_line(each) for each in documents_of(session, row.id)],
        "answer": _answer_view(row),
        "letter": letter_of(keyring, row),
        "steps": steps,
        "available_actions": available_actions(row, who),
    }


def available_actions(row: DisclosureRequest, who: Principal) -> list[dict[str, Any]]:
    """Every action of the current state, each allowed or explained."""
    found = []
    for action in ACTIONS.values():
        if row.state in action.states:
            refused = _refusal(row, who, action.roles, action.code)
            found.append(
                {"action": action.code, "title": action.title, "allowed": refused is None, "reason": refused}
            )
    return found


def _refusal(row: DisclosureRequest, who: Principal, roles: tuple[str, ...], action: str) -> str | None:
    if not can_act(who, row.department_id) or not who.has(*roles):
        return "应由本部门的经办人办理" if roles == ("clerk",) else "应由本部门的负责人办理"
    if action in ("issue", "return_draft") and row.draft is None:
        return "还没有拟写答复"
    if action == "issue" and row.drafted_by == who.user_id:
        return "拟写人不得签发本人拟写的答复"
    return None


def _answer_view(row: DisclosureRequest) -> dict[str, Any] | None:
    if row.answer is None:
        return None
    kind = answer_types()[row.answer["answer_type"]]
    return {
        "documents": [],
        **row.answer,
        "name": kind.name,
        "article": kind.article,
        "issued_on": row.answered_on,
    }
