"""Pages for managing a department's webhooks. A secret is shown on the page that made it, and never again."""

from typing import Any

from apiflask import APIBlueprint
from flask import Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from services.notifier.domain import ENDPOINT_KEEPERS
from services.notifier.models import Deps
from services.notifier.queries.endpoints import endpoint_of, endpoint_view, endpoints_of
from services.notifier.routing import routing
from services.notifier.usecases import endpoints
from shared.errors import DomainError, FieldError, Invalid
from shared.web.access import access, principal, roles, signed_in
from shared.web.pages import form_errors, render

KEEPERS = roles(*ENDPOINT_KEEPERS)
LONGEST = {"name": 100, "url": 500}


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
                view = endpoint_view(session, made)
        except DomainError as error:
            return _form(request.form.to_dict(), form_errors(error), 422)
        return _one(view, secret=secret)


def _add_one(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/webhooks/<webhook_id>")
    @access(signed_in())
    def webhook(webhook_id: str) -> Response:
        with deps.db.read() as session:
            return _one(endpoint_view(session, endpoint_of(session, principal(), webhook_id)))

    @bp.post("/webhooks/<webhook_id>/secret")
    @access(KEEPERS)
    def rotate(webhook_id: str) -> Response:
        with deps.db.write() as session:
            found, now = endpoint_of(session, principal(), webhook_id), deps.clock.system_now()
            secret = endpoints.rotate_secret(session, deps.keyring, found, version=stated_version(), at=now)
            view = endpoint_view(session, found)
        return _one(view, secret=secret)


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
    given = {name: request.form.get(name, "").strip() for name in LONGEST}
    wrong = [
        FieldError(f"/{name}", "必填。" if not given[name] else f"不能超过 {LONGEST[name]} 个字。")
        for name in LONGEST
        if not 0 < len(given[name]) <= LONGEST[name]
    ]
    if wrong:
        raise Invalid("validation-failed", "提交的内容有误", fields=wrong)
    return endpoints.Change(given["name"], given["url"], request.form.getlist("event_types"))


def stated_version() -> int:
    """The version a form was shown with."""
    stated = request.form.get("version", "")
    if not stated.isdecimal() or len(stated) > 9:
        raise Invalid(
            "validation-failed", "提交的内容有误", fields=[FieldError("/version", "请刷新页面后再试。")]
        )
    return int(stated)


def _form(values: dict[str, Any], errors: dict[str, str], status: int = 200) -> Response:
    events = [(route.event, route.label) for route in routing().routes if "webhook" in route.channels]
    chosen = request.form.getlist("event_types")
    return render(
        "notices/webhook_new.html", status, values=values, errors=errors, events=events, chosen=chosen
    )


def _one(view: dict[str, Any], secret: str | None = None) -> Response:
    answer = render(
        "notices/webhook.html", item=view, secret=secret, may_manage=principal().has(*ENDPOINT_KEEPERS)
    )
    if secret:
        answer.headers["Cache-Control"] = "no-store"
    return answer
