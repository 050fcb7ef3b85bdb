"""The page of who hears what, where an officer chooses which mails to get."""

from collections.abc import Iterator
from typing import Any

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
        wanted, daily = set(request.form.getlist("event")), set(request.form.getlist("digest"))
        with deps.db.write() as session:
            for event, may_digest in _changeable(subscriptions(session, principal())):
                digest = may_digest and event in daily
                enabled = digest or event in wanted
                reading.choose(session, event, PERSONAL, enabled=enabled, digest=digest, actor=principal())
        return redirect(url_for("pages.list_subscriptions"), 303)

    @bp.post("/phone")
    @access(signed_in())
    def state_phone() -> AnyResponse:
        number, now = request.form.get("number", "").strip(), deps.clock.system_now()
        with deps.db.write() as session:
            phones.state_phone(session, deps.keyring, number, actor=principal(), at=now)
        return redirect(url_for("pages.list_subscriptions"), 303)


def _changeable(items: list[dict[str, Any]]) -> Iterator[tuple[str, bool]]:
    """(event, may be gathered) of what an officer can decide about."""
    for item in items:
        for each in item["channels"]:
            if each["channel"] == PERSONAL and not each["locked"]:
                yield item["event"], each["may_digest"]
