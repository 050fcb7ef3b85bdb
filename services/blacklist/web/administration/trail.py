"""审计记录, for the auditor: who did what to which thing when, and whether the chain still proves it."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from apiflask import APIBlueprint
from flask import Response, request
from sqlalchemy import select
from sqlalchemy.orm import Session

from services.blacklist.audit import queries
from services.blacklist.audit.actions import ACTIONS, OBJECTS, action_name, object_name
from services.blacklist.audit.api import exported
from services.blacklist.audit.exporting import MOST
from services.blacklist.audit.models import AuditEntry
from services.blacklist.audit.schemas import EntryExport, EntryQuery
from services.blacklist.cases.models import Case
from services.blacklist.identity.models import Department, User
from services.blacklist.store import Deps
from services.blacklist.web.administration.asking import PER_PAGE, asked, paged, secret_page, wrong
from shared.errors import DomainError, Invalid
from shared.web.access import access, roles
from shared.web.forms import load_form, read_form
from shared.web.listing import last_seen

PLACE = "/admin/audit"
MOST_CASES = 20
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
AUDITOR = roles("auditor")
FIELDS = ("actor", "action", "object_type", "object_id", "from", "to")
PAGES: Mapping[str, str] = {
    "case": "/cases/{}",
    "disclosure-request": "/disclosure-desk/{}",
    "item": "/openness-desk/{}",
    "opinion": "/opinions/{}",
    "report": "/reports-desk/{}",
    "user": "/admin/users/{}",
    "department": "/admin/departments/{}",
}
"""Where an auditor finds the thing itself; things without a page are found by their number in the trail."""
OF_INSPECTIONS = ("inspection.drawn", "inspection.circular")
"""The others are about one sample of an inspection."""


def add_routes(made: APIBlueprint, deps: Deps) -> None:
    @made.get(PLACE)
    @access(AUDITOR)
    def audit_trail() -> Response:
        given = {name: asked(name) for name in FIELDS}
        errors: dict[str, str] = {}
        rows: Sequence[AuditEntry] = ()
        with deps.db.read() as session:
            try:
                wanted = load_form(EntryQuery(), {name: text for name, text in given.items() if text})
                words = {name: value for name, value in wanted.items() if name not in ("cursor", "limit")}
                also = _cases_of(session, words["object_id"] or "")
                looked_for = queries.EntryFilter(**words, also=also, with_lists=True)
                rows = queries.recent_entries(session, looked_for, before=last_seen(), limit=PER_PAGE + 1)
            except Invalid as error:
                errors = wrong(error)
            page = paged(rows, lambda row: row.id)
            page["rows"] = _lines(session, page["rows"])
        return secret_page(
            "trail", 422 if errors else 200, **page, given=given, errors=errors, kinds=_by_name(OBJECTS),
            acts=_acts(given["action"]), export_url=f"{PLACE}/export?{_query(given)}",
        )  # fmt: skip

    @made.get(f"{PLACE}/chain")
    @access(AUDITOR)
    def audit_chain() -> Response:
        with deps.db.read() as session:
            bad = queries.verify(session)
            position, digest = queries.head(session)
        return secret_page("chain", bad=bad, position=position, digest=digest, at=deps.clock.now())

    @made.get(f"{PLACE}/export")
    @access(AUDITOR)
    def audit_export_form() -> Response:
        return _export_page(200, {name: asked(name) for name in FIELDS}, {})

    @made.post(f"{PLACE}/export")
    @access(AUDITOR)
    def audit_export() -> Response:
        try:
            given = load_form(EntryExport(), read_form(request.form))
            with deps.db.read() as session:
                also = _cases_of(session, given["object_id"] or "")
            return exported(deps, given, also)
        except DomainError as error:
            return _export_page(int(error.kind), dict(request.form), wrong(error))


def _export_page(status: int, values: Mapping[str, Any], errors: dict[str, str]) -> Response:
    acts, kinds = _acts(values.get("action", "")), _by_name(OBJECTS)
    return secret_page(
        "trail_export", status, values=values, errors=errors, acts=acts, kinds=kinds, most=MOST
    )


def _cases_of(session: Session, text: str) -> tuple[str, ...]:
    """A case may be named by its document's number instead."""
    wanted = select(Case.id).where(Case.document_number == text).limit(MOST_CASES)
    return tuple(session.scalars(wanted)) if text and not _ID.fullmatch(text) else ()


def _query(given: Mapping[str, str]) -> str:
    return urlencode({name: text for name, text in given.items() if text})


def _acts(given: str) -> list[tuple[str, str]]:
    """Every act by its name; the words somebody looked for, where they are no code."""
    return [*_by_name(ACTIONS), *([(given, given)] if given and given not in ACTIONS else [])]


def _by_name(names: Mapping[str, str]) -> list[tuple[str, str]]:
    return sorted(names.items(), key=lambda each: each[1])


def _lines(session: Session, rows: Sequence[AuditEntry]) -> list[dict[str, Any]]:
    people = {row.actor_id for row in rows} - {None}
    known = set(session.scalars(select(User.id).where(User.id.in_(people))))
    offices = {row.actor_department_id for row in rows} - {None}
    named = select(Department.id, Department.name).where(Department.id.in_(offices))
    departments = {row.id: row.name for row in session.execute(named)}
    return [_line(row, known, departments) for row in rows]


def _line(row: AuditEntry, known: set[str], departments: Mapping[str, str]) -> dict[str, Any]:
    detail = json.dumps(queries.detail_of(row), ensure_ascii=False, indent=2)
    return {
        "entry": row,
        "action": action_name(row.action),
        "kind": object_name(row.object_type),
        "actor_url": PAGES["user"].format(row.actor_id) if row.actor_id in known else "",
        "department": departments.get(row.actor_department_id or ""),
        "object_url": _page_of(row),
        "detail": detail if detail != "{}" else "",
    }


def _page_of(row: AuditEntry) -> str:
    if row.object_type == "inspection" and row.action in OF_INSPECTIONS:
        return f"/supervision/inspections/{row.object_id}"
    return PAGES.get(row.object_type, "").format(row.object_id)
