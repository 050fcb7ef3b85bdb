"""Roles, what excludes what, how long a failed sign-in waits, what a password must be, who may see what.

Pure functions; actors are anything that says its department, region and roles.
"""

import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Protocol

from shared.regions import within

ROLES: dict[str, str] = {
    "clerk": "经办人",
    "reviewer": "审核人",
    "decider": "负责人",
    "supervisor": "监督员",
    "operator": "推送运维员",
    "auditor": "审计员",
    "system-admin": "系统管理员",
    "security-admin": "安全管理员",
}
EXCLUSIVE_ROLES = frozenset({"system-admin", "security-admin", "auditor"})  # 三员分立
SCOPES: dict[str, str] = {
    "cases:read": "读取本部门案件",
    "cases:write": "代本部门录入案件",
    "imports:write": "批量导入",
    "register:read": "查询名录",
    "deliveries:read": "查看推送情况",
    "exchange:read": "读取交换事件",
    "exchange:write": "回写交换回执",
    "notices:read": "读取消息",
}

IDLE_LIMIT = timedelta(minutes=30)
ABSOLUTE_LIMIT = timedelta(hours=12)
TOUCH_EVERY = timedelta(
    seconds=60
)  # how stale `last_seen_at` may be, so that reading does not write each time
KEY_LIFETIME = timedelta(days=366)

FREE_FAILURES = 5
ACCOUNT_FREE_FAILURES = (
    50  # over all addresses: slows a distributed guess without locking an office out early
)
FIRST_DELAY = timedelta(seconds=15)
LONGEST_DELAY = timedelta(minutes=15)
FORGET_FAILURES = timedelta(hours=24)

PASSWORD_MIN, PASSWORD_MAX = 12, 128


class Actor(Protocol):
    """What the visibility rules need to know of whoever asks."""

    @property
    def department_id(self) -> str: ...
    @property
    def region(self) -> str: ...
    @property
    def roles(self) -> frozenset[str]: ...


@dataclass(frozen=True)
class Period:
    """Days [start, end): `end` is the first day no longer in force; None means open."""

    start: date
    end: date | None

    def covers(self, day: date) -> bool:
        return self.start <= day and (self.end is None or day < self.end)


def can_see(actor: Actor, department_id: str, region: str) -> bool:
    """Own department; supervisors and auditors everything within their region."""
    if actor.department_id == department_id:
        return True
    return bool(actor.roles & {"supervisor", "auditor"}) and within(region, actor.region)


def can_act(actor: Actor, department_id: str) -> bool:
    """Acting is for one's own department only, whatever one may see."""
    return actor.department_id == department_id


def role_problem(roles: Collection[str]) -> str | None:
    """Why one account may not hold these roles together, or None."""
    unknown = sorted(set(roles) - set(ROLES))
    if unknown:
        return f"没有这个角色:{'、'.join(unknown)};可选:{'、'.join(ROLES)}"
    exclusive = [ROLES[role] for role in sorted(set(roles) & EXCLUSIVE_ROLES)]
    if len(exclusive) > 1:
        return f"{'、'.join(exclusive)}必须由不同的人担任(三员分立)"
    if exclusive and len(set(roles)) > 1:
        return f"{exclusive[0]}不得兼任业务角色"
    return None


def lockout_delay(failures: int, free: int = FREE_FAILURES) -> timedelta:
    """How long the next attempt waits after this many failures in a row; doubles, never above 15 minutes."""
    if failures < free:
        return timedelta(0)
    doublings = min(failures - free, 10)
    return min(FIRST_DELAY * int(2**doublings), LONGEST_DELAY)


def normalise_username(username: str) -> str:
    return unicodedata.normalize("NFKC", username).strip().lower()


def password_problem(username: str, password: str) -> str | None:
    """Why a new password is refused, or None: length first, then the kinds of character 等保 asks for."""
    if not PASSWORD_MIN <= len(password) <= PASSWORD_MAX:
        return f"口令须为 {PASSWORD_MIN} 至 {PASSWORD_MAX} 个字符"
    if normalise_username(username) in password.lower():
        return "口令不得包含用户名"
    if len(set(password)) < 6:
        return "口令中不同的字符太少"
    if _kinds(password) < 3:
        return "口令须含大写字母、小写字母、数字、符号中的至少三种"
    return None


def _kinds(password: str) -> int:
    tests: Iterable[bool] = (
        any(c.islower() for c in password),
        any(c.isupper() for c in password),
        any(c.isdigit() for c in password),
        any(not c.isalnum() for c in password),
    )
    return sum(tests)


def unknown_scopes(scopes: Iterable[str]) -> list[str]:
    return sorted(set(scopes) - set(SCOPES))
