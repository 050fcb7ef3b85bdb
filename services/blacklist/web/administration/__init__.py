"""管理: accounts and their roles, departments, API keys and the audit trail, each for whom the API admits."""

from apiflask import APIBlueprint
from flask import redirect
from werkzeug.wrappers import Response as AnyResponse

from services.blacklist.identity.api.departments import FollowTransfer
from services.blacklist.store import Deps
from services.blacklist.web.administration import (
    account_steps,
    api_keys,
    department_steps,
    departments,
    role_changes,
    trail,
    users,
)
from services.blacklist.web.administration.asking import places
from shared.web.access import access, principal, roles
from shared.web.site import ADMIN_ROLES


def add_routes(made: APIBlueprint, deps: Deps, follow_transfer: FollowTransfer | None = None) -> None:
    """`follow_transfer` moves what the other features hold, as in the API."""
    made.app_context_processor(lambda: {"admin_places": places})

    @made.get("/admin")
    @access(roles(*sorted(ADMIN_ROLES)))
    def administration() -> AnyResponse:
        return redirect(places(principal())[0][1], 303)

    for part in (users, account_steps, role_changes, departments, api_keys, trail):
        part.add_routes(made, deps)
    department_steps.add_routes(made, deps, follow_transfer)
