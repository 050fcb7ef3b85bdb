"""The page of what a department hears of beyond the routing data: added, changed, removed by who keeps it."""

from typing import Any

from apiflask import APIBlueprint
from flask import Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from services.notifier.domain import ENDPOINT_KEEPERS, ROLE_NAMES
from services.notifier.models import Deps
from services.notifier.queries.routes import added_route_of, added_route_view, routes_of
from services.notifier.routing import routing
from services.notifier.routing.added import OWN, SOURCES
from services.notifier.routing.scopes import Scope
from services.notifier.usecases import routes
from services.notifier.web.scopes import LABELS, read_scope, receiver_errors, scope_form
from services.notifier.web.webhooks import stated_version
from shared.errors import Conflict, FieldError, Invalid
from shared.web.access import access, principal, roles, signed_in
from shared.web.pages import render

KEEPERS = roles(*ENDPOINT_KEEPERS)
MINE = {"name": "名称", "source": "事项来源", "roles": "加收的角色", **LABELS}


def add_routes(bp: APIBlueprint, deps: Deps) -> None:
    _add_list(bp, deps)
    _add_making(bp, deps)
    _add_changing(bp, deps)


def _add_list(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/routes")
    @access(signed_in())
    def list_added_routes() -> Response:
        with deps.db.read() as session:
            items = [added_route_view(each) for each in routes_of(session, principal())]
        labels = {route.event: route.label for route in routing().routes}
        may_manage = principal().has(*ENDPOINT_KEEPERS)
        return render("notices/routes.html", items=items, labels=labels, may_manage=may_manage)

    @bp.post("/routes/<route_id>/removal")
    @access(KEEPERS)
    def remove_route(route_id: str) -> AnyResponse:
        with deps.db.write() as session:
            routes.remove_route(session, added_route_of(session, principal(), route_id))
        return redirect(url_for("pages.list_added_routes"), 303)


def _add_making(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/routes/new")
    @access(KEEPERS)
    def new_route() -> Response:
        return _form({})

    @bp.post("/routes/new")
    @access(KEEPERS)
    def create_route() -> AnyResponse:
        try:
            wanted = _wanted()
            with deps.db.write() as session:
                routes.add_route(session, wanted, actor=principal(), at=deps.clock.system_now())
        except (Invalid, Conflict) as error:
            return _form(receiver_errors(error), int(error.kind))
        return redirect(url_for("pages.list_added_routes"), 303)


def _add_changing(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/routes/<route_id>/edit")
    @access(KEEPERS)
    def edit_route(route_id: str) -> Response:
        with deps.db.read() as session:
            view = added_route_view(added_route_of(session, principal(), route_id))
        return _form({}, kept=view, version=view["version"])

    @bp.post("/routes/<route_id>/edit")
    @access(KEEPERS)
    def change_route(route_id: str) -> AnyResponse:
        try:
            with deps.db.write() as session:
                found = added_route_of(session, principal(), route_id)
                at, version = deps.clock.system_now(), stated_version()
                routes.change_route(session, found, _wanted(), version=version, at=at)
        except (Invalid, Conflict) as error:
            stated = request.form.get("version", "")
            return _form(receiver_errors(error), int(error.kind), version=stated)
        return redirect(url_for("pages.list_added_routes"), 303)


def _wanted() -> routes.Wanted:
    given, name = request.form, request.form.get("name", "").strip()
    if not 0 < len(name) <= 100 or not name.isprintable():
        wrong = FieldError("/name", "必填，不超过一百个字。")
        raise Invalid("validation-failed", "提交的内容有误", fields=[wrong])
    return routes.Wanted(
        name, given.get("source", ""), given.getlist("event_types"), read_scope(), given.getlist("roles")
    )


def _form(
    errors: dict[str, str], status: int = 200, *, kept: dict[str, Any] | None = None, version: Any = None
) -> Response:
    """For a new one, or for the version of one that was read."""
    given = request.form
    return render(
        "notices/route_new.html",
        status,
        errors=errors,
        labels=MINE,
        version=version,
        name=kept["name"] if kept else given.get("name", ""),
        source=kept["source"] if kept else given.get("source", OWN),
        sources=list(SOURCES.items()),
        held=list(ROLE_NAMES.items()),
        roles=kept["roles"] if kept else given.getlist("roles"),
        events=[(route.event, route.label) for route in routing().routes],
        chosen=kept["event_types"] if kept else given.getlist("event_types"),
        scope=scope_form(Scope.read(kept["scope"]) if kept else None),
    )
