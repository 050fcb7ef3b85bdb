"""Pages of what is late and what does not work: ladders of unsigned messages, and how each provider does."""

from datetime import timedelta
from typing import Any

from apiflask import APIBlueprint
from flask import Response, request

from services.notifier.models import Deps
from services.notifier.queries.bounces import recent_bounces
from services.notifier.queries.escalations import STATES, escalation_page, ladder_rows
from services.notifier.queries.providers import OWN, WATCHERS, provider_health
from shared.web.access import access, principal, roles, signed_in
from shared.web.pages import render

PAGE_SIZE = 30
MOST_BOUNCES = 20
PERIODS = {"1": "最近 24 小时", "7": "最近 7 天", "30": "最近 30 天"}
COLOURS = {"open": "yellow", "acknowledged": "green", "exhausted": "red"}


def add_routes(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/escalations")
    @access(signed_in())
    def escalations() -> Response:
        state = request.args.get("state", "")
        with deps.db.read() as session:
            found = escalation_page(
                session,
                principal(),
                state if state in STATES else None,
                request.args.get("cursor"),
                PAGE_SIZE,
            )
        return render(
            "notices/escalations.html",
            items=found["items"],
            next_cursor=found["next"],
            states=list(STATES.items()),
            colours=COLOURS,
            ladders=ladder_rows(),
        )

    @bp.get("/providers")
    @access(roles(*WATCHERS))
    def providers() -> Response:
        days = request.args.get("days", "7")
        days = days if days in PERIODS else "7"
        since = deps.clock.system_now() - timedelta(days=int(days))
        with deps.db.read() as session:
            rows = provider_health(session, since=since)
            bounces = recent_bounces(session, since=since, limit=MOST_BOUNCES)
        given = {"days": days, "periods": list(PERIODS.items())}
        return _providers(given, rows=rows, bounces=bounces)


def _providers(given: dict[str, Any], **found: Any) -> Response:
    return render("notices/providers.html", **given, **found, own=OWN)
