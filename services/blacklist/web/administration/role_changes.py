"""角色变更: what administrators proposed, decided by another of them."""

from uuid import UUID

from apiflask import APIBlueprint
from flask import Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from services.blacklist.identity import queries, schemas, usecases
from services.blacklist.identity.domain import ROLES
from services.blacklist.store import Deps
from services.blacklist.web.administration.asking import (
    BOTH,
    PER_PAGE,
    READERS,
    asked,
    paged,
    secret_page,
    wrong,
)
from shared.errors import DomainError, NotFound
from shared.web.access import access, principal
from shared.web.forms import load_form, read_form
from shared.web.listing import last_seen

PLACE = "/admin/role-changes"
STATES = {"proposed": "待核准", "approved": "已核准", "refused": "不予核准"}


def add_routes(made: APIBlueprint, deps: Deps) -> None:
    @made.get(PLACE)
    @access(READERS)
    def role_changes() -> Response:
        return _page(deps, 200, {})

    @made.post(f"{PLACE}/<uuid:change_id>/decision")
    @access(BOTH)
    def settle_role_change(change_id: UUID) -> AnyResponse:
        try:
            given = load_form(schemas.RoleDecision(), read_form(request.form, flags=("approve",)))
            with deps.db.write() as session:
                usecases.decide_role_change(
                    session, str(change_id), approve=given["approve"], actor=principal(),
                    at=deps.clock.now(), system_at=deps.clock.system_now(),
                )  # fmt: skip
        except NotFound:
            raise
        except DomainError as error:
            return _page(deps, int(error.kind), wrong(error))
        return redirect(f"{PLACE}?done={'approved' if given['approve'] else 'refused'}", 303)


def _page(deps: Deps, status: int, errors: dict[str, str]) -> Response:
    state = asked("state") if asked("state") in STATES else None
    with deps.db.read() as session:
        found = queries.list_role_changes(session, state=state, after=last_seen(), limit=PER_PAGE + 1)
        page = paged(found, lambda change: change.id)
        ids = {
            name for row in page["rows"] for name in (row.user_id, row.proposed_by, row.decided_by) if name
        }
        return secret_page(
            "role_changes", status, **page, people=queries.names_of(session, ids), roles=ROLES,
            states=STATES, state=state, errors=errors, done=STATES.get(asked("done"), ""),
        )  # fmt: skip
