"""一站式服务 (R21): disclosure, trading, progress and advice from one page; trading is done elsewhere."""

from apiflask import APIBlueprint
from flask import Response, request

from services.blacklist.openness.domain.terms import data
from services.blacklist.store import Deps
from services.blacklist.web.options import region_options
from shared.web.access import access, public
from shared.web.pages import render


def add_routes(made: APIBlueprint, deps: Deps) -> None:
    @made.get("/services")
    @access(public())
    def one_stop() -> Response:
        region = request.args.get("region", "")[:6]
        with deps.db.read() as session:
            regions = region_options(session)
        venues = [
            each
            for each in data("venues")["venue"]
            if not region or region.startswith(each["region"]) or each["region"].startswith(region)
        ]
        return render("blacklist/openness/services.html", venues=venues, regions=regions, region=region)
