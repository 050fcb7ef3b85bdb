"""推送监控: the pages of the push service, working without JavaScript."""

from apiflask import APIBlueprint

from services.credit_push.usecases import Deps
from services.credit_push.web import hand, monitor, reconciliations


def blueprint(deps: Deps) -> APIBlueprint:
    """All pages of the service."""
    made = APIBlueprint("push_pages", __name__, template_folder="templates", enable_openapi=False)
    for part in (monitor, hand, reconciliations):
        part.add_routes(made, deps)
    return made
