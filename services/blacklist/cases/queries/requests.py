"""Objections and repair requests with their answers, for the window or site they came through."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.blacklist.cases.models import Case, CaseOverlay
from services.blacklist.cases.queries.finding import visible_to
from shared.web.access import Principal

KINDS = ("objection", "repair")


def requests_of(session: Session, case_id: str) -> Sequence[CaseOverlay]:
    """Every request on one case, open or answered, oldest first."""
    wanted = select(CaseOverlay).where(CaseOverlay.case_id == case_id, CaseOverlay.kind.in_(KINDS))
    return session.scalars(wanted.order_by(CaseOverlay.id)).all()


def find_requests(
    session: Session,
    who: Principal,
    *,
    channel: str | None,
    ticket: str | None,
    before: str | None,
    limit: int,
) -> Sequence[CaseOverlay]:
    """Newest first among the cases one may see, one more than `limit`."""
    wanted = select(CaseOverlay).join(Case, Case.id == CaseOverlay.case_id)
    wanted = wanted.where(CaseOverlay.kind.in_(KINDS), visible_to(who))
    if channel:
        wanted = wanted.where(CaseOverlay.channel == channel)
    if ticket:
        wanted = wanted.where(CaseOverlay.ticket == ticket)
    if before:
        wanted = wanted.where(CaseOverlay.id < before)
    return session.scalars(wanted.order_by(CaseOverlay.id.desc()).limit(limit + 1)).all()


def request_view(overlay: CaseOverlay) -> dict[str, Any]:
    """A request and its answer; `result` is None while it is under way."""
    detail = overlay.detail or {}
    return {
        "id": overlay.id,
        "case_id": overlay.case_id,
        "kind": overlay.kind,
        "state": overlay.state,
        "channel": overlay.channel,
        "ticket": overlay.ticket,
        "received_at": overlay.received_on.isoformat() if overlay.received_on else None,
        "due": overlay.due_on.isoformat() if overlay.due_on else None,
        "awaiting_material": bool(detail.get("awaiting")),
        "material_requested": list(detail.get("material_requested", ())),
        "material_received": list(detail.get("material_received", ())),
        "extended": str(detail["extended"]) if detail.get("extended") else None,
        "result": detail.get("result"),
    }
