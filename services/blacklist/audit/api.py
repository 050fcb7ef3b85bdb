"""The trail over HTTP, for the auditor alone."""

from typing import Any

from apiflask import APIBlueprint
from flask import Response

from services.blacklist.audit import queries, schemas
from services.blacklist.audit.actions import action_name, object_name
from services.blacklist.audit.exporting import FORMS, export_entries
from services.blacklist.audit.models import AuditEntry
from services.blacklist.store import Deps
from shared.web.access import access, principal, roles
from shared.web.openapi import produces
from shared.web.paging import cut, last_id, page

COLUMNS = (
    "id", "at", "actor_id", "actor_name", "actor_department_id", "actor_roles", "action", "object_type",
    "object_id",
)  # fmt: skip


def blueprint(deps: Deps) -> APIBlueprint:
    made = APIBlueprint("audit", __name__, url_prefix="/api/v1/audit", tag="审计")
    _add_entries(made, deps)
    _add_export(made, deps)
    _add_chain(made, deps)
    return made


def _add_entries(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("")
    @access(roles("auditor"))
    @bp.input(schemas.EntryQuery, location="query")
    @bp.output(schemas.EntryPage)
    @bp.doc(summary="审计记录，由近及远")
    def list_audit(query_data: dict[str, Any]) -> dict[str, Any]:
        cursor, limit = query_data.pop("cursor"), query_data.pop("limit")
        before = last_id(cursor)
        with deps.db.read() as session:
            wanted = queries.EntryFilter(**query_data, with_lists=True)
            rows = queries.recent_entries(session, wanted, before=before, limit=limit + 1)
        shown, following = cut(rows, limit, lambda row: [row.id])
        return page([_view(row) for row in shown], following)


def _add_export(bp: APIBlueprint, deps: Deps) -> None:
    @bp.post("/export")
    @access(roles("auditor"))
    @bp.input(schemas.EntryExport)
    @produces(*FORMS.values())
    @bp.doc(summary="导出审计记录（XLSX、CSV 或者 JSON），记录用途")
    def export_audit(json_data: dict[str, Any]) -> Response:
        return exported(deps, json_data)


def exported(deps: Deps, asked: dict[str, Any], also: tuple[str, ...] = ()) -> Response:
    """The file an `EntryExport` asks for: for one person, kept by no cache."""
    purpose, form = asked.pop("purpose"), asked.pop("format")
    wanted = queries.EntryFilter(**asked, also=also, with_lists=True)
    content = export_entries(deps.db, wanted, purpose, form, actor=principal(), at=deps.clock.now())
    response = Response(content, mimetype=FORMS[form])
    response.headers["Content-Disposition"] = f"attachment; filename=audit.{form}"
    response.headers["Cache-Control"] = "no-store"
    return response


def _add_chain(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/chain")
    @access(roles("auditor"))
    @bp.output(schemas.ChainView)
    @bp.doc(summary="核验审计链")
    def show_chain() -> dict[str, Any]:
        with deps.db.read() as session:
            bad = queries.verify(session)
            position, digest = queries.head(session)
        return {
            "position": position, "hash": digest, "intact": bad is None,
            "bad_position": bad.position if bad else None, "bad_entry": bad.entry_id if bad else None,
            "reason": bad.reason if bad else None,
        }  # fmt: skip


def _view(row: AuditEntry) -> dict[str, Any]:
    return {name: getattr(row, name) for name in COLUMNS} | {
        "action_name": action_name(row.action),
        "object_type_name": object_name(row.object_type),
        "detail": queries.detail_of(row),
    }
