"""Disclosure over HTTP: the catalogue, requests, and the preview of a case's public page."""

from apiflask import APIBlueprint

from services.blacklist.disclosure.api import catalogue, changes, documents, preview, requests
from services.blacklist.store import Deps, idempotency
from shared.web.idempotency import Once


def blueprint(deps: Deps) -> APIBlueprint:
    made = APIBlueprint("disclosure", __name__, url_prefix="/api/v1", tag="信息公开")
    catalogue.add_routes(made, deps)
    changes.add_routes(made, deps)
    preview.add_routes(made, deps)
    once = Once(deps.db, idempotency, deps.keyring, deps.clock)
    requests.add_routes(made, deps, once)
    documents.add_routes(made, deps, once)
    return made
