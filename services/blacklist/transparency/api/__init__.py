"""The log and certificates over HTTP; everything here is public."""

from apiflask import APIBlueprint

from services.blacklist.store import Deps
from services.blacklist.transparency.api import certificates, log


def blueprint(deps: Deps) -> APIBlueprint:
    made = APIBlueprint("transparency", __name__, url_prefix="/api/v1", tag="透明日志与查询证明")
    log.add_routes(made, deps)
    certificates.add_routes(made, deps)
    return made
