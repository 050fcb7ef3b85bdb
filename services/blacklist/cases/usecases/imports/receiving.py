"""Take in a sheet (sealed, unread) and take the clerk's confirmation of its preview."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from services.blacklist.audit import usecases as audit
from services.blacklist.cases.domain.figures import figure
from services.blacklist.cases.domain.layout import layout_named
from services.blacklist.cases.models import CaseImport
from services.blacklist.cases.queries.imports import find_import
from services.blacklist.cases.usecases.filing import refuse
from services.blacklist.cases.usecases.moves import invalid
from services.blacklist.cases.usecases.office import Office
from services.blacklist.store import Deps
from shared.clock import local_date
from shared.errors import Conflict, Forbidden
from shared.file_names import file_name
from shared.ids import new_id
from shared.regions import within
from shared.sealed_files import SealedFiles
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
REPLACED, MERGED = "replaced", "merged"


@dataclass(frozen=True)
class SheetUpload:
    """A sheet as it arrived, with what its rows do not say themselves."""

    file_name: str
    content: bytes
    list_code: str
    domain: str
    region: str | None
    replaces: str | None = None
    """An import of the same department this whole sheet takes the place of."""


def receive_corrections(
    session: Session,
    deps: Deps,
    import_id: str,
    file_name: str,
    content: bytes,
    *,
    actor: Principal,
    at: datetime,
) -> CaseImport:
    """Keep a sheet of corrected rows; the import loop puts them in the place of the wrong ones."""
    original = find_import(session, import_id, actor, lock=True)
    if original.state not in (PREVIEW, DONE) or not original.bad_rows:
        raise Conflict(
            "import-not-ready",
            "没有可以更正的行",
            "须先解析完成，并且有需要改正的行。",
            state=original.state,
        )
    if actor.user_id != uploader_of(original):
        raise Forbidden(
            "import-not-own", "只能由上传人更正", "原表由其他人上传，请由其更正，或者另行上传这些行。"
        )
    upload = SheetUpload(file_name, content, original.list_code, original.domain, original.region)
    row = receive_import(session, deps, upload, actor=actor, at=at)
    row.corrects = original.id
    return row


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
        file_name=file_name(upload.file_name),
        sha256=hashlib.sha256(upload.content).hexdigest(),
        size=len(upload.content),
        total_rows=0,
        good_rows=0,
        bad_rows=0,
        filed_rows=0,
        replaces=upload.replaces,
        created_at=at,
    )
    sheets(deps).keep(row.id, upload.content)
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


def read_again(
    session: Session, import_id: str, layout: str | None = None, *, actor: Principal, at: datetime
) -> CaseImport:
    """Read the same sheet anew, by the department's headings as they are now, as the layout named."""
    row = find_import(session, import_id, actor, lock=True)
    if layout and layout_named(layout) is None:
        raise invalid(("/layout", "没有这种表格格式，请对照 /api/v1/imports/layouts"))
    if row.state not in (PREVIEW, FAILED) or row.filed_rows or row.corrects:
        raise Conflict(
            "import-not-ready", "导入不能重新读取", "只有未确认的导入可以重新读取。", state=row.state
        )
    row.state, row.problem, row.finished_at = RECEIVED, None, None
    row.chosen_layout = layout or row.chosen_layout
    detail = {"layout": row.chosen_layout}
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


def uploader_of(row: CaseImport) -> str:
    """Who brought the sheet: as its editor never its reviewer."""
    return str(row.actor.get("uploaded_by", row.actor["user_id"]))


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
    if row.state != PREVIEW or row.good_rows <= row.filed_rows:
        raise Conflict(
            "import-not-ready", "导入尚不能确认", "须先解析完成，并且至少有一行可以录入。", state=row.state
        )
    row.state, row.confirmed_at = CONFIRMING, at
    row.actor = {**person_document(actor), "uploaded_by": uploader_of(row)}
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


def sheets(deps: Deps) -> SealedFiles:
    return SealedFiles(deps.keyring, deps.data_dir / FOLDER, "case_imports.sheet", spread=False)
