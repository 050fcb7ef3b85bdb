"""Identity over HTTP: sessions, departments, accounts, API keys."""

from apiflask import APIBlueprint

from services.blacklist.identity.api import departments, keys, sessions, users
from services.blacklist.identity.api.departments import FollowTransfer
from services.blacklist.store import Deps


def blueprint(deps: Deps, follow_transfer: FollowTransfer | None = None) -> APIBlueprint:
    """`follow_transfer` moves a predecessor's open cases and duties in the transaction of the transfer."""
    made = APIBlueprint("identity", __name__, url_prefix="/api/v1", tag="身份与部门")
    sessions.add_routes(made, deps)
    departments.add_routes(made, deps, follow_transfer)
    users.add_routes(made, deps)
    keys.add_routes(made, deps)
    return made
