"""One platform: its profile, how it fares, pause and resume, backfill, a probe; and a delivery's dry run."""

from collections.abc import Callable
from datetime import timedelta

from apiflask import APIBlueprint
from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from services.credit_push import queries
from services.credit_push.standing import platform_views
from services.credit_push.transports import Transport
from services.credit_push.usecases import Deps
from services.credit_push.usecases.operating import pause, request_backfill, resume
from services.credit_push.usecases.rehearsing import Reached, file_of, rehearse_one, try_platform
from services.credit_push.web.findings import AGAINST
from services.credit_push.web.monitor import READERS, page_of, visible_region
from shared.errors import DomainError, FieldError, Invalid, NotFound
from shared.web.access import access, principal, roles
from shared.web.files import file_answer

REPORTED = timedelta(days=30)
SHOWN = 20
"""So many findings stand on a platform's own page."""
Way = Callable[[str], Transport]


def add_routes(bp: APIBlueprint, deps: Deps, way: Way) -> None:
    @bp.get("/platforms/<platform>")
    @access(roles(*READERS))
    def platform_page(platform: str) -> Response:
        return _page(deps, platform)

    @bp.post("/platforms/<platform>/pause")
    @access(roles("operator"))
    def pause_form(platform: str) -> Response:
        reason = request.form.get("reason", "").strip()
        if not reason:
            field = FieldError("/reason", "请填写暂停的原因。")
            return _page(deps, platform, Invalid("validation-failed", "请填写原因", fields=[field]))
        return _change(
            deps, platform, lambda session: pause(session, deps, platform, principal().username, reason)
        )

    @bp.post("/platforms/<platform>/resume")
    @access(roles("operator"))
    def resume_form(platform: str) -> Response:
        return _change(deps, platform, lambda session: resume(session, deps, platform))

    @bp.post("/platforms/<platform>/backfill")
    @access(roles("operator"))
    def backfill_form(platform: str) -> Response:
        who = principal().username
        return _change(deps, platform, lambda session: request_backfill(session, deps, platform, who))

    @bp.post("/platforms/<platform>/test")
    @access(roles("operator"))
    def test_form(platform: str) -> Response:
        profile = deps.catalogue.get(platform)
        if profile is None or not profile.pushed:
            raise NotFound("not-found", "没有这个推送平台")
        return _page(deps, platform, reached=try_platform(way, profile))

    @bp.get("/deliveries/<delivery_id>/dry-run")
    @access(roles("operator"))
    def dry_run(delivery_id: str) -> Response:
        row, shown = rehearse_one(deps, way, delivery_id, visible_region(principal()))
        profile = deps.catalogue[row.platform]
        return page_of("push/dry_run.html", "deliveries", row=row, profile=profile, shown=shown)

    @bp.get("/deliveries/<delivery_id>/dry-run/files/<name>")
    @access(roles("operator"))
    def dry_run_file(delivery_id: str, name: str) -> Response:
        shown = rehearse_one(deps, way, delivery_id, visible_region(principal()))[1]
        file = file_of(shown, name)
        return file_answer(file.body, file.media_type.partition(";")[0], file.name)


def _change(deps: Deps, platform: str, change: Callable[..., None]) -> Response:
    try:
        with deps.db.write() as session:
            change(session)
    except DomainError as error:
        return _page(deps, platform, error)
    return redirect(url_for(".platform_page", platform=platform), 303)


def _page(
    deps: Deps, platform: str, error: DomainError | None = None, reached: Reached | None = None
) -> Response:
    with deps.db.read() as session:
        views = platform_views(session, deps.catalogue, deps.clock, visible_region(principal()))
        wanted = queries.FindingFilter(platform, None, open=True, region=visible_region(principal()))
        findings = queries.findings(session, wanted, None, SHOWN)
    view = next((one for one in views if one["id"] == platform), None)
    if view is None:
        raise NotFound("not-found", "没有这个平台")
    return page_of(
        "push/platform.html",
        "",
        error,
        item=view,
        profile=deps.catalogue[platform],
        reached=reached,
        findings=findings[:SHOWN],
        against=AGAINST,
        today=deps.clock.today(),
        since=deps.clock.now() - REPORTED,
        until=deps.clock.now(),
        may_act=view["pushed"] and principal().has("operator"),
    )
