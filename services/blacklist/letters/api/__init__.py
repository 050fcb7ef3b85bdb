"""Letters over HTTP: making out, listing, downloading, stamped copies, service, numbering, verification."""

from apiflask import APIBlueprint

from services.blacklist.letters.api import files, letters, numbering, sendings, verifying
from services.blacklist.store import Deps, idempotency
from shared.web.idempotency import Once


def blueprint(deps: Deps) -> APIBlueprint:
    made = APIBlueprint("letters", __name__, url_prefix="/api/v1", tag="文书")
    once = Once(deps.db, idempotency, deps.keyring, deps.clock)
    letters.add_routes(made, deps, once)
    files.add_routes(made, deps, once)
    sendings.add_routes(made, deps, once)
    numbering.add_routes(made, deps)
    verifying.add_routes(made, deps)
    return made
