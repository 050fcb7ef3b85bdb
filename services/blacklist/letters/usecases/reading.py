"""Opening a letter, its stamped copy, the proof of its service, or how it would look: by whoever may see its
case, each time with an entry in the trail (it names a party).
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from services.blacklist.audit import usecases as audit
from services.blacklist.cases.usecases.reading import persons_of, trace_list, trace_read
from services.blacklist.letters.models import Letter, LetterCopy, LetterService
from services.blacklist.letters.queries.finding import find_letter
from services.blacklist.letters.usecases.copies import open_copy
from services.blacklist.letters.usecases.drawing import preview_letter
from services.blacklist.letters.usecases.keeping import fetch
from services.blacklist.letters.usecases.serving import open_proof
from services.blacklist.store import Deps
from shared.web.access import Principal


def open_letter(
    session: Session, deps: Deps, letter_id: str, *, who: Principal, at: datetime
) -> tuple[Letter, bytes]:
    """The PDF as issued, proved by its hash."""
    letter, case = find_letter(session, letter_id, who)
    content = fetch(deps, "letter", letter.id, letter.sha256)
    audit.record(
        session, actor=who, action="letter.read", object_type="case", object_id=case.id,
        detail={"letter": letter.id, "number": letter.number, "shows_identity": letter.shows_identity}, at=at,
    )  # fmt: skip
    return letter, content


def read_copy(deps: Deps, letter_id: str, copy_id: str, who: Principal) -> tuple[LetterCopy, bytes]:
    with deps.db.read() as session:
        row, content = open_copy(session, deps, letter_id, copy_id, who)
        letter, case = find_letter(session, letter_id, who)
    told = {"letter": letter.id, "number": letter.number, "copy": row.id}
    trace_read(deps, who, "letter.read-copy", case.id, told)
    return row, content


def read_proof(deps: Deps, letter_id: str, service_id: str, who: Principal) -> tuple[LetterService, bytes]:
    with deps.db.read() as session:
        row, content = open_proof(session, deps, letter_id, service_id, who)
        letter, case = find_letter(session, letter_id, who)
    told = {"letter": letter.id, "number": letter.number, "service": row.id}
    trace_read(deps, who, "letter.read-proof", case.id, told)
    return row, content


def read_preview(deps: Deps, case_id: str, kind: str, *, who: Principal, today: date) -> bytes:
    with deps.db.read() as session:
        content = preview_letter(session, deps, case_id, kind, who=who, today=today)
    trace_read(deps, who, "letter.preview", case_id, {"kind": kind})
    return content


def trace_unserved(deps: Deps, who: Principal, items: Iterable[Mapping[str, Any]]) -> None:
    """The list of letters still to be served names their parties."""
    persons = persons_of((each["case_id"], each["subject_type"]) for each in items)
    trace_list(deps, who, "letters-unserved", persons)
