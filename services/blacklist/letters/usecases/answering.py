"""答复书 of 依申请公开 as letters: numbered in the department's series, typeset, sealed, verifiable by code.
A request has one answer, and it is never made out anew.
"""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.blacklist.audit import usecases as audit
from services.blacklist.letters.domain.templates import ANSWER
from services.blacklist.letters.domain.wording import chinese_day, grouped, tidy
from services.blacklist.letters.models import Letter
from services.blacklist.letters.usecases.issuing import new_code
from services.blacklist.letters.usecases.keeping import fetch, keep
from services.blacklist.letters.usecases.numbering import take_number, use_number
from services.blacklist.store import Deps
from shared.errors import NotFound
from shared.ids import new_id
from shared.typesetting import LetterText, Paragraph, render_letter
from shared.web.access import Principal


@dataclass(frozen=True)
class Answer:
    """What the answer of a request says; `number` only where the department gives its own."""

    request_id: str
    department_id: str
    organ: str
    title: str
    recipient: str
    paragraphs: tuple[str, ...]
    dated: date
    template_version: str
    number: str | None = None


def answer_number(session: Session, department_id: str, year: int, given: str | None) -> str:
    """The department's own, else the next of its series."""
    if given:
        return use_number(session, department_id, ANSWER, year, given)
    return take_number(session, department_id, ANSWER, year)


def issue_answer(
    session: Session, deps: Deps, answer: Answer, number: str, *, origin: str, actor: Principal, at: datetime
) -> Letter:
    """The PDF under this number, kept sealed; what the applicant and the department open from now on."""
    code = new_code()
    letter = Letter(
        id=new_id(), code=code, request_id=answer.request_id, department_id=answer.department_id,
        organ=answer.organ, kind=ANSWER, title=answer.title, number=number, version=1,
        template_version=answer.template_version, rule_version=answer.template_version, dated=answer.dated,
        address=f"{origin.rstrip('/')}/verify/letters/{code}", shows_identity=False,
        created_by=actor.user_id, creator_name=actor.display_name, created_at=at,
    )  # fmt: skip
    content = render_letter(_text(answer, letter))
    letter.size, letter.sha256 = len(content), hashlib.sha256(content).hexdigest()
    keep(deps, "letter", letter.id, content)
    session.add(letter)
    detail = {"letter": letter.id, "number": number, "sha256": letter.sha256}
    audit.record(
        session, actor=actor, action="letter.issue", object_type="disclosure-request",
        object_id=answer.request_id, detail=detail, at=at,
    )  # fmt: skip
    session.flush()
    return letter


def _text(answer: Answer, letter: Letter) -> LetterText:
    return LetterText(
        title=answer.title,
        organ=answer.organ,
        number=letter.number,
        recipient=tidy(answer.recipient),
        paragraphs=tuple(Paragraph(tidy(each)) for text in answer.paragraphs for each in text.splitlines()),
        date_text=chinese_day(answer.dated),
        on=answer.dated,
        address=letter.address,
        code=grouped(letter.code),
    )


def open_answer(
    session: Session, deps: Deps, request_id: str, *, who: Principal | None, at: datetime
) -> tuple[Letter, bytes]:
    """The PDF as issued, proved by its hash; an officer's reading leaves its trace."""
    letter = session.scalars(select(Letter).where(Letter.request_id == request_id)).first()
    if letter is None:
        raise NotFound("letter-not-found", "没有这份文书", "答复书签发后可以下载。")
    content = fetch(deps, "letter", letter.id, letter.sha256)
    if who is not None:
        audit.record(
            session, actor=who, action="letter.read", object_type="disclosure-request", object_id=request_id,
            detail={"letter": letter.id, "number": letter.number}, at=at,
        )  # fmt: skip
    return letter, content
