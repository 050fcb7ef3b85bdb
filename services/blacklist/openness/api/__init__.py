"""Openness over HTTP: public items, the officers' items, opinions, channel texts, reports."""

from apiflask import APIBlueprint

from services.blacklist.openness.api import channels, items, listing_texts, opinions, public, reports, rounds
from services.blacklist.store import Deps, idempotency
from shared.web.idempotency import Once


def blueprint(deps: Deps) -> APIBlueprint:
    made = APIBlueprint("openness", __name__, url_prefix="/api/v1", tag="主动公开")
    once = Once(deps.db, idempotency, deps.keyring, deps.clock)
    public.add_routes(made, deps)
    items.add_routes(made, deps, once)
    opinions.add_routes(made, deps, once)
    rounds.add_routes(made, deps, once)
    channels.add_routes(made, deps, once)
    listing_texts.add_routes(made, deps, once)
    reports.add_routes(made, deps, once)
    return made
