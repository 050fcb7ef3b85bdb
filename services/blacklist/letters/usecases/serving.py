"""送达: each attempt with its proof. The decision and the repair notice are served together (两书同达):
serving the decision serves both, and the repair notice of our own decision is never served alone.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.blacklist.audit import usecases as audit
from services.blacklist.audit.domain import without_identities
from services.blacklist.cases.domain.serving import (
    SERVED,
    announced_where,
    effective_on,
    methods,
    service_problems,
)
from services.blacklist.cases.domain.table import PUBLISHED, find_transition
from services.blacklist.cases.models import Case
from services.blacklist.cases.queries import find_case
from services.blacklist.cases.usecases.hearing import keep_notice
from services.blacklist.cases.usecases.transition import Order, take_step
from services.blacklist.letters.domain.templates import DECISION, HEARING, NOTICE, REPAIR_NOTICE
from services.blacklist.letters.models import Letter, LetterSending, LetterService
from services.blacklist.letters.queries.finding import counted_from, current_letter, find_letter, told_steps
from services.blacklist.letters.usecases.copies import checked_file, file_name, letter_to_act_on
from services.blacklist.letters.usecases.keeping import fetch, keep
from services.blacklist.store import Deps
from shared.clock import local_date
from shared.errors import Conflict, FieldError, Invalid, NotFound, describe_errors
from shared.ids import new_id
from shared.web.access import Principal

FULL = "full"
DRIVES = {
    NOTICE: ("record_notice_service", "renew_notice_service", "fail_notice_service"),
    DECISION: ("record_service", "renew_service", None),
}
"""The steps of the case that the service of a letter of this kind is: first, counting later, not reached."""

describe_errors(
    {
        "letters-together": "决定书与信用修复告知书须一并送达（两书同达）。请先制作两份，再登记送达。",
        "letter-proof-not-found": "没有这份送达凭证，或者当前账号不可查看。",
    }
)


@dataclass(frozen=True)
class Proof:
    """A file that proves service: the signed return, the postal slip, a picture of the notice."""

    name: str
    content: bytes


def record_service(
    session: Session,
    deps: Deps,
    letter_id: str,
    given: Mapping[str, Any],
    proof: Proof | None,
    *,
    actor: Principal,
    at: datetime,
) -> list[LetterService]:
    """Record an attempt for the letter, and for the repair notice that goes with a decision."""
    media_type = checked_file(proof.name, proof.content) if proof else None
    letter = letter_to_act_on(session, letter_id, actor)
    problems = [*service_problems(given, letter.dated, local_date(at)), *_method_problem(given)]
    problems += announced_where(given, proved=proof is not None)
    if problems:
        pointed = [FieldError(*problem) for problem in problems]
        raise Invalid("validation-failed", "提交的内容有误", "请按提示修改后重新提交。", fields=pointed)
    case = find_case(session, str(letter.case_id), actor)
    rows = []
    together = served_together(session, case, letter)
    for each in together:
        row = _row(each, given, actor, at)
        if proof and media_type:
            _attach(deps, row, proof, media_type)
        session.add(row)
        _note(session, each, row, actor, at)
        rows.append(row)
    session.flush()
    _move_case(session, deps, case, together, rows[0], actor, at)
    return rows


def _move_case(
    session: Session,
    deps: Deps,
    case: Case,
    letters: Sequence[Letter],
    row: LetterService,
    actor: Principal,
    at: datetime,
) -> None:
    """What is served here is not typed again on the case: its own step follows, with this record as proof.

    One truth for both: what the case was told before gives way to a service that counts from a later day.
    """
    letter = letters[0]
    current = _is_current(session, case, letter)
    if current and letter.kind == HEARING:
        attempt = {"outcome": row.outcome, "served_on": row.served_on, "effective_on": row.effective_on}
        proof = row.proof_sha256 or _signed_for(session, letter)
        keep_notice(case, attempt | {"letter_id": letter.id, "service_id": row.id, "proof": proof})
    action = _step_for(case, letter, row) if current else None
    if action is None or find_transition(case.procedure, case.state, action) is None:
        return
    told = {
        "letter_id": letter.id, "service_id": row.id, "number": letter.number, "proof": row.proof_sha256,
        "papers": [each.kind for each in letters],
    }  # fmt: skip
    proof = f"{letter.title}{letter.number}送达记录"
    inputs = {
        "method": row.method, "served_on": row.served_on, "recipient": row.recipient, "proof": proof,
        "letter": told,
    }  # fmt: skip
    if not action.startswith("record"):
        inputs["reason"] = row.note or proof
    take_step(session, deps, Order(case.id, None, action, inputs), actor=_for_the_step(actor), at=at)


def _signed_for(session: Session, letter: Letter) -> str | None:
    """The sending the party signed for by its code: a proof of its own."""
    wanted = select(LetterSending.id).where(
        LetterSending.letter_id == letter.id, LetterSending.signed_at.is_not(None)
    )
    return session.scalars(wanted.limit(1)).first()


def _is_current(session: Session, case: Case, letter: Letter) -> bool:
    """Not one of before the case was sent back: the party is told anew."""
    told = told_steps(session, case).get(letter.kind)
    return told is not None and told.id == letter.step_id


def _step_for(case: Case, letter: Letter, row: LetterService) -> str | None:
    if letter.kind == DECISION and case.state == PUBLISHED:
        return _after_publication(case, row)
    first, later, failed = DRIVES.get(letter.kind, (None, None, None))
    counted = counted_from(case, letter.kind)
    if row.outcome != SERVED:
        return failed if counted is None else None
    if counted is None:
        return None if _too_late(case, letter, row) else first
    return later if row.effective_on and row.effective_on > counted else None


def _after_publication(case: Case, row: LetterService) -> str | None:
    """A decision that comes back after publication is served again; what failed before that day is past."""
    if row.outcome != SERVED:
        service = case.service or {}
        served = service.get("again", service).get("served_on") or ""
        return None if case.decision_failed_on or row.served_on.isoformat() < served else "fail_service"
    return "serve_again" if case.decision_failed_on else None


def _too_late(case: Case, letter: Letter, row: LetterService) -> bool:
    """A notice that counts only after the decision told nobody in time: kept, yet no step of the case."""
    decided, effective = case.decided_on, row.effective_on
    return letter.kind == NOTICE and bool(decided and effective and effective > decided)


def _for_the_step(actor: Principal) -> Principal:
    """A department's own system records service as its clerk does; it takes no other step of a case."""
    return replace(actor, roles=frozenset({"clerk"})) if actor.key_id else actor


def _method_problem(given: Mapping[str, Any]) -> list[tuple[str, str]]:
    return (
        [] if given["method"] in methods() else [("/method", f"送达方式应为下列之一：{'、'.join(methods())}")]
    )


def served_together(session: Session, case: Case, letter: Letter) -> list[Letter]:
    """The letter, and what is served with it: a decision's repair notice."""
    if case.procedure != FULL or letter.kind not in (DECISION, REPAIR_NOTICE):
        return [letter]
    other = current_letter(session, str(letter.step_id), REPAIR_NOTICE)
    if letter.kind == REPAIR_NOTICE or other is None:
        detail = "请对决定书登记送达，修复告知书随之登记。" if other else "请先制作信用修复告知书。"
        raise Conflict("letters-together", "决定书与信用修复告知书须一并送达", detail)
    return [letter, other]


def _row(letter: Letter, given: Mapping[str, Any], actor: Principal, at: datetime) -> LetterService:
    outcome = given.get("outcome") or SERVED
    texts = {name: given.get(name) for name in ("recipient", "tracking_number", "place", "note")}
    return LetterService(
        id=new_id(),
        letter_id=letter.id,
        method=given["method"],
        outcome=outcome,
        served_on=given["served_on"],
        effective_on=effective_on(given["method"], given["served_on"]) if outcome == SERVED else None,
        **{name: without_identities(value) for name, value in texts.items()},
        recorded_by=actor.user_id,
        recorder_name=actor.display_name,
        recorded_at=at,
    )


def _attach(deps: Deps, row: LetterService, proof: Proof, media_type: str) -> None:
    row.proof_name, row.proof_type = file_name(proof.name), media_type
    row.proof_sha256 = hashlib.sha256(proof.content).hexdigest()
    keep(deps, "proof", row.id, proof.content)


def open_proof(
    session: Session, deps: Deps, letter_id: str, service_id: str, who: Principal
) -> tuple[LetterService, bytes]:
    """The proof of a service of a letter one may see."""
    letter, _ = find_letter(session, letter_id, who)
    row = session.get(LetterService, service_id)
    if row is None or row.letter_id != letter.id or row.proof_sha256 is None:
        raise NotFound("letter-proof-not-found", "没有这份送达凭证")
    return row, fetch(deps, "proof", row.id, row.proof_sha256)


def _note(session: Session, letter: Letter, row: LetterService, actor: Principal, at: datetime) -> None:
    detail = {
        "letter": letter.id,
        "number": letter.number,
        "method": row.method,
        "outcome": row.outcome,
        "served_on": row.served_on.isoformat(),
        "effective_on": row.effective_on.isoformat() if row.effective_on else None,
        "proof": row.proof_sha256,
    }
    audit.record(
        session, actor=actor, action="letter.serve", object_type="case", object_id=str(letter.case_id),
        detail=detail, at=at,
    )  # fmt: skip
