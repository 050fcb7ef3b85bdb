"""The page of dispatches: what was sent to whom over which channel, every attempt, and trying again."""

from collections.abc import Mapping
from datetime import date

from apiflask import APIBlueprint
from flask import Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from services.notifier.domain import CHANNEL_NAMES, ENDPOINT_KEEPERS
from services.notifier.models import Deps
from services.notifier.queries import messages
from services.notifier.queries.delivery_log import MOST_ROWS, delivery_csv
from services.notifier.routing import routing
from services.notifier.usecases.sending import MOST_RESENT, resend, resend_matching
from services.notifier.web.inbox import FAMILIES, MOST_TEXT
from services.notifier.web.looks import STATE_COLOURS
from shared.web.access import access, principal, roles, signed_in
from shared.web.pages import render

PAGE_SIZE = 30


def add_routes(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/deliveries")
    @access(signed_in())
    def deliveries() -> Response:
        given, wanted = request.args, _filter(request.args)
        with deps.db.read() as session:
            found = messages.dispatch_page(session, principal(), wanted, given.get("cursor"), PAGE_SIZE)
        return render(
            "notices/deliveries.html",
            items=found["items"],
            next_cursor=found["next"],
            channels=list(CHANNEL_NAMES.items()),
            states=list(messages.STATE_NAMES.items()),
            events=[*FAMILIES, *((route.event, route.label) for route in routing().routes)],
            webhook=given.get("webhook"),
            most_exported=MOST_ROWS,
            most_resent=MOST_RESENT,
            colours=STATE_COLOURS,
            may_resend=principal().has(*ENDPOINT_KEEPERS),
        )

    @bp.get("/deliveries.csv")
    @access(signed_in())
    def deliveries_csv() -> Response:
        with deps.db.read() as session:
            body = delivery_csv(session, principal(), _filter(request.args))
        answer = Response(body, mimetype="text/csv")
        answer.headers["Content-Disposition"] = 'attachment; filename="deliveries.csv"'
        return answer

    @bp.post("/deliveries/<delivery_id>/retry")
    @access(roles(*ENDPOINT_KEEPERS))
    def retry(delivery_id: str) -> AnyResponse:
        with deps.db.write() as session:
            resend(session, principal(), delivery_id, deps.clock.system_now())
        return redirect(url_for("pages.deliveries"), 303)

    @bp.post("/deliveries/retries")
    @access(roles(*ENDPOINT_KEEPERS))
    def retry_matching() -> AnyResponse:
        with deps.db.write() as session:
            resend_matching(session, principal(), _filter(request.form), deps.clock.system_now())
        return redirect(url_for("pages.deliveries", channel=request.form.get("channel") or None), 303)


def _filter(given: Mapping[str, str]) -> messages.DispatchFilter:
    return messages.DispatchFilter(
        channel=given.get("channel") or None,
        target=f"webhook:{given['webhook']}" if given.get("webhook") else None,
        state=given.get("state") or None,
        event_type=given.get("event_type") or None,
        since=_day(given.get("since", "")),
        until=_day(given.get("until", "")),
        provider=given.get("provider", "").strip()[:40] or None,
        text=given.get("text", "").strip()[:MOST_TEXT] or None,
    )


def _day(stated: str) -> date | None:
    """The day asked for; what is none narrows nothing."""
    try:
        return date.fromisoformat(stated)
    except ValueError:
        return None
