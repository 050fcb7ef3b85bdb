"""What is seen of a listing at public sites: received is not displayed, withdrawn is not yet absent."""

from typing import Any

from apiflask import APIBlueprint

from services.credit_push import queries
from services.credit_push.api.deliveries import DOERS, READERS, visible_region
from services.credit_push.api.schemas_seen import AppearancesOut, SightIn
from services.credit_push.sights import HAND, appearances_of, observation_view
from services.credit_push.usecases import Deps
from services.credit_push.usecases.observing import Sighting, observe
from shared.errors import NotFound
from shared.web.access import access, principal, roles
from shared.web.problem import problems


def add_routes(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/listings/<listing_id>/appearances")
    @access(roles(*READERS))
    @bp.output(AppearancesOut)
    @bp.doc(
        summary="名单在各平台网站的显示情况",
        description="已入库不等于已显示，已撤销不等于已不显示；上级平台由转送到达，只观察。",
    )
    def get_appearances(listing_id: str) -> dict[str, Any]:
        return _view(deps, listing_id)

    @bp.post("/listings/<listing_id>/appearances")
    @access(roles(*DOERS))
    @problems(409)
    @bp.input(SightIn)
    @bp.output(AppearancesOut, 201)
    @bp.doc(summary="登记人工查看的结果")
    def add_sight(listing_id: str, json_data: dict[str, Any]) -> dict[str, Any]:
        _view(deps, listing_id)
        json_data["at"] = json_data["at"] or deps.clock.now()
        sight = Sighting(listing_id=listing_id, how=HAND, who=principal().username, **json_data)
        with deps.db.write() as session:
            observe(session, deps, sight)
        return _view(deps, listing_id)


def _view(deps: Deps, listing_id: str) -> dict[str, Any]:
    with deps.db.read() as session:
        if queries.listing(session, listing_id, visible_region(principal())) is None:
            raise NotFound("not-found", "没有这条名单的推送记录")
        items = appearances_of(session, deps.catalogue, listing_id)
        seen = [observation_view(row) for row in queries.observations(session, listing_id)]
    return {"items": items, "next": None, "observations": seen}
