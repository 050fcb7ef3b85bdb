"""The register over HTTP: public but for `past`, and nothing public here shows what is not public today."""

from functools import partial

from apiflask import APIBlueprint

from services.blacklist.register.api import downloads, listings, lookups, past
from services.blacklist.register.api.freshness import revalidated
from services.blacklist.store import Deps


def blueprint(
    deps: Deps,
    *,
    halted: downloads.Halted,
    persons: bool = True,
    logged: lookups.Logged = lookups.nothing_logged,
) -> APIBlueprint:
    """`persons` and the past are looked up only where keys are held and rows can be written; `halted` says
    when the whole register is not given out.
    """
    made = APIBlueprint("register", __name__, url_prefix="/api/v1/register", tag="登记册")
    lookups.add_routes(made, deps, persons=persons, logged=logged)
    if persons:
        past.add_routes(made, deps)
    downloads.add_routes(made, deps, halted)
    listings.add_routes(made, deps)
    made.after_request(partial(revalidated, deps))
    return made
