"""The register over HTTP: everything here is public, and nothing here shows what is not public today."""

from functools import partial

from apiflask import APIBlueprint

from services.blacklist.register.api import downloads, listings, lookups
from services.blacklist.register.api.freshness import revalidated
from services.blacklist.store import Deps


def blueprint(
    deps: Deps, *, persons: bool = True, logged: lookups.Logged = lookups.nothing_logged
) -> APIBlueprint:
    """`persons` are looked up only where keys are held and budgets can be written."""
    made = APIBlueprint("register", __name__, url_prefix="/api/v1/register", tag="登记册")
    lookups.add_routes(made, deps, persons=persons, logged=logged)
    downloads.add_routes(made, deps)
    listings.add_routes(made, deps)
    made.after_request(partial(revalidated, deps))
    return made
