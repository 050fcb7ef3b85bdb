"""Departments come, are renamed and hand over to a successor; their past stays on record."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.blacklist.audit.usecases import record
from services.blacklist.identity import queries
from services.blacklist.identity.models import ApiKey, Department, User
from services.blacklist.identity.publishes import publish_department, publish_user
from services.blacklist.identity.usecases.sessions import revoke_sessions
from shared.clock import local_date
from shared.errors import Conflict, FieldError, Invalid
from shared.identifiers import InvalidIdentifier, check_uscc
from shared.ids import new_id
from shared.regions import is_known
from shared.web.access import Principal


@dataclass(frozen=True)
class Transfer:
    """What a handover moved here; open cases and duties follow in the same transaction."""

    from_id: str
    to_id: str
    on: date
    users: int
    keys: int


def create_department(
    session: Session,
    *,
    actor: Principal | None,
    code: str,
    name: str,
    short_name: str,
    kind: str,
    region: str,
    level: str,
    uscc: str,
    valid_from: date,
    at: datetime,
    email: str | None = None,
    parent_id: str | None = None,
    valid_to: date | None = None,
    successor_id: str | None = None,
) -> Department:
    _require_region(region)
    taken = select(Department.id).where(Department.code == code)
    if session.scalars(taken).first() is not None:
        problem = "部门代码已被使用"
        raise Conflict("department-code-taken", problem, fields=[FieldError("/code", problem)])
    for other in (parent_id, successor_id):
        if other is not None:
            queries.department(session, other)
    made = Department(
        id=new_id(),
        code=code,
        name=name,
        short_name=short_name,
        kind=kind,
        region=region,
        level=level,
        uscc=_checked_uscc(uscc),
        valid_from=valid_from,
        valid_to=valid_to,
        successor_id=successor_id,
        parent_id=parent_id,
        email=email,
        sequence=0,
    )
    session.add(made)
    publish_department(session, made, at)
    record(
        session,
        actor=actor,
        action="department.created",
        object_type="department",
        object_id=made.id,
        detail={"code": code, "name": name},
        at=at,
    )
    return made


def rename_department(
    session: Session,
    department_id: str,
    *,
    actor: Principal,
    name: str,
    short_name: str,
    email: str | None,
    at: datetime,
) -> Department:
    """Correct a name or address; a new organ is a new department and a transfer."""
    found = queries.department(session, department_id)
    detail = {"from": found.name, "to": name}
    found.name, found.short_name, found.email = name, short_name, email
    publish_department(session, found, at)
    record(
        session,
        actor=actor,
        action="department.renamed",
        object_type="department",
        object_id=found.id,
        detail=detail,
        at=at,
    )
    return found


def transfer_department(
    session: Session,
    from_id: str,
    to_id: str,
    *,
    on: date,
    actor: Principal | None,
    at: datetime,
    system_at: datetime,
) -> Transfer:
    """承继: from `on` the successor answers for it. Moves people and keys, ends their sessions."""
    before, after = queries.department(session, from_id), queries.department(session, to_id)
    _require_transferable(before, after, on, local_date(at))
    before.valid_to, before.successor_id = on, after.id
    users = session.scalars(select(User).where(User.department_id == before.id)).all()
    _move_users(session, users, after, at, system_at)
    keys = session.scalars(select(ApiKey).where(ApiKey.department_id == before.id)).all()
    for key in keys:
        key.department_id = after.id
    publish_department(session, before, at)
    moved = Transfer(before.id, after.id, on, len(users), len(keys))
    record(
        session,
        actor=actor,
        action="department.transferred",
        object_type="department",
        object_id=before.id,
        detail={"to": after.id, "on": on.isoformat(), "users": moved.users, "keys": moved.keys},
        at=at,
    )
    return moved


def _move_users(
    session: Session, users: Sequence[User], after: Department, at: datetime, system_at: datetime
) -> None:
    roles = queries.roles_by_user(session, [user.id for user in users])
    for user in users:
        user.department_id = after.id
        publish_user(session, user, roles[user.id], at)
    revoke_sessions(session, [user.id for user in users], "department-transferred", system_at)


def _require_transferable(before: Department, after: Department, on: date, today: date) -> None:
    problems = (
        (before.id == after.id, "/successor_id", "承继部门不能是自己"),
        (before.valid_to is not None or before.successor_id is not None, "/id", "该部门已经移交"),
        (after.valid_to is not None, "/successor_id", "承继部门已不存续，请选择现行部门"),
        (on <= before.valid_from, "/on", "移交日须晚于该部门成立日"),
        (on < after.valid_from, "/on", "移交日不得早于承继部门成立日"),
        (on > today, "/on", "移交日不得晚于今天"),
    )
    found = [FieldError(pointer, message) for wrong, pointer, message in problems if wrong]
    if found:
        raise Invalid("transfer-refused", "不能这样移交", found[0].message, fields=found)


def _require_region(region: str) -> None:
    if not is_known(region):
        problem = "没有这个行政区划代码，请填写 GB/T 2260 六位代码"
        raise Invalid("region-unknown", problem, fields=[FieldError("/region", problem)])


def _checked_uscc(uscc: str) -> str:
    try:
        return check_uscc(uscc)
    except InvalidIdentifier as error:
        pointed = [FieldError("/uscc", str(error))]
        raise Invalid("uscc-invalid", "统一社会信用代码不正确", str(error), fields=pointed) from error
