"""Attachments (材料): sealed on disk under DATA_DIR, named by id only, with size and hash in the database."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.blacklist.audit import usecases as audit
from services.blacklist.cases.domain.figures import figure
from services.blacklist.cases.domain.table import ARCHIVED, NOT_LISTED, WITHDRAWN
from services.blacklist.cases.models import CaseAttachment
from services.blacklist.cases.queries import case_to_act_on, find_case
from services.blacklist.cases.usecases.hearing import keep_paper, require_begun
from services.blacklist.cases.usecases.moves import invalid
from services.blacklist.cases.usecases.reading import trace_read
from services.blacklist.store import Deps
from shared.errors import Conflict, NotFound
from shared.file_names import file_name
from shared.ids import new_id
from shared.sealed_files import SealedFiles
from shared.web.access import Principal

FOLDER = "attachments"
CLOSED = frozenset({NOT_LISTED, WITHDRAWN, ARCHIVED})
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
TYPES: dict[str, tuple[str, bytes]] = {
    ".pdf": ("application/pdf", b"%PDF-"),
    ".png": ("image/png", b"\x89PNG"),
    ".jpg": ("image/jpeg", b"\xff\xd8\xff"),
    ".jpeg": ("image/jpeg", b"\xff\xd8\xff"),
    ".ofd": ("application/ofd", _ZIP),
    ".docx": ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", _ZIP),
    ".xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", _ZIP),
    ".doc": ("application/msword", _OLE),
    ".xls": ("application/vnd.ms-excel", _OLE),
    ".txt": ("text/plain", b""),
}
"""Accepted kinds of file: suffix → media type and the bytes such a file begins with."""


@dataclass(frozen=True)
class Upload:
    """A file as it arrived."""

    kind: str
    file_name: str
    content: bytes


def attach(
    session: Session, deps: Deps, case_id: str, upload: Upload, *, actor: Principal, at: datetime
) -> CaseAttachment:
    """Seal and keep one file of a case of the actor's department."""
    case = case_to_act_on(session, case_id, actor)
    if case.state in CLOSED:
        raise Conflict("wrong-state", "案件已结束，不能再上传材料", state=case.state, version=case.version)
    media_type = checked_type(upload)
    require_begun(case, upload.kind, at)
    held = select(func.count()).select_from(CaseAttachment).where(CaseAttachment.case_id == case_id)
    if (session.scalar(held) or 0) >= figure("attachments", "max_per_case"):
        raise invalid(("/file", "该案件的材料数量已达上限"))
    row = CaseAttachment(
        id=new_id(),
        case_id=case_id,
        kind=upload.kind,
        file_name=file_name(upload.file_name),
        media_type=media_type,
        size=len(upload.content),
        sha256=hashlib.sha256(upload.content).hexdigest(),
        uploaded_by=actor.user_id,
        created_at=at,
    )
    _files(deps).keep(row.id, upload.content)
    session.add(row)
    keep_paper(session, case, row, actor)
    audit.record(
        session,
        actor=actor,
        action="case.attach",
        object_type="case",
        object_id=case_id,
        detail={"kind": row.kind, "sha256": row.sha256, "size": row.size},
        at=at,
    )
    session.flush()
    return row


def checked_type(upload: Upload) -> str:
    """The media type by suffix, confirmed by the first bytes; Invalid names what is wrong."""
    if not upload.content:
        raise invalid(("/file", "文件是空的，请重新选择"))
    if len(upload.content) > figure("attachments", "max_bytes"):
        raise invalid(("/file", "文件不能超过10MB，请压缩或拆分后上传"))
    known = TYPES.get(Path(upload.file_name).suffix.lower())
    if known is None:
        raise invalid(("/file", f"文件类型应为下列之一：{'、'.join(TYPES)}"))
    if not upload.content.startswith(known[1]):
        raise invalid(("/file", "文件内容与扩展名不符，请核对"))
    return known[0]


def read_attachment(
    deps: Deps, case_id: str, attachment_id: str, who: Principal
) -> tuple[CaseAttachment, bytes]:
    """An attachment for whoever asks for it, with its entry in the trail."""
    with deps.db.read() as session:
        row, content = open_attachment(session, deps, case_id, attachment_id, who)
    trace_read(deps, who, "case.read-attachment", case_id, {"attachment": row.id, "kind": row.kind})
    return row, content


def open_attachment(
    session: Session, deps: Deps, case_id: str, attachment_id: str, who: Principal
) -> tuple[CaseAttachment, bytes]:
    """An attachment of a case one may see, opened and proved by its hash."""
    find_case(session, case_id, who)
    row = session.get(CaseAttachment, attachment_id)
    if row is None or row.case_id != case_id:
        raise NotFound("attachment-not-found", "没有这份材料")
    return row, _files(deps).read(row.id, row.sha256)


def _files(deps: Deps) -> SealedFiles:
    return SealedFiles(deps.keyring, deps.data_dir / FOLDER, "case_attachments.content")
