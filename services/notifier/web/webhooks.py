"""Pages for managing a department's webhooks. A secret is shown on the page that made it, and never again."""

from datetime import timedelta
from typing import Any

from apiflask import APIBlueprint
from flask import Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from services.notifier.channels import RECEIVERS
from services.notifier.channels.receiving import asked_of, read_receiver
from services.notifier.domain import ENDPOINT_KEEPERS
from services.notifier.models import Deps
from services.notifier.queries.endpoints import endpoint_of, endpoint_view, endpoints_of
from services.notifier.queries.messages import DispatchFilter, dispatch_rows, dispatch_views
from services.notifier.queries.replays import replays_of
from services.notifier.routing import routing
from services.notifier.routing.scopes import Scope
from services.notifier.usecases import endpoints
from services.notifier.web.looks import STATE_COLOURS
from services.notifier.web.scopes import LABELS, read_scope, receiver_errors, scope_form
from shared.clock import SHANGHAI
from shared.errors import Conflict, DomainError, FieldError, Invalid
from shared.web.access import access, principal, roles, signed_in
from shared.web.pages import render

KEEPERS = roles(*ENDPOINT_KEEPERS)
SCHEMA = RECEIVERS["webhook"]
SHOWN, SHOWN_REPLAYS = 10, 5
ASKED_BACK = timedelta(days=1)  # where the form for a replay begins


def add_routes(bp: APIBlueprint, deps: Deps) -> None:
    _add_list(bp, deps)
    _add_making(bp, deps)
    _add_one(bp, deps)
    _add_changing(bp, deps)


def _add_list(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/webhooks")
    @access(signed_in())
    def list_webhooks() -> Response:
        with deps.db.read() as session:
            items = [endpoint_view(session, each) for each in endpoints_of(session, principal())]
        return render("notices/webhooks.html", items=items, may_manage=principal().has(*ENDPOINT_KEEPERS))


def _add_making(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/webhooks/new")
    @access(KEEPERS)
    def new_webhook() -> Response:
        return _form({}, {})

    @bp.post("/webhooks/new")
    @access(KEEPERS)
    def create_webhook() -> Response:
        try:
            with deps.db.write() as session:
                made, secret = endpoints.add_endpoint(
                    session,
                    deps.keyring,
                    _change(),
                    allowed_hosts=deps.allowed_hosts,
                    actor=principal(),
                    at=deps.clock.system_now(),
                )
                made_id = made.id
        except DomainError as error:
            return _form(request.form.to_dict(), receiver_errors(error), 422)
        return webhook_page(deps, made_id, secret=secret)


def _add_one(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/webhooks/<webhook_id>")
    @access(signed_in())
    def webhook(webhook_id: str) -> Response:
        return webhook_page(deps, webhook_id)

    @bp.post("/webhooks/<webhook_id>/secret")
    @access(KEEPERS)
    def rotate(webhook_id: str) -> Response:
        with deps.db.write() as session:
            found, now = endpoint_of(session, principal(), webhook_id), deps.clock.system_now()
            secret = endpoints.rotate_secret(session, deps.keyring, found, version=stated_version(), at=now)
        return webhook_page(deps, webhook_id, secret=secret)


def _add_changing(bp: APIBlueprint, deps: Deps) -> None:
    @bp.post("/webhooks/<webhook_id>/switch")
    @access(KEEPERS)
    def switch(webhook_id: str) -> AnyResponse:
        change = endpoints.Change(enabled=request.form.get("enabled") == "true")
        with deps.db.write() as session:
            found = endpoint_of(session, principal(), webhook_id)
            endpoints.change_endpoint(
                session,
                found,
                change,
                version=stated_version(),
                allowed_hosts=deps.allowed_hosts,
                at=deps.clock.system_now(),
            )
        return redirect(url_for("pages.webhook", webhook_id=webhook_id), 303)

    @bp.get("/webhooks/<webhook_id>/edit")
    @access(KEEPERS)
    def edit_webhook(webhook_id: str) -> Response:
        with deps.db.read() as session:
            view = endpoint_view(session, endpoint_of(session, principal(), webhook_id))
        return _form(view, {}, kept=view, version=view["version"])

    @bp.post("/webhooks/<webhook_id>/edit")
    @access(KEEPERS)
    def change_webhook(webhook_id: str) -> AnyResponse:
        hosts, now = deps.allowed_hosts, deps.clock.system_now()
        try:
            with deps.db.write() as session:
                found = endpoint_of(session, principal(), webhook_id)
                version = stated_version()
                endpoints.change_endpoint(
                    session, found, _change(), version=version, allowed_hosts=hosts, at=now
                )
        except (Invalid, Conflict) as error:
            stated = request.form.get("version", "")
            return _form(request.form.to_dict(), receiver_errors(error), int(error.kind), version=stated)
        return redirect(url_for("pages.webhook", webhook_id=webhook_id), 303)

    @bp.post("/webhooks/<webhook_id>/test")
    @access(KEEPERS)
    def try_webhook(webhook_id: str) -> AnyResponse:
        with deps.db.write() as session:
            found = endpoint_of(session, principal(), webhook_id)
            endpoints.try_endpoint(session, found, actor=principal(), at=deps.clock.system_now())
        return redirect(url_for("pages.deliveries", webhook=webhook_id), 303)

    @bp.post("/webhooks/<webhook_id>/removal")
    @access(KEEPERS)
    def remove(webhook_id: str) -> AnyResponse:
        with deps.db.write() as session:
            endpoints.remove_endpoint(session, endpoint_of(session, principal(), webhook_id))
        return redirect(url_for("pages.list_webhooks"), 303)


def _change() -> endpoints.Change:
    stated = read_receiver(SCHEMA, {name: request.form.get(name, "") for name in SCHEMA.fields})
    return endpoints.Change(**stated, event_types=request.form.getlist("event_types"), scope=read_scope())


def stated_version() -> int:
    """The version a form was shown with."""
    stated = request.form.get("version", "")
    if not stated.isdecimal() or len(stated) > 9:
        raise Invalid(
            "validation-failed", "提交的内容有误", fields=[FieldError("/version", "请刷新页面后再试。")]
        )
    return int(stated)


def _form(
    values: dict[str, Any],
    errors: dict[str, str],
    status: int = 200,
    *,
    kept: dict[str, Any] | None = None,
    version: Any = None,
) -> Response:
    """For a new one, or for the version of one that was read; filters given over HTTP are kept."""
    events = [(route.event, route.label) for route in routing().routes if "webhook" in route.channels]
    ticked = request.form.getlist("event_types") if kept is None else kept["event_types"]
    known = {event for event, _ in events}
    events += [(each, each) for each in ticked if each not in known]
    asked = asked_of(SCHEMA)
    given = {"values": values, "errors": errors, "events": events, "chosen": ticked, "version": version}
    given |= {"asked": asked, "labels": {**LABELS, **{each.name: each.label for each in asked}}}
    given |= {"scope": scope_form(Scope.read(kept["scope"]) if kept else None)}
    return render("notices/webhook_new.html", status, **given)


def webhook_page(
    deps: Deps,
    webhook_id: str,
    *,
    secret: str | None = None,
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> Response:
    """One webhook with its newest dispatches and replays."""
    with deps.db.read() as session:
        item = endpoint_view(session, endpoint_of(session, principal(), webhook_id))
        rows = dispatch_rows(
            session, principal(), DispatchFilter(target=f"webhook:{webhook_id}"), None, SHOWN
        )
        sent, replays = dispatch_views(session, rows), replays_of(session, webhook_id, SHOWN_REPLAYS)
    began = (deps.clock.system_now() - ASKED_BACK).astimezone(SHANGHAI)
    asked = {"since": f"{began:%Y-%m-%dT%H:%M}", "until": "", "scope": "failed", **request.form.to_dict()}
    answer = render(
        "notices/webhook.html",
        status,
        item=item,
        secret=secret,
        sent=sent,
        replays=replays,
        asked=asked,
        errors=errors or {},
        colours=STATE_COLOURS,
        may_manage=principal().has(*ENDPOINT_KEEPERS),
    )
    if secret:
        answer.headers["Cache-Control"] = "no-store"
    return answer
