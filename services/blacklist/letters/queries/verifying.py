"""What anyone who holds a letter's code may learn: that it is genuine, and, while its listing is public or
not yet decided, what kind, number, organ and date it has. Never the party.
"""

from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.blacklist.cases.domain.table import BEFORE_PUBLICATION
from services.blacklist.cases.models import Case
from services.blacklist.letters.models import Letter, LetterCopy
from services.blacklist.register.queries import public_listing
from shared.errors import NotFound, describe_errors

CURRENT, CHANGED, SUPERSEDED = "current", "changed", "superseded"
STATEMENTS = {
    CURRENT: "该文书真实，由下列机关制发。",
    CHANGED: "该文书真实，所涉事项的状态已经变化。",
    SUPERSEDED: "该文书真实，已由新的版本替代，请以新的版本为准。",
}
ORIGINAL, SEALED_COPY = "original", "sealed-copy"

describe_errors({"letter-code-unknown": "没有这个核验码对应的文书。请核对文书上的核验码。"})


def verification(session: Session, code: str, today: date, digest: str | None = None) -> dict[str, Any]:
    """The answer to a code; with the SHA-256 of a file also whether it is this letter."""
    letter = session.scalars(select(Letter).where(Letter.code == code.replace("-", "").upper())).first()
    if letter is None:
        raise NotFound(
            "letter-code-unknown", "没有这份文书", "没有这个核验码对应的文书，请核对文书上的核验码。"
        )
    status = _status(session, letter, today)
    answer: dict[str, Any] = {"genuine": True, "status": status, "statement": STATEMENTS[status]}
    if status == CHANGED:
        return answer
    answer |= {
        "kind": letter.title,
        "number": letter.number,
        "organ": letter.organ,
        "date": letter.dated.isoformat(),
    }
    if digest is not None:
        answer["file"] = _match(session, letter, digest)
    return answer


def _status(session: Session, letter: Letter, today: date) -> str:
    if letter.case_id is None:  # an answer to a request: it stands as it was given
        return CURRENT
    case = session.get_one(Case, letter.case_id)
    if case.listing_id is None:
        shown = case.state in BEFORE_PUBLICATION
    else:
        shown = _is_public(session, case.listing_id, today)
    if not shown:
        return CHANGED
    return SUPERSEDED if letter.superseded_at else CURRENT


def _is_public(session: Session, listing_id: str, today: date) -> bool:
    try:
        public_listing(session, listing_id, today)
    except NotFound:
        return False
    return True


def _match(session: Session, letter: Letter, digest: str) -> dict[str, Any]:
    if digest == letter.sha256:
        return {"matches": True, "what": ORIGINAL, "sha256": digest}
    wanted = select(LetterCopy.sha256).where(LetterCopy.letter_id == letter.id)
    copied = digest in set(session.scalars(wanted))
    return {"matches": copied, "what": SEALED_COPY if copied else None, "sha256": digest}
