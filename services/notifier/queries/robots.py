"""A department's chat robots. Addresses and secrets are never read here."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.notifier.domain import CHANNEL_NAMES
from services.notifier.models import Robot
from services.notifier.routing.scopes import Scope, in_words
from shared.errors import NotFound
from shared.web.access import Principal


def robots_of(session: Session, actor: Principal) -> list[Robot]:
    query = select(Robot).where(Robot.department_id == actor.department_id)
    return list(session.scalars(query.order_by(Robot.id)))


def robot_of(session: Session, actor: Principal, robot_id: str) -> Robot:
    """The robot, or NotFound also for those of other departments."""
    found = session.get(Robot, robot_id)
    if found is None or found.department_id != actor.department_id:
        raise NotFound("not-found", "没有这个机器人", "它不存在，或不属于您的部门。")
    return found


def robot_view(robot: Robot) -> dict[str, Any]:
    """What the API and the pages show of a robot."""
    return {
        "id": robot.id,
        "channel": robot.channel,
        "channel_name": CHANNEL_NAMES[robot.channel],
        "name": robot.name,
        "signed": robot.sealed_secret is not None,
        "event_types": robot.event_types,
        "scope": Scope.read(robot.scope).stored(),
        "scope_text": in_words(Scope.read(robot.scope)),
        "enabled": robot.enabled,
        "disabled_reason": robot.disabled_reason,
        "version": robot.version,
        "created_at": robot.created_at,
        "updated_at": robot.updated_at,
    }
