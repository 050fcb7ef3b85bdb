"""W3C Reconciliation Service API 0.2 over the register, for OpenRefine and other tools."""

from apiflask import APIBlueprint
from flask import Response

from services.blacklist.register.api.reconciling import queries, suggestions
from services.blacklist.store import Deps
from shared.web.headers import open_to_others

PATH = "/api/v1/reconcile"


def blueprint(deps: Deps) -> APIBlueprint:
    made = APIBlueprint("reconcile", __name__, url_prefix=PATH, tag="数据对照（Reconciliation API）")
    queries.add_routes(made, deps, PATH)
    suggestions.add_routes(made, deps)
    made.after_request(_for_everybody)
    return made


def _for_everybody(response: Response) -> Response:
    """Tools in a browser ask from their own address."""
    open_to_others()
    return response
