"""`account`: people's accounts, and the departments they may belong to."""

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

import click

from services.cli.means import blacklist_means
from services.cli.root import Group, as_json, show

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from services.blacklist.identity.models import Department, User

MOST = 100_000
LOOK = "用 credit-blacklist account departments 查看部门的代码和名称。"


@click.group(cls=Group)
def account() -> None:
    """账号：新建、停用、重置密码，列出部门。"""


@account.command("departments")
@click.option("--region", help="只列一个地区（行政区划代码，可只写前几位）")
@as_json
def departments(region: str | None, machine: bool) -> None:
    """列出现有部门的代码、名称和编号，供新建账号使用。"""
    deps = blacklist_means()
    with deps.db.read() as session:
        found = [
            {"code": each.code, "name": each.name, "region": each.region, "id": each.id}
            for each in _departments(session, deps.clock.today())
            if each.region.startswith(region or "")
        ]
    text = "\n".join(f"{each['code']}  {each['name']}  {each['region']}  {each['id']}" for each in found)
    show(machine, {"departments": found}, text or "没有部门")


@account.command("create")
@click.argument("username")
@click.option("--name", "display_name", required=True, help="姓名")
@click.option("--department", "department", required=True, help="部门的代码、全称或者编号（UUID）")
@click.option("--role", "roles", multiple=True, required=True, help="角色，可多次给出")
@click.option("--email", default=None, help="电子邮件地址")
@as_json
def create_account(
    username: str,
    display_name: str,
    department: str,
    roles: tuple[str, ...],
    email: str | None,
    machine: bool,
) -> None:
    """新建账号，显示首次登录密码（只显示这一次）。"""
    from services.blacklist.identity.domain import ROLES
    from services.blacklist.identity.usecases import create_user

    if unknown := sorted(set(roles) - set(ROLES)):
        raise click.UsageError(f"没有角色 {'、'.join(unknown)}；可选：{'、'.join(ROLES)}。")
    deps = blacklist_means()
    with deps.db.write() as session:
        made = create_user(
            session,
            actor=None,
            username=username,
            display_name=display_name,
            department_id=_department_id(session, department, deps.clock.today()),
            email=email,
            at=deps.clock.now(),
            roles=roles,
        )
        name, password = made.user.username, made.password
    show(machine, {"username": name, "password": password}, f"{name} {password}")


def _departments(session: "Session", today: date) -> "Sequence[Department]":
    """Those in being."""
    from services.blacklist.identity.queries import list_departments

    return list_departments(session, on=today, limit=MOST)


def _department_id(session: "Session", text: str, today: date) -> str:
    found = [each for each in _departments(session, today) if text in (each.code, each.id, each.name)]
    if not found:
        raise click.UsageError(f"没有部门 {text}，或者该部门已经撤并。{LOOK}")
    if len(found) > 1:
        codes = "、".join(each.code for each in found)
        raise click.UsageError(f"名称为 {text} 的部门不止一个，请改写代码：{codes}。")
    return str(found[0].id)


@account.command("disable")
@click.argument("username")
@click.option("--reason", required=True, help="停用原因")
@as_json
def disable_account(username: str, reason: str, machine: bool) -> None:
    """停用账号，立即结束其全部登录。"""
    from services.blacklist.identity.usecases import disable_user

    deps = blacklist_means()
    with deps.db.write() as session:
        user_id = str(user_named(session, username).id)
        at, system_at = deps.clock.now(), deps.clock.system_now()
        disable_user(session, user_id, actor=None, reason=reason, at=at, system_at=system_at)
    show(machine, {"username": username, "disabled": True}, f"{username} 已停用")


@account.command("reset-password")
@click.argument("username")
@as_json
def reset_account(username: str, machine: bool) -> None:
    """重置密码，显示新密码（只显示这一次），下次登录须修改。"""
    from services.blacklist.identity.usecases import reset_password

    deps = blacklist_means()
    with deps.db.write() as session:
        user_id = str(user_named(session, username).id)
        at, system_at = deps.clock.now(), deps.clock.system_now()
        made = reset_password(session, user_id, actor=None, at=at, system_at=system_at)
        password = made.password
    show(machine, {"username": username, "password": password}, f"{username} {password}")


def user_named(session: "Session", username: str) -> "User":
    """The account; a sentence where there is none."""
    from services.blacklist.identity.queries import user_by_name

    user = user_by_name(session, username)
    if user is None:
        raise click.UsageError(f"没有账号 {username}，账号见页面“管理 → 用户”。")
    return user
