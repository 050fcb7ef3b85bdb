"""The page of dispatches: what was sent to whom over which channel, every attempt, and trying again."""

from apiflask import APIBlueprint
from flask import Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from services.notifier.domain import CHANNEL_NAMES, ENDPOINT_KEEPERS
from services.notifier.models import Deps
from services.notifier.queries import messages
from services.notifier.usecases.sending import resend
from services.notifier.web.looks import STATE_COLOURS
from shared.web.access import access, principal, roles, signed_in
from shared.web.pages import render

PAGE_SIZE = 30


def add_routes(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/deliveries")
    @access(signed_in())
    def deliveries() -> Response:
        given = request.args
        wanted = messages.DispatchFilter(given.get("channel") or None, given.get("state") or None)
        with deps.db.read() as session:
            found = messages.dispatch_page(session, principal(), wanted, given.get("cursor"), PAGE_SIZE)
        return render(
            "notices/deliveries.html",
            items=found["items"],
            next_cursor=found["next"],
            channels=list(CHANNEL_NAMES.items()),
            states=list(messages.STATE_NAMES.items()),
            colours=STATE_COLOURS,
            may_resend=principal().has(*ENDPOINT_KEEPERS),
        )

    @bp.post("/deliveries/<delivery_id>/retry")
    @access(roles(*ENDPOINT_KEEPERS))
    def retry(delivery_id: str) -> AnyResponse:
        with deps.db.write() as session:
            resend(session, principal(), delivery_id, deps.clock.system_now())
        return redirect(url_for("pages.deliveries"), 303)
