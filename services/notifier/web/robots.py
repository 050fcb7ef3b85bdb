"""Pages for managing a department's chat robots. Address and secret are never shown again."""

from typing import Any

from apiflask import APIBlueprint
from flask import Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from services.notifier.channels import RECEIVERS
from services.notifier.channels.receiving import asked_of, read_receiver
from services.notifier.domain import CHANNEL_NAMES, ENDPOINT_KEEPERS, ROBOTS
from services.notifier.models import Deps
from services.notifier.queries.robots import robot_of, robot_view, robots_of
from services.notifier.routing import routing
from services.notifier.routing.scopes import Scope
from services.notifier.usecases import robots
from services.notifier.web.scopes import LABELS, read_scope, receiver_errors, scope_form
from services.notifier.web.webhooks import stated_version
from shared.errors import Conflict, DomainError, FieldError, Invalid
from shared.web.access import access, principal, roles, signed_in
from shared.web.pages import render

KEEPERS = roles(*ENDPOINT_KEEPERS)


def add_routes(bp: APIBlueprint, deps: Deps) -> None:
    _add_list(bp, deps)
    _add_making(bp, deps)
    _add_editing(bp, deps)
    _add_changing(bp, deps)


def _add_list(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/robots")
    @access(signed_in())
    def list_robots() -> Response:
        with deps.db.read() as session:
            items = [robot_view(each) for each in robots_of(session, principal())]
        return render("notices/robots.html", items=items, may_manage=principal().has(*ENDPOINT_KEEPERS))


def _add_making(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/robots/new")
    @access(KEEPERS)
    def new_robot() -> Response:
        channel = request.args.get("channel", "")
        return _form(channel if channel in ROBOTS else ROBOTS[0], {})

    @bp.post("/robots/new")
    @access(KEEPERS)
    def create_robot() -> AnyResponse:
        channel = request.form.get("channel", "")
        try:
            plan = robots.Plan(channel, **_stated(channel), scope=read_scope())
            with deps.db.write() as session:
                at = deps.clock.system_now()
                robots.add_robot(
                    session, deps.keyring, plan, hosts=deps.robot_hosts, actor=principal(), at=at
                )
        except DomainError as error:
            return _form(channel if channel in ROBOTS else ROBOTS[0], receiver_errors(error), 422)
        return redirect(url_for("pages.list_robots"), 303)


def _add_editing(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/robots/<robot_id>/edit")
    @access(KEEPERS)
    def edit_robot(robot_id: str) -> Response:
        with deps.db.read() as session:
            view = robot_view(robot_of(session, principal(), robot_id))
        return _form(view["channel"], {}, kept=view, version=view["version"])

    @bp.post("/robots/<robot_id>/edit")
    @access(KEEPERS)
    def change_robot(robot_id: str) -> AnyResponse:
        with deps.db.read() as session:
            channel = robot_of(session, principal(), robot_id).channel
        try:
            change = robots.RobotChange(**_stated(channel, partial=True), scope=read_scope())
            _change(deps, robot_id, change)
        except (Invalid, Conflict) as error:
            shown = request.form.get("version", "")
            return _form(channel, receiver_errors(error), int(error.kind), version=shown)
        return redirect(url_for("pages.list_robots"), 303)


def _add_changing(bp: APIBlueprint, deps: Deps) -> None:
    @bp.post("/robots/<robot_id>/switch")
    @access(KEEPERS)
    def switch_robot(robot_id: str) -> AnyResponse:
        enabled = request.form.get("enabled") == "true"
        _change(deps, robot_id, robots.RobotChange(enabled=enabled))
        return redirect(url_for("pages.list_robots"), 303)

    @bp.post("/robots/<robot_id>/test")
    @access(KEEPERS)
    def try_robot(robot_id: str) -> AnyResponse:
        with deps.db.write() as session:
            found = robot_of(session, principal(), robot_id)
            robots.try_robot(session, found, actor=principal(), at=deps.clock.system_now())
            channel = found.channel
        return redirect(url_for("pages.deliveries", channel=channel), 303)

    @bp.post("/robots/<robot_id>/removal")
    @access(KEEPERS)
    def remove_robot(robot_id: str) -> AnyResponse:
        with deps.db.write() as session:
            robots.remove_robot(session, robot_of(session, principal(), robot_id))
        return redirect(url_for("pages.list_robots"), 303)


def _change(deps: Deps, robot_id: str, change: robots.RobotChange) -> None:
    with deps.db.write() as session:
        found, at = robot_of(session, principal(), robot_id), deps.clock.system_now()
        version, hosts = stated_version(), deps.robot_hosts
        robots.change_robot(session, deps.keyring, found, change, version=version, hosts=hosts, at=at)


def _stated(channel: str, *, partial: bool = False) -> dict[str, Any]:
    """What the form says, by the channel's own schema; on a change what is left empty stays."""
    if channel not in ROBOTS:
        wrong = FieldError("/channel", "请选择平台。")
        raise Invalid("validation-failed", "提交的内容有误", fields=[wrong])
    schema = RECEIVERS[channel]
    given = {name: request.form.get(name, "") for name in schema.fields}
    stated = read_receiver(schema, given, partial=partial)
    return {**stated, "event_types": request.form.getlist("event_types")}


def _form(
    channel: str,
    errors: dict[str, str],
    status: int = 200,
    *,
    kept: dict[str, Any] | None = None,
    version: Any = None,
) -> Response:
    """One page for each channel, made of its schema; address and secret are never filled in."""
    asked = asked_of(RECEIVERS[channel])
    return render(
        "notices/robot_new.html",
        status,
        channel=channel,
        vendor_name=CHANNEL_NAMES[channel],
        vendors=[(CHANNEL_NAMES[key], url_for("pages.new_robot", channel=key)) for key in ROBOTS],
        current=url_for("pages.new_robot", channel=channel),
        asked=asked,
        labels={**LABELS, **{each.name: each.label for each in asked}},
        values=kept or request.form,
        errors=errors,
        version=version,
        events=[(route.event, route.label) for route in routing().routes],
        chosen=kept["event_types"] if kept else request.form.getlist("event_types"),
        scope=scope_form(Scope.read(kept["scope"]) if kept else None),
    )
