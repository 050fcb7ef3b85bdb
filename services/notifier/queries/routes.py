"""The routes departments added: as the routing needs them, and as their page shows them."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.notifier.domain import ROLE_NAMES
from services.notifier.models import AddedRoute
from services.notifier.routing.added import SOURCES, Added
from services.notifier.routing.scopes import Scope, in_words
from shared.errors import NotFound
from shared.web.access import Principal


def added_routes(session: Session) -> list[Added]:
    """All of them: a batch of events is held against each."""
    rows = session.scalars(select(AddedRoute).order_by(AddedRoute.id))
    return [
        Added(row.department_id, row.source, row.event_types, Scope.read(row.scope), frozenset(row.roles))
        for row in rows
    ]


def routes_of(session: Session, actor: Principal) -> list[AddedRoute]:
    query = select(AddedRoute).where(AddedRoute.department_id == actor.department_id)
    return list(session.scalars(query.order_by(AddedRoute.id)))


def added_route_of(session: Session, actor: Principal, route_id: str) -> AddedRoute:
    """One of the actor's department, or NotFound."""
    found = session.get(AddedRoute, route_id)
    if found is None or found.department_id != actor.department_id:
        raise NotFound("not-found", "没有这条加收设置", "它不存在，或不属于您的部门。")
    return found


def added_route_view(row: AddedRoute) -> dict[str, Any]:
    scope = Scope.read(row.scope)
    return {
        "id": row.id,
        "name": row.name,
        "source": row.source,
        "source_name": SOURCES[row.source],
        "event_types": row.event_types,
        "scope": scope.stored(),
        "scope_text": in_words(scope),
        "roles": row.roles,
        "role_names": [ROLE_NAMES.get(role, role) for role in row.roles],
        "version": row.version,
        "created_by": row.created_by,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    }
