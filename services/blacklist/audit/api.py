"""The trail over HTTP, for the auditor alone."""

from typing import Any

from apiflask import APIBlueprint

from services.blacklist.audit import queries, schemas
from services.blacklist.audit.models import AuditEntry
from services.blacklist.store import Deps
from shared.web.access import access, roles
from shared.web.paging import cut, last_id, page

COLUMNS = (
    "id", "at", "actor_id", "actor_name", "actor_department_id", "actor_roles", "action", "object_type",
    "object_id",
)  # fmt: skip


def blueprint(deps: Deps) -> APIBlueprint:
    made = APIBlueprint("audit", __name__, url_prefix="/api/v1/audit", tag="审计")
    _add_entries(made, deps)
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
            rows = queries.recent_entries(session, before=before, limit=limit + 1, **query_data)
        shown, following = cut(rows, limit, lambda row: [row.id])
        return page([_view(row) for row in shown], following)


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
    return {name: getattr(row, name) for name in COLUMNS} | {"detail": queries.detail_of(row)}
