"""Roles, what excludes what, how long a failed sign-in waits, what a password must be, who may see what.

Pure functions; actors are anything that says its department, region and roles.
"""

import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Protocol

from shared.errors import describe_errors
from shared.regions import within

ROLES: dict[str, str] = {
    "clerk": "经办人",
    "reviewer": "审核人",
    "decider": "负责人",
    "supervisor": "监督员",
    "operator": "推送运维员",
    "auditor": "审计员",
    "assessor": "外部评估员",
    "system-admin": "系统管理员",
    "security-admin": "安全管理员",
}
EXCLUSIVE_ROLES = frozenset({"system-admin", "security-admin", "auditor"})  # 三员分立
ASSESSOR = "assessor"
"""Someone from outside (第三方评估): reads the figures of a region until a day fixed beforehand."""
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
LONGEST_LIMITED_ACCOUNT = timedelta(days=366)

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
    """Own department; supervisors, auditors and assessors everything within their region."""
    if actor.department_id == department_id:
        return True
    return bool(actor.roles & {"supervisor", "auditor", ASSESSOR}) and within(region, actor.region)


def can_act(actor: Actor, department_id: str) -> bool:
    """Acting is for one's own department only, whatever one may see."""
    return actor.department_id == department_id


def role_problem(roles: Collection[str]) -> str | None:
    """Why one account may not hold these roles together, or None."""
    unknown = sorted(set(roles) - set(ROLES))
    if unknown:
        return f"没有这个角色：{'、'.join(unknown)}；可选：{'、'.join(ROLES)}"
    exclusive = [ROLES[role] for role in sorted(set(roles) & EXCLUSIVE_ROLES)]
    if len(exclusive) > 1:
        return f"{'、'.join(exclusive)}必须由不同的人担任（三员分立）"
    if exclusive and len(set(roles)) > 1:
        return f"{exclusive[0]}不得兼任业务角色"
    if ASSESSOR in roles and len(set(roles)) > 1:
        return f"{ROLES[ASSESSOR]}不得兼任其他角色"
    return None


def validity_problem(roles: Collection[str], valid_until: date | None, today: date) -> str | None:
    """Why an account may not last so long (or without an end), or None."""
    if valid_until is None:
        return f"{ROLES[ASSESSOR]}账号须设定有效期" if ASSESSOR in roles else None
    if not today <= valid_until <= today + LONGEST_LIMITED_ACCOUNT:
        return "账号有效期须在今天起一年之内"
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


ERRORS = {
    "sign-in-refused": "用户名或口令不正确。系统不区分是哪一项有误；请核对后重试。",
    "sign-in-locked": "登录失败次数过多，须等待 Retry-After 指示的秒数；等待时间逐次加长，最长十五分钟。",
    "sign-in-busy": "同时登录的人太多。请稍后再试。",
    "session-ended": "会话已退出、超时或被管理员终止。请重新登录。",
    "password-too-weak": "口令须为 12 至 128 个字符，含三种以上字符，不含用户名。",
    "password-wrong": "当前口令不正确。",
    "username-taken": "用户名已被使用。请换一个。",
    "account-validity": "限期账号的有效期须在今天起一年之内；外部评估员账号必须设定有效期。",
    "roles-need-two": "角色须由一名管理员提出、另一名管理员核准。",
    "roles-incompatible": "系统管理员、安全管理员、审计员互斥，且不得兼任业务角色。",
    "role-change-settled": "该角色变更已办结。",
    "role-change-four-eyes": "角色变更的提出人、受益人不得自行核准。",
    "not-oneself": "不能对自己的账号办理该事项。请由另一名管理员办理。",
    "department-not-found": "没有这个部门，或这一天没有对应的部门。",
    "department-ambiguous": "这一天由多个部门分别负责。请指明其中一个。",
    "department-code-taken": "部门代码已被使用。请换一个。",
    "transfer-refused": "移交的部门或日期不合条件，见 fields。",
    "region-unknown": "没有这个行政区划代码。请填写 GB/T 2260 六位代码。",
    "uscc-invalid": "统一社会信用代码的格式或校验位不正确。",
    "user-not-found": "没有这个用户。",
    "role-change-not-found": "没有这项角色变更。",
    "api-key-not-found": "没有这个接口密钥。",
    "scopes-unknown": "接口权限不在可选范围内。",
    "expiry-out-of-range": "接口密钥的有效期须在今后一年之内。",
    "address-invalid": "不是 IP 地址或网段。",
}

describe_errors(ERRORS)
