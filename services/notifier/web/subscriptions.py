"""The page of who hears what, where an officer chooses which mails to get."""

from apiflask import APIBlueprint
from flask import Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from services.notifier.models import Deps
from services.notifier.queries.subscriptions import PERSONAL, subscriptions
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
            phone = phones.shown_phone(session, deps.keyring, principal().user_id)
        return render("notices/subscriptions.html", items=items, colours=SEVERITY_COLOURS, phone=phone)

    @bp.post("/subscriptions")
    @access(signed_in())
    def choose() -> AnyResponse:
        wanted = set(request.form.getlist("event"))
        with deps.db.write() as session:
            for event in _changeable(subscriptions(session, principal())):
                reading.choose(session, event, PERSONAL, enabled=event in wanted, actor=principal())
        return redirect(url_for("pages.list_subscriptions"), 303)

    @bp.post("/phone")
    @access(signed_in())
    def state_phone() -> AnyResponse:
        number, now = request.form.get("number", "").strip(), deps.clock.system_now()
        with deps.db.write() as session:
            phones.state_phone(session, deps.keyring, number, actor=principal(), at=now)
        return redirect(url_for("pages.list_subscriptions"), 303)


def _changeable(items: list[dict[str, object]]) -> list[str]:
    return [str(item["event"]) for item in items if _personal(item)]


def _personal(item: dict[str, object]) -> bool:
    channels = item["channels"]
    assert isinstance(channels, list)
    return any(each["channel"] == PERSONAL and not each["locked"] for each in channels)
