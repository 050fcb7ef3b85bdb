"""盖章件: the scan of the stamped paper, checked to be what it says it is, or an electronic seal."""

import hashlib
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.blacklist.audit import usecases as audit
from services.blacklist.cases.domain.figures import figure
from services.blacklist.cases.queries import case_to_act_on
from services.blacklist.letters.domain.scans import scan_problem, scan_type
from services.blacklist.letters.models import Letter, LetterCopy
from services.blacklist.letters.queries.finding import find_letter
from services.blacklist.letters.usecases.keeping import fetch, keep
from services.blacklist.letters.usecases.seals import ElectronicSeal
from services.blacklist.store import Deps
from shared.errors import Conflict, FieldError, Invalid, NotFound, describe_errors
from shared.file_names import file_name as plain_name
from shared.ids import new_id
from shared.web.access import Principal

SCAN, E_SEAL = "scan", "e-seal"
MOST_COPIES = 5

describe_errors(
    {
        "letter-superseded": "该文书已有新的版本。请对新的版本办理。",
        "letter-copies-full": "一份文书最多保存五份盖章件。",
        "letter-copy-not-found": "没有这份盖章件，或者当前账号不可查看。",
    }
)


def letter_to_act_on(session: Session, letter_id: str, actor: Principal) -> Letter:
    """The letter with its case locked; own department only, and only the version that counts."""
    letter, case = find_letter(session, letter_id, actor)
    case_to_act_on(session, case.id, actor)
    session.refresh(letter)
    if letter.superseded_at is not None:
        raise Conflict("letter-superseded", "该文书已有新的版本", f"{letter.title}{letter.number}")
    return letter


def checked_file(name: str, content: bytes) -> str:
    """The media type of a scan; Invalid says what is wrong with it."""
    if problem := scan_problem(name, content, figure("attachments", "max_bytes")):
        raise Invalid("validation-failed", "文件不合要求", fields=[FieldError("/file", problem)])
    return scan_type(name)


def add_scan(
    session: Session,
    deps: Deps,
    letter_id: str,
    name: str,
    content: bytes,
    *,
    actor: Principal,
    at: datetime,
) -> LetterCopy:
    """Keep the scanned stamped copy, sealed."""
    media_type = checked_file(name, content)
    letter = letter_to_act_on(session, letter_id, actor)
    row = _copy(letter, SCAN, media_type, file_name(name), content, actor, at)
    keep(deps, "copy", row.id, content)
    return _added(session, letter, row, actor, at)


def add_seal(
    session: Session, deps: Deps, letter_id: str, seal: ElectronicSeal, *, actor: Principal, at: datetime
) -> LetterCopy:
    """Sign the letter as issued; the signature stands beside it, the letter's bytes stay as they are."""
    letter = letter_to_act_on(session, letter_id, actor)
    content = fetch(deps, "letter", letter.id, letter.sha256)
    signed = seal.sign(content)
    row = _copy(letter, E_SEAL, "application/pdf", f"{letter.number}.pdf", content, actor, at)
    row.algorithm, row.key_id = signed.algorithm, signed.key_id
    row.public_key, row.signature = signed.public_key, signed.value
    return _added(session, letter, row, actor, at)


def open_copy(
    session: Session, deps: Deps, letter_id: str, copy_id: str, who: Principal
) -> tuple[LetterCopy, bytes]:
    """A copy of a letter one may see; of an electronic seal the letter that was signed."""
    letter, _ = find_letter(session, letter_id, who)
    row = session.get(LetterCopy, copy_id)
    if row is None or row.letter_id != letter.id:
        raise NotFound("letter-copy-not-found", "没有这份盖章件")
    if row.kind == E_SEAL:
        return row, fetch(deps, "letter", letter.id, row.sha256)
    return row, fetch(deps, "copy", row.id, row.sha256)


def file_name(name: str) -> str:
    """As kept, shown and downloaded: nothing unseen in it."""
    return plain_name(name)


def _copy(
    letter: Letter, kind: str, media_type: str, name: str, content: bytes, actor: Principal, at: datetime
) -> LetterCopy:
    return LetterCopy(
        id=new_id(),
        letter_id=letter.id,
        kind=kind,
        media_type=media_type,
        file_name=name,
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        added_by=actor.user_id,
        added_at=at,
    )


def _added(session: Session, letter: Letter, row: LetterCopy, actor: Principal, at: datetime) -> LetterCopy:
    held = session.scalars(select(LetterCopy.id).where(LetterCopy.letter_id == letter.id)).all()
    if len(held) >= MOST_COPIES:
        raise Conflict("letter-copies-full", "盖章件数量已达上限", "一份文书最多保存五份盖章件。")
    session.add(row)
    detail: dict[str, Any] = {"letter": letter.id, "number": letter.number, "kind": row.kind}
    audit.record(
        session, actor=actor, action="letter.seal", object_type="case", object_id=str(letter.case_id),
        detail=detail | {"sha256": row.sha256, "key_id": row.key_id}, at=at,
    )  # fmt: skip
    session.flush()
    return row
