"""The page of who hears what, where an officer chooses which mails to get."""

from apiflask import APIBlueprint
from flask import Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from services.notifier.domain import CHANNEL_NAMES
from services.notifier.models import Deps
from services.notifier.queries.subscriptions import subscriptions
from services.notifier.usecases import phones, reading
from services.notifier.web.looks import SEVERITY_COLOURS
from shared.web.access import access, principal, signed_in
from shared.web.pages import render


def add_routes(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/subscriptions")
    @access(signed_in())
    def list_subscriptions() -> Response:
        with deps.db.read() as session:
            items = subscriptions(session, principal())
        return render(
            "notices/subscriptions.html",
            items=items,
            colours=SEVERITY_COLOURS,
            names=CHANNEL_NAMES,
            reasons=sorted({each["why"] for item in items for each in item["channels"] if each["required"]}),
        )

    @bp.post("/subscriptions")
    @access(signed_in())
    def choose() -> AnyResponse:
        wanted, daily = set(request.form.getlist("event")), set(request.form.getlist("digest"))
        with deps.db.write() as session:
            reading.choose_all(session, wanted, daily, actor=principal())
        return redirect(url_for("pages.list_subscriptions"), 303)

    @bp.post("/phone")
    @access(signed_in())
    def state_phone() -> AnyResponse:
        number, now = request.form.get("number", "").strip(), deps.clock.system_now()
        with deps.db.write() as session:
            phones.state_phone(session, deps.keyring, number, actor=principal(), at=now)
        return redirect(url_for("pages.preferences"), 303)
