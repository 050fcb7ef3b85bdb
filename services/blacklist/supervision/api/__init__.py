"""Supervision over HTTP: figures for those who may see them, the ledger, inspections."""

from apiflask import APIBlueprint

from services.blacklist.store import Deps
from services.blacklist.supervision.api import figures, inspections, ledger, reports


def blueprint(deps: Deps) -> APIBlueprint:
    made = APIBlueprint("supervision", __name__, url_prefix="/api/v1/supervision", tag="监督")
    for part in (figures, reports, ledger, inspections):
        part.add_routes(made, deps)
    return made
