"""A department states what its people want to hear of too: by event, field, region, list, severity and role.

What a route adds is heard on the same terms as the rest. Nothing can be taken away here: the routing data is
the lawful floor.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.notifier.domain import ROLE_NAMES
from services.notifier.models import AddedRoute
from services.notifier.routing.added import OTHERS, PUBLIC, SOURCES
from services.notifier.routing.scopes import Scope
from services.notifier.usecases.endpoints import check_event_types, check_scope
from shared.errors import Conflict, FieldError, Invalid, describe_errors
from shared.ids import new_id
from shared.web.access import Principal

MOST = 50
describe_errors(
    {
        "route-invalid": "加收设置有误。请按提示修改：角色、事项来源和消息类型须从清单中选择。",
        "too-many-routes": "部门的加收设置已达上限。请先删除不用的。",
    }
)


@dataclass(frozen=True)
class Wanted:
    """What a department wants to hear of too, and which of its roles."""

    name: str
    source: str
    event_types: Sequence[str]
    scope: Scope
    roles: Sequence[str]


def add_route(session: Session, wanted: Wanted, *, actor: Principal, at: datetime) -> AddedRoute:
    """A new one of the actor's department; it holds for what happens from now on."""
    _check(wanted)
    held = select(func.count()).select_from(AddedRoute)
    if session.execute(held.where(AddedRoute.department_id == actor.department_id)).scalar_one() >= MOST:
        raise Conflict("too-many-routes", "加收设置已达上限", f"每个部门最多 {MOST} 条。")
    row = AddedRoute(
        id=new_id(),
        department_id=actor.department_id,
        created_by=actor.display_name,
        created_at=at,
        version=0,
    )
    _write(row, wanted, at)
    session.add(row)
    session.flush()
    return row


def change_route(session: Session, row: AddedRoute, wanted: Wanted, *, version: int, at: datetime) -> None:
    """Put another in its place, if the version is the one that was seen."""
    if row.version != version:
        raise Conflict(
            "version-conflict", "内容已被他人更新", "请取得最新版本后再办理。", version=row.version
        )
    _check(wanted)
    _write(row, wanted, at)
    session.flush()


def remove_route(session: Session, row: AddedRoute) -> None:
    """Back to what the routing data says; what was told stays on record."""
    session.delete(row)
    session.flush()


def _write(row: AddedRoute, wanted: Wanted, at: datetime) -> None:
    row.name, row.source = wanted.name, wanted.source
    row.event_types, row.roles = sorted(set(wanted.event_types)), sorted(set(wanted.roles))
    row.scope = wanted.scope.stored()
    row.version += 1
    row.updated_at = at


def _check(wanted: Wanted) -> None:
    wrong = []
    if wanted.source not in SOURCES:
        wrong.append(FieldError("/source", "请选择事项来源。"))
    if not wanted.roles or not set(wanted.roles) <= ROLE_NAMES.keys():
        wrong.append(FieldError("/roles", "请选择至少一个角色。"))
    if wanted.source == OTHERS:
        wrong += [
            FieldError(f"/event_types/{at}", "其他部门的事项只有公示、更正、移出等公开的可以加收。")
            for at, each in enumerate(wanted.event_types)
            if each not in PUBLIC
        ]
    if wrong:
        raise Invalid("route-invalid", "加收设置有误", "请按提示修改后重新提交。", fields=wrong)
    check_event_types(wanted.event_types)
    check_scope(wanted.scope)
