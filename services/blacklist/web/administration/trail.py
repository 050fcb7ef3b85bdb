"""审计记录, for the auditor: who did what to which thing when, and whether the chain still proves it."""

import json
from datetime import date, datetime, time, timedelta
from typing import Any

from apiflask import APIBlueprint
from flask import Response

from services.blacklist.audit import queries
from services.blacklist.audit.models import AuditEntry
from services.blacklist.store import Deps
from services.blacklist.web.administration.asking import PER_PAGE, asked, paged, secret_page, seen
from shared.clock import SHANGHAI
from shared.web.access import access, roles

PLACE = "/admin/audit"
AUDITOR = roles("auditor")
FIELDS = ("actor", "action", "object_type", "object_id", "from", "to")


def add_routes(made: APIBlueprint, deps: Deps) -> None:
    @made.get(PLACE)
    @access(AUDITOR)
    def audit_trail() -> Response:
        given = {name: asked(name) for name in FIELDS}
        errors = {
            name: "日期应写作 2026-11-02。"
            for name in ("from", "to")
            if given[name] and not _day(given[name])
        }
        with deps.db.read() as session:
            found = queries.recent_entries(
                session, before=seen(), action=given["action"] or None, object_id=given["object_id"] or None,
                actor=given["actor"] or None, object_type=given["object_type"] or None,
                since=_start(given["from"]), until=_start(given["to"], days=1), limit=PER_PAGE + 1,
            )  # fmt: skip
            page = paged([] if errors else found, lambda row: row.id)
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


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _start(text: str, days: int = 0) -> datetime | None:
    """When a day begins in Beijing, or so many days later."""
    day = _day(text)
    if day is None or day > date.max - timedelta(days=2) or day < date(1900, 1, 1):
        return None
    return datetime.combine(day + timedelta(days=days), time(), SHANGHAI)
