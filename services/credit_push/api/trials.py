"""Whether a platform answers and knows our key, asked without making a record."""

from collections.abc import Callable
from typing import Any

from apiflask import APIBlueprint

from services.credit_push.api.schemas import TriedOut
from services.credit_push.transports import Transport
from services.credit_push.usecases import Deps
from services.credit_push.usecases.rehearsing import try_platform
from shared.errors import NotFound
from shared.web.access import access, roles


def add_routes(bp: APIBlueprint, deps: Deps, way: Callable[[str], Transport]) -> None:
    @bp.post("/platforms/<platform>/test")
    @access(roles("operator"))
    @bp.output(TriedOut)
    @bp.doc(
        summary="测试连接（不产生记录）",
        description="`asked` 为假的平台无法在线试送，`told` 说明改用什么办法。",
    )
    def test_platform(platform: str) -> dict[str, Any]:
        profile = deps.catalogue.get(platform)
        if profile is None or not profile.pushed:
            raise NotFound("not-found", "没有这个推送平台")
        reached = try_platform(way, profile)
        return {"asked": reached.asked, "well": reached.well, "title": reached.title, "told": reached.told}
