"""Take in a sheet (sealed, unread) and take the clerk's confirmation of its preview."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from services.blacklist.audit import usecases as audit
from services.blacklist.cases.domain.figures import figure
from services.blacklist.cases.models import CaseImport
from services.blacklist.cases.queries.imports import find_import
from services.blacklist.cases.usecases.attachments import write_sealed
from services.blacklist.cases.usecases.filing import refuse
from services.blacklist.cases.usecases.moves import invalid
from services.blacklist.cases.usecases.office import Office
from services.blacklist.store import Deps
from shared.clock import local_date
from shared.errors import Conflict
from shared.ids import new_id
from shared.regions import within
from shared.web.access import Principal

FOLDER = "imports"
RECEIVED, PARSING, PREVIEW, CONFIRMING, DONE, FAILED = (
    "received",
    "parsing",
    "preview",
    "confirming",
    "done",
    "failed",
)
REPLACED = "replaced"


@dataclass(frozen=True)
class SheetUpload:
    """A sheet as it arrived, with what its rows do not say themselves."""

    file_name: str
    content: bytes
    list_code: str
    domain: str
    region: str | None
    replaces: str | None = None
    """An import of the same department whose mistakes this sheet corrects."""


def receive_import(
    session: Session, deps: Deps, upload: SheetUpload, *, actor: Principal, at: datetime
) -> CaseImport:
    """Keep the sheet sealed; the import loop reads it."""
    _check(Office(session, local_date(at)), upload, actor)
    if upload.replaces:
        _put_aside(session, upload.replaces, actor)
    row = CaseImport(
        id=new_id(),
        state=RECEIVED,
        department_id=actor.department_id,
        region=upload.region or actor.region,
        actor=person_document(actor),
        list_code=upload.list_code,
        domain=upload.domain,
        file_name=Path(upload.file_name.replace("\\", "/")).name[:200],
        sha256=hashlib.sha256(upload.content).hexdigest(),
        size=len(upload.content),
        total_rows=0,
        good_rows=0,
        bad_rows=0,
        filed_rows=0,
        replaces=upload.replaces,
        created_at=at,
    )
    write_sealed(sheet_path(deps, row.id), deps.keyring.seal(upload.content, sheet_aad(row.id)))
    session.add(row)
    detail = {"sha256": row.sha256, "size": row.size, "list_code": row.list_code}
    audit.record(
        session,
        actor=actor,
        action="import.receive",
        object_type="import",
        object_id=row.id,
        detail=detail,
        at=at,
    )
    session.flush()
    return row


def _put_aside(session: Session, import_id: str, actor: Principal) -> None:
    """The corrected sheet takes the place of one not confirmed, or brings the bad rows of a done one."""
    row = find_import(session, import_id, actor, lock=True)
    if row.state in (RECEIVED, PARSING, CONFIRMING):
        raise Conflict("import-not-ready", "原导入正在处理", "请等待处理完成后再重新上传。", state=row.state)
    if row.state != DONE:
        row.state = REPLACED


def read_again(session: Session, import_id: str, *, actor: Principal, at: datetime) -> CaseImport:
    """Read the same sheet anew, by the department's headings as they are now."""
    row = find_import(session, import_id, actor, lock=True)
    if row.state not in (PREVIEW, FAILED):
        raise Conflict(
            "import-not-ready", "导入不能重新读取", "只有未确认的导入可以重新读取。", state=row.state
        )
    row.state, row.problem, row.finished_at = RECEIVED, None, None
    detail = {"layout": row.layout}
    audit.record(
        session,
        actor=actor,
        action="import.read-again",
        object_type="import",
        object_id=row.id,
        detail=detail,
        at=at,
    )
    return row


def _check(office: Office, upload: SheetUpload, actor: Principal) -> None:
    if not upload.content:
        raise invalid(("/file", "文件是空的，请重新选择"))
    if len(upload.content) > figure("imports", "max_bytes"):
        raise invalid(("/file", "文件过大，请拆分后分批导入"))
    if Path(upload.file_name).suffix.lower() not in (".xlsx", ".csv"):
        raise invalid(("/file", "只接受 .xlsx 或 .csv 文件"))
    office.needed_rule(upload.list_code)
    if upload.region and not within(upload.region, actor.region):
        refuse([("/region", "行政区划应为本部门所在地区或其下级")])


def person_document(actor: Principal) -> dict[str, str]:
    return {
        "user_id": actor.user_id,
        "username": actor.username,
        "display_name": actor.display_name,
        "department_name": actor.department_name,
        "region": actor.region,
        "key": actor.key_id or "",
    }


def confirm_import(session: Session, import_id: str, *, actor: Principal, at: datetime) -> CaseImport:
    """File the good rows in the name of the confirming clerk; confirming again changes nothing."""
    row = find_import(session, import_id, actor, lock=True)
    if row.state in (CONFIRMING, DONE):
        return row
    if row.state != PREVIEW or not row.good_rows:
        raise Conflict(
            "import-not-ready", "导入尚不能确认", "须先解析完成，并且至少有一行可以录入。", state=row.state
        )
    row.state, row.confirmed_at = CONFIRMING, at
    row.actor = {**person_document(actor), "uploaded_by": row.actor["user_id"]}
    audit.record(
        session,
        actor=actor,
        action="import.confirm",
        object_type="import",
        object_id=row.id,
        detail={"good_rows": row.good_rows, "bad_rows": row.bad_rows},
        at=at,
    )
    return row


def sheet_path(deps: Deps, import_id: str) -> Path:
    return deps.data_dir / FOLDER / f"{import_id}.sealed"


def sheet_aad(import_id: str) -> str:
    return f"case_imports.sheet.{import_id}"
