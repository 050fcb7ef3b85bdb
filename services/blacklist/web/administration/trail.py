"""审计记录, for the auditor: who did what to which thing when, and whether the chain still proves it."""

import json
from collections.abc import Sequence
from typing import Any

from apiflask import APIBlueprint
from flask import Response

from services.blacklist.audit import queries
from services.blacklist.audit.models import AuditEntry
from services.blacklist.audit.schemas import EntryQuery
from services.blacklist.store import Deps
from services.blacklist.web.administration.asking import PER_PAGE, asked, paged, secret_page, seen, wrong
from shared.errors import Invalid
from shared.web.access import access, roles
from shared.web.forms import load_form

PLACE = "/admin/audit"
AUDITOR = roles("auditor")
FIELDS = ("actor", "action", "object_type", "object_id", "from", "to")


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
                rows = queries.recent_entries(session, before=seen(), limit=PER_PAGE + 1, **words)
            except Invalid as error:
                errors = wrong(error)
            page = paged(rows, lambda row: row.id)
            page["rows"] = [_line(row) for row in page["rows"]]
        return secret_page("trail", 422 if errors else 200, **page, given=given, errors=errors)

    @made.get(f"{PLACE}/chain")
    @access(AUDITOR)
    def audit_chain() -> Response:
        with deps.db.read() as session:
            bad = queries.verify(session)
            position, digest = queries.head(session)
        return secret_page("chain", bad=bad, position=position, digest=digest, at=deps.clock.now())


def _line(row: AuditEntry) -> dict[str, Any]:
    detail = json.dumps(queries.detail_of(row), ensure_ascii=False, indent=2)
    return {"entry": row, "detail": detail if detail != "{}" else ""}
