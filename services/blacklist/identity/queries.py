"""Looking up departments (on a date), people, their roles and addresses."""

from collections.abc import Collection, Sequence
from datetime import date

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from services.blacklist.identity.domain import Period
from services.blacklist.identity.models import ApiKey, Department, RoleChange, SignInSession, User, UserRole
from shared.errors import Conflict, NotFound


def department(session: Session, department_id: str) -> Department:
    found = session.get(Department, department_id)
    if found is None:
        raise NotFound("department-not-found", "没有这个部门")
    return found


def department_by_code(session: Session, code: str) -> Department:
    found = session.scalars(select(Department).where(Department.code == code)).first()
    if found is None:
        raise NotFound("department-not-found", "没有这个部门", f"部门代码 {code} 未登记")
    return found


def departments_on(session: Session, code: str, on: date) -> list[Department]:
    """Who answered on that day for what `code` names: itself, its successor, or its predecessors."""
    start = department_by_code(session, code)
    found = [start]
    while found and not any(_in_force(each, on) for each in found):
        later = on >= max(each.valid_from for each in found)
        found = _successors(session, found) if later else _predecessors(session, found)
    return [each for each in found if _in_force(each, on)]


def department_on(session: Session, code: str, on: date) -> Department:
    found = departments_on(session, code, on)
    if not found:
        raise NotFound("department-not-found", "这一天没有对应的部门", f"{code} 在 {on} 没有前身或承继部门")
    if len(found) > 1:
        names = "、".join(each.name for each in found)
        raise Conflict("department-ambiguous", "这一天由多个部门分别负责", f"{code} 在 {on} 对应：{names}")
    return found[0]


def list_departments(
    session: Session,
    *,
    region: str | None = None,
    on: date | None = None,
    after: str | None = None,
    limit: int = 50,
) -> Sequence[Department]:
    """In order of code; `after` is the last code already seen."""
    wanted = select(Department).order_by(Department.code).limit(limit)
    if region:
        wanted = wanted.where(Department.region == region)
    if on:
        wanted = wanted.where(
            Department.valid_from <= on, or_(Department.valid_to.is_(None), Department.valid_to > on)
        )
    if after:
        wanted = wanted.where(Department.code > after)
    return session.scalars(wanted).all()


def held_by(session: Session, department_id: str) -> tuple[int, int]:
    """How many accounts and API keys a handover of the department would move."""
    users = select(func.count()).select_from(User).where(User.department_id == department_id)
    keys = select(func.count()).select_from(ApiKey).where(ApiKey.department_id == department_id)
    return session.scalar(users) or 0, session.scalar(keys) or 0


def predecessors(session: Session, department_id: str) -> Sequence[Department]:
    wanted = select(Department).where(Department.successor_id == department_id).order_by(Department.code)
    return session.scalars(wanted).all()


def user(session: Session, user_id: str) -> User:
    found = session.get(User, user_id)
    if found is None:
        raise NotFound("user-not-found", "没有这个用户")
    return found


def user_by_name(session: Session, username: str) -> User | None:
    return session.scalars(select(User).where(User.username == username)).first()


def roles_of(session: Session, user_id: str) -> frozenset[str]:
    return frozenset(session.scalars(select(UserRole.role).where(UserRole.user_id == user_id)))


def roles_by_user(session: Session, user_ids: Sequence[str]) -> dict[str, list[str]]:
    roles: dict[str, list[str]] = {user_id: [] for user_id in user_ids}
    for each in session.scalars(
        select(UserRole).where(UserRole.user_id.in_(user_ids)).order_by(UserRole.role)
    ):
        roles[each.user_id].append(each.role)
    return roles


def names_of(session: Session, user_ids: Collection[str]) -> dict[str, str]:
    """What those people are called; somebody who is none of ours is left out."""
    wanted = select(User).where(User.id.in_(user_ids))
    return {user.id: user.display_name for user in session.scalars(wanted)}


def list_users(
    session: Session,
    *,
    department_id: str | None = None,
    name: str = "",
    role: str = "",
    after: str | None = None,
    limit: int = 50,
) -> Sequence[User]:
    """In order of user name; `after` is the last name already seen, `name` a part of either name."""
    wanted = select(User).order_by(User.username).limit(limit)
    if department_id:
        wanted = wanted.where(User.department_id == department_id)
    if name:
        parts = (each.contains(name, autoescape=True) for each in (User.username, User.display_name))
        wanted = wanted.where(or_(*parts))
    if role:
        wanted = wanted.where(User.id.in_(select(UserRole.user_id).where(UserRole.role == role)))
    if after:
        wanted = wanted.where(User.username > after)
    return session.scalars(wanted).all()


def role_change(session: Session, change_id: str) -> RoleChange:
    found = session.get(RoleChange, change_id, with_for_update=True)
    if found is None:
        raise NotFound("role-change-not-found", "没有这项角色变更")
    return found


def list_role_changes(
    session: Session,
    *,
    state: str | None = None,
    user_id: str | None = None,
    after: str | None = None,
    limit: int = 50,
) -> Sequence[RoleChange]:
    wanted = select(RoleChange).order_by(RoleChange.id).limit(limit)
    if user_id:
        wanted = wanted.where(RoleChange.user_id == user_id)
    if state:
        wanted = wanted.where(RoleChange.state == state)
    if after:
        wanted = wanted.where(RoleChange.id > after)
    return session.scalars(wanted).all()


def api_key(session: Session, key_id: str) -> ApiKey:
    found = session.get(ApiKey, key_id)
    if found is None:
        raise NotFound("api-key-not-found", "没有这个接口密钥")
    return found


def list_api_keys(
    session: Session, *, department_id: str | None = None, after: str | None = None, limit: int = 50
) -> Sequence[ApiKey]:
    wanted = select(ApiKey).order_by(ApiKey.id).limit(limit)
    if department_id:
        wanted = wanted.where(ApiKey.department_id == department_id)
    if after:
        wanted = wanted.where(ApiKey.id > after)
    return session.scalars(wanted).all()


def live_sessions(session: Session, user_ids: Sequence[str]) -> Sequence[SignInSession]:
    wanted = select(SignInSession).where(
        SignInSession.user_id.in_(user_ids), SignInSession.revoked_at.is_(None)
    )
    return session.scalars(wanted.order_by(SignInSession.id)).all()


def _in_force(each: Department, on: date) -> bool:
    return Period(each.valid_from, each.valid_to).covers(on)


def _successors(session: Session, found: Sequence[Department]) -> list[Department]:
    wanted = {each.successor_id for each in found if each.successor_id}
    return list(session.scalars(select(Department).where(Department.id.in_(wanted))))


def _predecessors(session: Session, found: Sequence[Department]) -> list[Department]:
    ids = [each.id for each in found]
    wanted = select(Department).where(Department.successor_id.in_(ids)).order_by(Department.code)
    return list(session.scalars(wanted))
