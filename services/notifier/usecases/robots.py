"""A department manages its chat robots: add, switch, try out, remove. Address and secret are sealed for good.

Nobody sees them again, and a changed address is a new robot.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.notifier.channels.robot import is_of
from services.notifier.models import Robot
from services.notifier.usecases.endpoints import check_event_types, queue_test
from shared.crypto import KeyRing
from shared.errors import Conflict, FieldError, Invalid, describe_errors
from shared.ids import new_id
from shared.web.access import Principal

MOST = 20
describe_errors(
    {
        "robot-address": "机器人地址须为所选平台给出的 https 地址。请从群机器人设置中完整复制。",
        "too-many-robots": "部门的机器人数量已达上限。请先删除不用的。",
        "robot-disabled": "该机器人已停用。请先启用再测试。",
    }
)


@dataclass(frozen=True)
class Plan:
    """What an officer states of a new robot."""

    channel: str
    name: str
    url: str
    secret: str = ""
    event_types: Sequence[str] = ()


def add_robot(
    session: Session,
    keyring: KeyRing,
    plan: Plan,
    *,
    hosts: Mapping[str, frozenset[str]],
    actor: Principal,
    at: datetime,
) -> Robot:
    """A new robot of the actor's department."""
    check_address(plan.url, hosts.get(plan.channel, frozenset()))
    check_event_types(plan.event_types)
    mine = select(func.count()).select_from(Robot).where(Robot.department_id == actor.department_id)
    if session.execute(mine).scalar_one() >= MOST:
        raise Conflict("too-many-robots", "机器人数量已达上限", f"每个部门最多 {MOST} 个。")
    robot_id = new_id()
    secret = keyring.seal(plan.secret, Robot.aad(robot_id, "sealed_secret")) if plan.secret else None
    robot = Robot(
        id=robot_id,
        department_id=actor.department_id,
        channel=plan.channel,
        name=plan.name,
        sealed_url=keyring.seal(plan.url, Robot.aad(robot_id, "sealed_url")),
        sealed_secret=secret,
        event_types=list(plan.event_types),
        enabled=True,
        version=1,
        created_by=actor.user_id,
        created_at=at,
        updated_at=at,
    )
    session.add(robot)
    session.flush()
    return robot


def check_address(url: str, hosts: frozenset[str]) -> None:
    """Refuse an address that is not one of the vendor's; the sender checks it again, every time."""
    plain = url.isascii() and url.isprintable() and " " not in url
    if plain and is_of(url, hosts) and urlsplit(url).scheme == _scheme(url, hosts):
        return
    wrong = FieldError("/url", "应为所选平台给出的机器人地址。")
    raise Invalid("robot-address", "机器人地址不允许", fields=[wrong])


def _scheme(url: str, hosts: frozenset[str]) -> str:
    """https, or http to a private edition that is stated with its port."""
    parts = urlsplit(url)
    stated = f"{parts.hostname}:{parts.port}" in hosts
    return "http" if stated and parts.scheme == "http" else "https"


def switch_robot(session: Session, robot: Robot, *, enabled: bool, version: int, at: datetime) -> None:
    """Enable or disable the version the caller saw."""
    if robot.version != version:
        raise Conflict(
            "version-conflict", "内容已被他人更新", "请取得最新版本后再办理。", version=robot.version
        )
    robot.enabled, robot.updated_at = enabled, at
    robot.disabled_reason = None
    robot.version += 1
    session.flush()


def remove_robot(session: Session, robot: Robot) -> None:
    """Remove the robot with its address; what was sent to it stays on record."""
    session.delete(robot)
    session.flush()


def try_robot(session: Session, robot: Robot, *, actor: Principal, at: datetime) -> str:
    """Queue a test message to this robot alone; returns the dispatch to look at."""
    if not robot.enabled:
        raise Conflict("robot-disabled", "该机器人已停用", "请先启用再测试。")
    return queue_test(session, robot.id, robot.channel, f"robot:{robot.id}", actor=actor, at=at)
