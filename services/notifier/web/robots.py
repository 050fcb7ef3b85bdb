"""Pages for managing a department's chat robots. Address and secret are never shown again."""

from apiflask import APIBlueprint
from flask import Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from services.notifier.domain import CHANNEL_NAMES, ENDPOINT_KEEPERS, ROBOTS
from services.notifier.models import Deps
from services.notifier.queries.robots import robot_of, robot_view, robots_of
from services.notifier.routing import routing
from services.notifier.usecases import robots
from services.notifier.web.webhooks import stated_version
from shared.errors import DomainError, FieldError, Invalid
from shared.web.access import access, principal, roles, signed_in
from shared.web.pages import form_errors, render

KEEPERS = roles(*ENDPOINT_KEEPERS)
LONGEST = {"name": 100, "url": 500, "secret": 200}


def add_routes(bp: APIBlueprint, deps: Deps) -> None:
    _add_list(bp, deps)
    _add_making(bp, deps)
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
        return _form({})

    @bp.post("/robots/new")
    @access(KEEPERS)
    def create_robot() -> AnyResponse:
        try:
            with deps.db.write() as session:
                robots.add_robot(
                    session,
                    deps.keyring,
                    _plan(),
                    hosts=deps.robot_hosts,
                    actor=principal(),
                    at=deps.clock.system_now(),
                )
        except DomainError as error:
            return _form(form_errors(error), 422)
        return redirect(url_for("pages.list_robots"), 303)


def _add_changing(bp: APIBlueprint, deps: Deps) -> None:
    @bp.post("/robots/<robot_id>/switch")
    @access(KEEPERS)
    def switch_robot(robot_id: str) -> AnyResponse:
        enabled = request.form.get("enabled") == "true"
        with deps.db.write() as session:
            found = robot_of(session, principal(), robot_id)
            now = deps.clock.system_now()
            robots.switch_robot(session, found, enabled=enabled, version=stated_version(), at=now)
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


def _plan() -> robots.Plan:
    given = {name: request.form.get(name, "").strip() for name in LONGEST}
    channel = request.form.get("channel", "")
    wrong = [
        FieldError(f"/{name}", "必填。" if not given[name] else f"不能超过 {most} 个字。")
        for name, most in LONGEST.items()
        if len(given[name]) > most or (not given[name] and name != "secret")
    ]
    if channel not in ROBOTS:
        wrong.append(FieldError("/channel", "请选择平台。"))
    if wrong:
        raise Invalid("validation-failed", "提交的内容有误", fields=wrong)
    return robots.Plan(
        channel, given["name"], given["url"], given["secret"], request.form.getlist("event_types")
    )


def _form(errors: dict[str, str], status: int = 200) -> Response:
    shown = {name: request.form.get(name, "") for name in ("name", "channel")}
    return render(
        "notices/robot_new.html",
        status,
        values=shown,
        errors=errors,
        vendors=[(key, CHANNEL_NAMES[key]) for key in ROBOTS],
        events=[(route.event, route.label) for route in routing().routes],
        chosen=request.form.getlist("event_types"),
    )
