"""A department manages its chat robots: add, change, try out, remove. Address and secret are sealed for good.

Nobody sees them again; they can be replaced.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.notifier.channels import RECEIVERS
from services.notifier.channels.robot import is_of
from services.notifier.models import Robot
from services.notifier.routing.scopes import Scope
from services.notifier.usecases.endpoints import check_event_types, check_scope, queue_test
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
    scope: Scope = field(default_factory=Scope)


@dataclass(frozen=True)
class RobotChange:
    """What a robot should become; None leaves a part as it is, an empty secret takes it away."""

    name: str | None = None
    url: str | None = None
    secret: str | None = None
    event_types: Sequence[str] | None = None
    scope: Scope | None = None
    enabled: bool | None = None


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
    check_secret(plan.channel, plan.secret)
    check_address(plan.url, hosts.get(plan.channel, frozenset()))
    check_event_types(plan.event_types)
    check_scope(plan.scope)
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
        scope=plan.scope.stored(),
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


def check_secret(channel: str, secret: str | None) -> None:
    """Some vendors' robots have none."""
    if secret and "secret" not in RECEIVERS[channel].fields:
        wrong = FieldError("/secret", "这个平台的机器人没有签名密钥。")
        raise Invalid("validation-failed", "提交的内容有误", fields=[wrong])


def change_robot(
    session: Session,
    keyring: KeyRing,
    robot: Robot,
    change: RobotChange,
    *,
    version: int,
    hosts: Mapping[str, frozenset[str]],
    at: datetime,
) -> None:
    """Apply a change to the version the caller saw; address and secret are written, never read."""
    if robot.version != version:
        raise Conflict(
            "version-conflict", "内容已被他人更新", "请取得最新版本后再办理。", version=robot.version
        )
    _seal(keyring, robot, change, hosts)
    if change.event_types is not None:
        check_event_types(change.event_types)
        robot.event_types = list(change.event_types)
    if change.scope is not None:
        check_scope(change.scope)
        robot.scope = change.scope.stored()
    if change.enabled is not None:
        robot.enabled, robot.disabled_reason = change.enabled, None
    robot.name = change.name or robot.name
    robot.updated_at = at
    robot.version += 1
    session.flush()


def _seal(keyring: KeyRing, robot: Robot, change: RobotChange, hosts: Mapping[str, frozenset[str]]) -> None:
    check_secret(robot.channel, change.secret)
    if change.url is not None:
        check_address(change.url, hosts.get(robot.channel, frozenset()))
        robot.sealed_url = keyring.seal(change.url, Robot.aad(robot.id, "sealed_url"))
    if change.secret is not None:
        aad = Robot.aad(robot.id, "sealed_secret")
        robot.sealed_secret = keyring.seal(change.secret, aad) if change.secret else None


def remove_robot(session: Session, robot: Robot) -> None:
    """Remove the robot with its address; what was sent to it stays on record."""
    session.delete(robot)
    session.flush()


def try_robot(session: Session, robot: Robot, *, actor: Principal, at: datetime) -> str:
    """Queue a test message to this robot alone; returns the dispatch to look at."""
    if not robot.enabled:
        raise Conflict("robot-disabled", "该机器人已停用", "请先启用再测试。")
    return queue_test(session, robot.id, robot.channel, f"robot:{robot.id}", actor=actor, at=at)
