"""随答复提供的文件: looked through for private data when they are added, sealed on disk, named in the letter
with their hashes, opened by the applicant once the answer is issued.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from services.blacklist.audit import usecases as audit
from services.blacklist.audit.domain import without_identities
from services.blacklist.cases.usecases.attachments import Upload, checked_type
from services.blacklist.disclosure.domain import ANSWERED, RECEIVED, STATES
from services.blacklist.disclosure.models import DisclosureDocument, DisclosureRequest
from services.blacklist.disclosure.queries.documents import documents_of
from services.blacklist.disclosure.queries.requests import find_request, request_by_code, request_to_act_on
from services.blacklist.disclosure.readable import Findings, look_through
from services.blacklist.disclosure.usecases.timeline import write_step
from services.blacklist.register.domain.redaction import redact
from services.blacklist.store import Deps
from shared.errors import Conflict, FieldError, Forbidden, Invalid, NotFound, describe_errors
from shared.file_names import file_name
from shared.ids import new_id
from shared.sealed_files import SealedFiles
from shared.web.access import Principal

FOLDER, MOST = "disclosure", 20
ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

describe_errors(
    {
        "disclosure-document-not-found": "没有这份文件，或者答复尚未签发。",
        "disclosure-documents-changed": "核对之后随附文件有变动。请重新打开申请，逐页核对现有文件后再签发。",
        "disclosure-documents-unfit": "拟写的答复类型不提供信息，不附文件。请撤去文件或者退回，再拟写答复。",
        "disclosure-documents-full": "一件申请最多附二十份文件。请合并后上传。",
    }
)


@dataclass(frozen=True)
class Paper:
    """A file as it arrived, what was found in it, and what the officer states about private data in it."""

    file_name: str
    content: bytes
    found: Findings
    checked: str | None = None


def paper_of(file_name: str, content: bytes, checked: str | None) -> Paper:
    """Looked through before any transaction begins: a long text takes a second others need not wait for."""
    return Paper(file_name, content, look_through(file_name, content), checked)


def add_document(
    session: Session, deps: Deps, request_id: str, paper: Paper, *, actor: Principal, at: datetime
) -> DisclosureDocument:
    """Keep a file for the answer; private data in it must be covered or accounted for."""
    row = _open(session, request_id, actor)
    media_type = checked_type(Upload("answer", paper.file_name, paper.content))
    if paper.found.problem and not paper.checked:
        raise Invalid(
            "validation-failed", "文件中可能有个人信息", "核对后重新提交。",
            fields=[FieldError("/checked", paper.found.problem)],
        )  # fmt: skip
    if len(documents_of(session, row.id)) >= MOST:
        raise Conflict("disclosure-documents-full", "文件数量已达上限", f"一件申请最多附{MOST}份文件。")
    kept = _kept(row, paper, media_type, actor, at)
    _files(deps).keep(kept.id, paper.content)
    session.add(kept)
    write_step(session, row, "attach", "附上文件", actor=actor, at=at, note=_changed(row, kept))
    _note(session, row, kept, "attach", paper.found, actor, at)
    session.flush()
    return kept


def remove_document(
    session: Session, request_id: str, document_id: str, *, actor: Principal, at: datetime
) -> DisclosureRequest:
    """Take a file back before the answer is issued."""
    row = _open(session, request_id, actor)
    kept = _of(session, row, document_id)
    kept.removed_at = at
    write_step(session, row, "detach", "撤去文件", actor=actor, at=at, note=_changed(row, kept))
    session.flush()
    return row


def _changed(row: DisclosureRequest, kept: DisclosureDocument) -> str:
    """What is issued is what the decider looked at: with other files the answer is drafted anew."""
    voided = "。文件有变动，原拟写的答复作废，请重新拟写" if row.draft is not None else ""
    row.draft = row.drafted_by = None
    return f"{kept.file_name}{voided}"


def open_for_officer(
    session: Session, deps: Deps, request_id: str, document_id: str, who: Principal, at: datetime
) -> tuple[DisclosureDocument, bytes]:
    """Whoever may see the request; reading leaves its trace."""
    row = find_request(session, request_id, who)
    kept = _of(session, row, document_id)
    _note(session, row, kept, "read-document", None, who, at)
    return kept, _files(deps).read(kept.id, kept.sha256)


def open_for_applicant(
    session: Session, deps: Deps, code: str, document_id: str
) -> tuple[DisclosureDocument, bytes]:
    """By the lookup code, once the answer is issued."""
    row = request_by_code(session, deps.keyring, code)
    if row.state != ANSWERED:
        raise _unknown()
    kept = _of(session, row, document_id)
    return kept, _files(deps).read(kept.id, kept.sha256)


def papers_to_issue(
    session: Session, row: DisclosureRequest, actor: Principal
) -> Sequence[DisclosureDocument]:
    """What goes with the answer; whoever added a file does not issue it (双人办理)."""
    kept = documents_of(session, row.id)
    if any(each.added_by == actor.user_id for each in kept):
        raise Forbidden("disclosure-four-eyes", "须由另一名工作人员签发", "附上文件的人不得签发同一答复。")
    return kept


def drop_all(session: Session, row: DisclosureRequest, at: datetime) -> None:
    """Another department answers now: it adds its own."""
    for each in documents_of(session, row.id):
        each.removed_at = at


def _open(session: Session, request_id: str, actor: Principal) -> DisclosureRequest:
    row = request_to_act_on(session, request_id, actor)
    if not actor.has("clerk"):
        raise Forbidden("forbidden", "没有权限", "文件应由本部门的经办人附上。")
    if row.state != RECEIVED:
        told = f"申请目前“{STATES[row.state]}”，不能增减文件。"
        raise Conflict("disclosure-wrong-state", "申请现在不能办理这个事项", told, state=row.state)
    return row


def _of(session: Session, row: DisclosureRequest, document_id: str) -> DisclosureDocument:
    kept = session.get(DisclosureDocument, document_id) if ID.fullmatch(document_id) else None
    if kept is None or kept.request_id != row.id or kept.removed_at is not None:
        raise _unknown()
    return kept


def _unknown() -> NotFound:
    return NotFound("disclosure-document-not-found", "没有这份文件", "文件随答复书提供，签发后可以下载。")


def _kept(
    row: DisclosureRequest, paper: Paper, media_type: str, actor: Principal, at: datetime
) -> DisclosureDocument:
    return DisclosureDocument(
        id=new_id(), request_id=row.id, file_name=_named(paper.file_name), media_type=media_type,
        size=len(paper.content), sha256=hashlib.sha256(paper.content).hexdigest(),
        identities=paper.found.identities, checked=without_identities(paper.checked), added_by=actor.user_id,
        adder_name=actor.display_name, added_at=at,
    )  # fmt: skip


def _named(given: str) -> str:
    """The name as letter and timeline carry it: no private data, no sign that turns the writing round."""
    name = file_name(given)
    suffix = Path(name).suffix
    return file_name(redact(name.removesuffix(suffix)).text + suffix)


def _note(
    session: Session,
    row: DisclosureRequest,
    kept: DisclosureDocument,
    act: str,
    found: Findings | None,
    actor: Principal,
    at: datetime,
) -> None:
    detail = {"document": kept.id, "sha256": kept.sha256, "size": kept.size}
    if found is not None:
        detail |= {"identities": found.identities, "kinds": list(found.kinds), "checked": kept.checked}
    audit.record(
        session, actor=actor, action=f"disclosure.{act}-file", object_type="disclosure-request",
        object_id=row.id, detail=detail, at=at,
    )  # fmt: skip


def _files(deps: Deps) -> SealedFiles:
    return SealedFiles(deps.keyring, deps.data_dir / FOLDER, "disclosure_documents.content")
