"""Making out a letter (制作文书): numbered, rendered, sealed with its hash. Before it is stamped or served it
may be made out anew as the next version under the same number; afterwards it stands.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.blacklist.audit import usecases as audit
from services.blacklist.cases.models import Case, CaseStep
from services.blacklist.cases.queries import case_to_act_on
from services.blacklist.letters.domain.templates import DECISION, REPAIR_NOTICE
from services.blacklist.letters.models import Letter, LetterCopy, LetterService
from services.blacklist.letters.queries.finding import current_letter
from services.blacklist.letters.usecases.drawing import Draft, draft_letter
from services.blacklist.letters.usecases.keeping import keep
from services.blacklist.letters.usecases.numbering import recorded_number, take_number, use_number
from services.blacklist.store import Deps
from shared.clock import local_date
from shared.errors import Conflict, FieldError, Invalid, describe_errors
from shared.ids import new_id
from shared.typesetting import render_letter
from shared.web.access import Principal

FULL = "full"
ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
CODE_LENGTH = 20  # 100 bits: nobody finds a letter by trying

describe_errors(
    {"letter-issued": "文书已经盖章或者送达，不能重新制作。确有错误的，更正案件后另行制作更正文书。"}
)


@dataclass(frozen=True)
class Wish:
    """What an officer asks for; `identity_reason` is why the clear identity number must stand in it."""

    kind: str
    number: str | None = None
    identity_reason: str | None = None


def issue_letter(
    session: Session, deps: Deps, case_id: str, wish: Wish, *, origin: str, actor: Principal, at: datetime
) -> Letter:
    """Make out one letter of a case of the actor's department; `origin` is the address the code leads to."""
    case = case_to_act_on(session, case_id, actor)
    _check_identity(case, wish)
    draft = draft_letter(
        session, deps, case, wish.kind, local_date(at), shown=wish.identity_reason is not None
    )
    _check_together(session, case, draft)
    former = current_letter(session, draft.step.id, wish.kind)
    if former is not None:
        _supersede(session, former, wish, at)
    number = former.number if former else _number(session, case, draft, wish)
    letter = _letter(case, draft, wish, number, former.version + 1 if former else 1, origin, actor, at)
    content = render_letter(draft.text(case, number=number, code=letter.code, address=letter.address))
    letter.size, letter.sha256 = len(content), hashlib.sha256(content).hexdigest()
    keep(deps, "letter", letter.id, content)
    session.add(letter)
    _note(session, letter, actor, at)
    session.flush()
    return letter


def _check_identity(case: Case, wish: Wish) -> None:
    if wish.identity_reason is not None and case.id_sealed is None:
        pointed = [FieldError("/identity_reason", "该案件的主体没有登记证件号码，不填此项")]
        raise Invalid("validation-failed", "提交的内容有误", fields=pointed)


def _check_together(session: Session, case: Case, draft: Draft) -> None:
    """The repair notice of our own decision names that decision, so it comes second (两书同达)."""
    if case.procedure != FULL or draft.template.kind != REPAIR_NOTICE:
        return
    if current_letter(session, draft.step.id, DECISION) is None:
        raise Conflict(
            "letters-together", "决定书与信用修复告知书须一并送达",
            "请先制作列入决定书，修复告知书写明其文号。",
        )  # fmt: skip


def _supersede(session: Session, former: Letter, wish: Wish, at: datetime) -> None:
    for table in (LetterCopy, LetterService):
        if session.scalars(select(table.id).where(table.letter_id == former.id).limit(1)).first():
            raise Conflict(
                "letter-issued", "文书已经盖章或者送达，不能重新制作",
                f"{former.title}{former.number}", letter_id=former.id,
            )  # fmt: skip
    if wish.number and wish.number != former.number:
        pointed = [FieldError("/number", f"重新制作的文书沿用文号{former.number}")]
        raise Invalid("validation-failed", "文号不能更改", fields=pointed)
    former.superseded_at = at
    session.flush()


def _number(session: Session, case: Case, draft: Draft, wish: Wish) -> str:
    """Given, else what the case recorded for this act, else the next of the series."""
    where = (session, case.department_id)
    if wish.number:
        return use_number(*where, wish.kind, draft.dated.year, wish.number)
    recorded = recorded_in(case, draft.step, draft.template.own_number)
    if recorded:
        return recorded_number(*where, recorded)
    return take_number(*where, wish.kind, draft.dated.year)


def recorded_in(case: Case, step: CaseStep, source: str) -> str | None:
    """The number the case holds for the act: of the notice, the decision, or the revoking document."""
    found: dict[str, Any] = {
        "notice": case.notice_number,
        "decision": (case.decision or {}).get("number"),
        "document": ((step.detail or {}).get("document") or {}).get("number"),
    }
    return found.get(source) or None


def new_code() -> str:
    """A verification code nobody can guess."""
    return "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))


def _letter(
    case: Case,
    draft: Draft,
    wish: Wish,
    number: str,
    version: int,
    origin: str,
    actor: Principal,
    at: datetime,
) -> Letter:
    code = new_code()
    return Letter(
        id=new_id(),
        code=code,
        case_id=case.id,
        step_id=draft.step.id,
        department_id=case.department_id,
        organ=case.department_name,
        kind=wish.kind,
        title=draft.title,
        number=number,
        version=version,
        template_version=draft.version.version,
        rule_version=draft.rule.version,
        dated=draft.dated,
        address=f"{origin.rstrip('/')}/verify/letters/{code}",
        shows_identity=wish.identity_reason is not None,
        identity_reason=wish.identity_reason,
        created_by=actor.user_id,
        creator_name=actor.display_name,
        created_at=at,
    )


def _note(session: Session, letter: Letter, actor: Principal, at: datetime) -> None:
    detail = {
        "letter": letter.id,
        "kind": letter.kind,
        "number": letter.number,
        "version": letter.version,
        "sha256": letter.sha256,
    }
    if letter.shows_identity:
        detail["identity_shown_because"] = letter.identity_reason
    audit.record(
        session, actor=actor, action="letter.issue", object_type="case", object_id=str(letter.case_id),
        detail=detail, at=at,
    )  # fmt: skip
