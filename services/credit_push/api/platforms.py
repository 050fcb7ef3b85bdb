"""Platforms of the catalogue and what is under way at each."""

from typing import Any

from apiflask import APIBlueprint

from services.credit_push import queries
from services.credit_push.api.deliveries import READERS, visible_region
from services.credit_push.api.schemas import PlatformPage
from services.credit_push.usecases import Deps
from shared.web.access import access, principal, roles
from shared.web.paging import page


def add_routes(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/platforms")
    @access(roles(*READERS))
    @bp.output(PlatformPage)
    @bp.doc(summary="推送平台")
    def list_platforms() -> dict[str, Any]:
        with deps.db.read() as session:
            views = queries.platform_views(session, deps.catalogue, visible_region(principal()))
        return page(views, None)
