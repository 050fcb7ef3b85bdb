"""主动公开: public items and the notice-board sheet, the officers' desk, 舆情, 监督举报."""

from apiflask import APIBlueprint

from services.blacklist.store import Deps
from services.blacklist.web.openness import (
    annual,
    channels,
    desk,
    listing_texts,
    opinions,
    public,
    reports,
    reports_desk,
    services,
)


def add_routes(made: APIBlueprint, deps: Deps) -> None:
    for part in (public, desk, channels, listing_texts, opinions, reports, reports_desk, services, annual):
        part.add_routes(made, deps)
