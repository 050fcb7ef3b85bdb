"""The register over HTTP: everything here is public, and nothing here shows what is not public today."""

from apiflask import APIBlueprint
from flask import Response, request

from services.blacklist.register.api import downloads, listings, lookups
from services.blacklist.store import Deps


def blueprint(deps: Deps) -> APIBlueprint:
    made = APIBlueprint("register", __name__, url_prefix="/api/v1/register", tag="登记册")
    lookups.add_routes(made, deps)
    downloads.add_routes(made, deps)
    listings.add_routes(made, deps)
    made.after_request(_revalidated)
    return made


def _revalidated(response: Response) -> Response:
    """Answers may be kept but never used without asking: a removal must be seen at once."""
    if request.method == "GET" and response.status_code == 200 and not response.direct_passthrough:
        response.headers["Cache-Control"] = "no-cache"
        response.add_etag()
        response.make_conditional(request)
    return response
