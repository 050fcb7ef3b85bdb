"""The trail as a file (导出审计记录): XLSX, CSV or JSON.

Who took it, what for, how much of it and the file's hash go into the trail before anybody has it.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from services.blacklist.audit.actions import action_name, object_name
from services.blacklist.audit.models import AuditEntry
from services.blacklist.audit.queries import EntryFilter, count_entries, detail_of, linked_entries
from services.blacklist.audit.usecases import record
from shared.clock import SHANGHAI, local_date
from shared.db import Database
from shared.errors import FieldError, Invalid
from shared.ids import new_id
from shared.sheets import TYPES, csv_file, xlsx_file
from shared.web.access import Principal
from shared.written import cover_identities

MOST = 20_000
"""Entries of one file; a longer time is taken out in parts."""
FORMS = {**TYPES, "json": "application/json"}
COLUMNS = (
    "时间", "事项", "事项代码", "办理人", "办理人编号", "办理人部门编号", "办理时的角色", "对象种类",
    "对象编号", "内容", "记录编号", "链上位置", "链值",
)  # fmt: skip


def export_entries(
    db: Database, wanted: EntryFilter, purpose: str, form: str, *, actor: Principal, at: datetime
) -> bytes:
    """Oldest first, each with its link of the chain; Invalid beyond MOST."""
    purpose = cover_identities(purpose)
    with db.read() as session:
        count = count_entries(session, wanted, MOST)
        if count > MOST:
            pointed = FieldError("/from", f"超过{MOST}条，请缩小时间范围后分批导出。")
            raise Invalid("validation-failed", "提交的内容有误", fields=[pointed])
        content = _written(session, wanted, purpose, form, actor, at)
    detail = {
        "purpose": purpose, "form": form, "rows": count, "filter": _told(wanted),
        "sha256": hashlib.sha256(content).hexdigest(),
    }  # fmt: skip
    with db.write() as session:
        record(
            session, actor=actor, action="audit.export", object_type="export", object_id=new_id(),
            detail=detail, at=at,
        )  # fmt: skip
    return content


def _written(
    session: Session, wanted: EntryFilter, purpose: str, form: str, actor: Principal, at: datetime
) -> bytes:
    who = f"导出人：{actor.display_name}　日期：{local_date(at).isoformat()}　用途：{purpose}"
    if form == "json":
        document = {"exported": who, "entries": [_entry(*each) for each in linked_entries(session, wanted)]}
        return json.dumps(document, ensure_ascii=False, indent=1).encode()
    lines = _lines(session, wanted, who)
    return csv_file(lines) if form == "csv" else xlsx_file("审计记录", lines)


def _lines(session: Session, wanted: EntryFilter, who: str) -> Iterator[tuple[Any, ...]]:
    yield (who,)
    yield COLUMNS
    for entry, position, digest in linked_entries(session, wanted):
        yield (
            entry.at.astimezone(SHANGHAI).isoformat(timespec="seconds"), action_name(entry.action),
            entry.action, entry.actor_name or "系统", entry.actor_id,
            entry.actor_department_id, entry.actor_roles, object_name(entry.object_type), entry.object_id,
            entry.detail, entry.id, position, digest,
        )  # fmt: skip


def _entry(entry: AuditEntry, position: int | None, digest: str | None) -> dict[str, Any]:
    return {
        "id": entry.id,
        "at": entry.at.isoformat(timespec="microseconds"),
        "action": entry.action,
        "action_name": action_name(entry.action),
        "actor_id": entry.actor_id,
        "actor_name": entry.actor_name,
        "actor_department_id": entry.actor_department_id,
        "actor_roles": entry.actor_roles,
        "object_type": entry.object_type,
        "object_name": object_name(entry.object_type),
        "object_id": entry.object_id,
        "detail": detail_of(entry),
        "position": position,
        "hash": digest,
    }


def _told(wanted: EntryFilter) -> dict[str, str]:
    """As asked for: how numbers are looked for is the same for every search."""
    asked = {name: value for name, value in asdict(wanted).items() if name not in ("also", "with_lists")}
    return {name: str(value) for name, value in asked.items() if value is not None}
