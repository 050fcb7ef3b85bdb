"""监督: the pages of figures, assessment and annual report, of the decision ledger, and of inspections."""

from apiflask import APIBlueprint

from services.blacklist.store import Deps
from services.blacklist.web.supervision import figures, inspections, ledger


def add_routes(made: APIBlueprint, deps: Deps) -> None:
    for part in (figures, ledger, inspections):
        part.add_routes(made, deps)
