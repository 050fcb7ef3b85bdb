"""Platforms of the catalogue and what is under way at each."""

from typing import Any

from apiflask import APIBlueprint

from services.credit_push.api.deliveries import DOERS, READERS, visible_region
from services.credit_push.api.schemas import PauseIn, PlatformOut, PlatformPage, ReplayedOut, ReplayIn
from services.credit_push.standing import platform_views
from services.credit_push.usecases import Deps
from services.credit_push.usecases.operating import (
    Wanted,
    count_matching,
    pause,
    replay_matching,
    request_backfill,
    resume,
)
from shared.errors import NotFound
from shared.web.access import access, principal, roles
from shared.web.paging import page
from shared.web.problem import problems


def add_routes(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/platforms")
    @access(roles(*READERS))
    @bp.output(PlatformPage)
    @bp.doc(summary="推送平台")
    def list_platforms() -> dict[str, Any]:
        with deps.db.read() as session:
            views = platform_views(session, deps.catalogue, deps.clock, visible_region(principal()))
        return page(views, None)

    @bp.post("/platforms/<platform>/pause")
    @access(roles("operator"))
    @problems(409)
    @bp.input(PauseIn)
    @bp.output(PlatformOut)
    @bp.doc(summary="暂停向一个平台推送")
    def pause_platform(platform: str, json_data: dict[str, Any]) -> dict[str, Any]:
        with deps.db.write() as session:
            pause(session, deps, platform, principal().username, json_data["reason"])
        return one_platform(deps, platform)

    @bp.post("/platforms/<platform>/resume")
    @access(roles("operator"))
    @problems(409)
    @bp.output(PlatformOut)
    @bp.doc(summary="恢复推送，同时解除熔断")
    def resume_platform(platform: str) -> dict[str, Any]:
        with deps.db.write() as session:
            resume(session, deps, platform)
        return one_platform(deps, platform)

    @bp.post("/platforms/<platform>/backfill")
    @access(roles("operator"))
    @problems(409)
    @bp.output(PlatformOut, 202)
    @bp.doc(summary="补推：把在册名单全部推送给一个（新）平台")
    def backfill_platform(platform: str) -> dict[str, Any]:
        with deps.db.write() as session:
            request_backfill(session, deps, platform, principal().username)
        return one_platform(deps, platform)

    @bp.post("/replays")
    @access(roles(*DOERS))
    @bp.input(ReplayIn)
    @bp.output(ReplayedOut)
    @bp.doc(
        summary="按条件与时间段重推失败或被退回的记录", description="`dry_run` 只给出条数。每次至多 500 条。"
    )
    def replay_many(json_data: dict[str, Any]) -> dict[str, Any]:
        dry_run = json_data.pop("dry_run")
        states = tuple(json_data.pop("states"))
        wanted = Wanted(**json_data, states=states, region=visible_region(principal()))
        with deps.db.write() as session:
            done = 0 if dry_run else replay_matching(session, deps, principal().username, wanted)
            return {"replayed": done, "left": count_matching(session, wanted)}


def one_platform(deps: Deps, platform: str) -> dict[str, Any]:
    """One platform as the list shows it."""
    with deps.db.read() as session:
        views = platform_views(session, deps.catalogue, deps.clock, visible_region(principal()))
    for view in views:
        if view["id"] == platform:
            return view
    raise NotFound("not-found", "没有这个推送平台")
