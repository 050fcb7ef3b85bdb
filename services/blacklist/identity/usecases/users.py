"""Accounts and their roles. One administrator proposes roles, another decides."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from services.blacklist.audit.usecases import record
from services.blacklist.identity import queries
from services.blacklist.identity.domain import ASSESSOR, normalise_username, role_problem, validity_problem
from services.blacklist.identity.models import RoleChange, User, UserRole
from services.blacklist.identity.publishes import publish_user
from services.blacklist.identity.usecases.passwords import draw_password, hash_password
from services.blacklist.identity.usecases.sessions import revoke_sessions
from shared.clock import local_date
from shared.errors import Conflict, FieldError, Forbidden, Invalid
from shared.ids import new_id
from shared.web.access import Principal


@dataclass(frozen=True)
class CreatedUser:
    """The account and its first password, which exists nowhere else in clear."""

    user: User
    password: str


def create_user(
    session: Session,
    *,
    actor: Principal | None,
    username: str,
    display_name: str,
    department_id: str,
    email: str | None,
    at: datetime,
    roles: Collection[str] = (),
    password: str | None = None,
    must_change: bool = True,
    valid_until: date | None = None,
) -> CreatedUser:
    """A new account. Roles at once only for the installation itself (`actor` None); people propose them."""
    name = normalise_username(username)
    if queries.user_by_name(session, name) is not None:
        problem = "用户名已被使用，请换一个"
        raise Conflict("username-taken", problem, fields=[FieldError("/username", problem)])
    if roles and actor is not None:
        raise Forbidden(
            "roles-need-two", "角色须由两人办理", "先建账号，再由系统管理员提出、安全管理员核准角色。"
        )
    queries.department(session, department_id)
    _require_validity(roles, valid_until, at)
    secret = password or draw_password()
    user = User(
        id=new_id(),
        username=name,
        display_name=display_name,
        department_id=department_id,
        email=email,
        password_hash=hash_password(secret),
        must_change=must_change,
        valid_until=valid_until,
        created_at=at,
        sequence=0,
    )
    session.add(user)
    session.flush()
    _set_roles(session, user, roles)
    publish_user(session, user, sorted(roles), at)
    record(
        session,
        actor=actor,
        action="user.created",
        object_type="user",
        object_id=user.id,
        detail={
            "username": name,
            "department_id": department_id,
            "roles": sorted(roles),
            "until": str(valid_until),
        },
        at=at,
    )
    return CreatedUser(user, secret)


def disable_user(
    session: Session, user_id: str, *, actor: Principal | None, reason: str, at: datetime, system_at: datetime
) -> User:
    """Ends access at once, here and (by the events) in the other services."""
    user = queries.user(session, user_id)
    if actor is not None and actor.user_id == user_id:
        raise Conflict("not-oneself", "不能停用自己的账号", "请由另一名管理员办理。")
    if user.disabled_at is None:
        user.disabled_at = at
        revoke_sessions(session, [user.id], "disabled", system_at)
        publish_user(session, user, sorted(queries.roles_of(session, user.id)), at)
        record(
            session,
            actor=actor,
            action="user.disabled",
            object_type="user",
            object_id=user.id,
            detail={"reason": reason},
            at=at,
        )
    return user


def limit_account(
    session: Session,
    user_id: str,
    valid_until: date | None,
    *,
    actor: Principal,
    reason: str,
    at: datetime,
    system_at: datetime,
) -> User:
    """Set, extend or lift an account's last day; its sessions end and begin anew. System time decides."""
    user = queries.user(session, user_id)
    if actor.user_id == user_id:
        raise Conflict("not-oneself", "不能为自己设定账号有效期", "请由另一名管理员办理。")
    _require_validity(queries.roles_of(session, user.id), valid_until, system_at)
    before, user.valid_until = user.valid_until, valid_until
    revoke_sessions(session, [user.id], "validity-changed", system_at)
    record(
        session,
        actor=actor,
        action="user.limited",
        object_type="user",
        object_id=user.id,
        detail={"before": str(before), "until": str(valid_until), "reason": reason},
        at=at,
    )
    return user


def enable_user(session: Session, user_id: str, *, actor: Principal, at: datetime) -> User:
    user = queries.user(session, user_id)
    if user.disabled_at is not None:
        user.disabled_at = None
        publish_user(session, user, sorted(queries.roles_of(session, user.id)), at)
        record(
            session,
            actor=actor,
            action="user.enabled",
            object_type="user",
            object_id=user.id,
            detail={},
            at=at,
        )
    return user


def reset_password(
    session: Session, user_id: str, *, actor: Principal | None, at: datetime, system_at: datetime
) -> CreatedUser:
    """A drawn password to be changed at the next sign-in; ends every session."""
    user = queries.user(session, user_id)
    secret = draw_password()
    user.password_hash, user.must_change = hash_password(secret), True
    revoke_sessions(session, [user.id], "password-reset", system_at)
    record(
        session, actor=actor, action="password.reset", object_type="user", object_id=user.id, detail={}, at=at
    )
    return CreatedUser(user, secret)


def set_password(session: Session, username: str, password: str) -> None:
    """For the installation itself: give an existing account a known password again."""
    user = queries.user_by_name(session, normalise_username(username))
    if user is not None:
        user.password_hash, user.must_change = hash_password(password), False


def propose_roles(
    session: Session, user_id: str, roles: Collection[str], *, actor: Principal, reason: str, at: datetime
) -> RoleChange:
    """Ask that the user hold exactly these roles."""
    user = queries.user(session, user_id)
    if actor.user_id == user_id:
        raise Conflict("not-oneself", "不能为自己变更角色", "请由另一名管理员办理。")
    _require_roles(roles)
    _require_end(roles, user)
    change = RoleChange(
        id=new_id(),
        user_id=user.id,
        roles=sorted(set(roles)),
        reason=reason,
        state="proposed",
        proposed_by=actor.user_id,
        proposed_at=at,
    )
    session.add(change)
    session.flush()
    record(
        session,
        actor=actor,
        action="roles.proposed",
        object_type="user",
        object_id=user.id,
        detail={"change_id": change.id, "roles": change.roles, "reason": reason},
        at=at,
    )
    return change


def decide_role_change(
    session: Session, change_id: str, *, approve: bool, actor: Principal, at: datetime, system_at: datetime
) -> RoleChange:
    """By somebody else than proposer and beneficiary; approval ends the user's sessions."""
    change = queries.role_change(session, change_id)
    if change.state != "proposed":
        raise Conflict("role-change-settled", "该角色变更已办结")
    if actor.user_id in {change.proposed_by, change.user_id}:
        raise Conflict("role-change-four-eyes", "须由另一人核准", "角色变更的提出人、受益人不得核准。")
    change.state = "approved" if approve else "refused"
    change.decided_by, change.decided_at = actor.user_id, at
    if approve:
        user = queries.user(session, change.user_id)
        _require_end(change.roles, user)
        _set_roles(session, user, change.roles)
        revoke_sessions(session, [user.id], "roles-changed", system_at)
        publish_user(session, user, change.roles, at)
    record(
        session,
        actor=actor,
        action=f"roles.{change.state}",
        object_type="user",
        object_id=change.user_id,
        detail={"change_id": change.id, "roles": change.roles},
        at=at,
    )
    return change


def _set_roles(session: Session, user: User, roles: Collection[str]) -> None:
    _require_roles(roles)
    session.execute(delete(UserRole).where(UserRole.user_id == user.id))
    session.add_all([UserRole(user_id=user.id, role=role) for role in sorted(set(roles))])
    session.flush()


def _require_roles(roles: Collection[str]) -> None:
    problem = role_problem(roles)
    if problem:
        raise Invalid(
            "roles-incompatible", "角色不可这样设置", problem, fields=[FieldError("/roles", problem)]
        )


def _require_end(roles: Collection[str], user: User) -> None:
    """An assessor's account must have its last day fixed before the role is asked for or given."""
    if ASSESSOR in roles and user.valid_until is None:
        raise _validity(str(validity_problem(roles, None, user.created_at.date())))


def _require_validity(roles: Collection[str], valid_until: date | None, at: datetime) -> None:
    problem = validity_problem(roles, valid_until, local_date(at))
    if problem:
        raise _validity(problem)


def _validity(problem: str) -> Invalid:
    return Invalid(
        "account-validity", "账号有效期不合规定", problem, fields=[FieldError("/valid_until", problem)]
    )
