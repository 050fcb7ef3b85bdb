"""Accounts: the list, one account with its role changes, and a new one with the password shown once."""

from typing import Any
from uuid import UUID

from apiflask import APIBlueprint
from flask import Response, request

from services.blacklist.identity import queries, schemas, usecases
from services.blacklist.identity.api.users import views
from services.blacklist.identity.domain import ROLES
from services.blacklist.store import Deps
from services.blacklist.web.administration.asking import (
    PER_PAGE,
    READERS,
    SYSTEM,
    asked,
    asked_id,
    office_form,
    paged,
    secret_page,
    wrong,
)
from services.blacklist.web.options import department_options
from shared.errors import DomainError
from shared.web.access import access, principal
from shared.web.forms import load_form, read_form
from shared.web.listing import last_seen

PLACE = "/admin/users"
LABELS = {
    "username": "用户名",
    "display_name": "姓名",
    "department_id": "部门",
    "email": "电子邮箱",
    "valid_until": "有效期至",
}
DONE = {
    "disable": "账号已停用，其登录已全部终止。",
    "enable": "账号已恢复。",
    "validity": "有效期已设定，其登录已全部终止。",
    "roles": "角色变更已提出，待另一名管理员核准。",
}


def add_routes(made: APIBlueprint, deps: Deps) -> None:
    _reading(made, deps)
    _entering(made, deps)


def _reading(made: APIBlueprint, deps: Deps) -> None:
    @made.get(PLACE)
    @access(READERS)
    def users() -> Response:
        department, name, role = asked_id("department"), asked("name"), asked("role")
        with deps.db.read() as session:
            found = queries.list_users(
                session, department_id=department, name=name, role=role, after=last_seen(), limit=PER_PAGE + 1
            )
            page = paged(found, lambda user: user.username)
            page["rows"] = views(session, page["rows"])
            offices = department_options(session, deps.clock.today())
        return secret_page(
            "users", **page, offices=offices, names=dict(offices), roles=ROLES, department=department,
            name=name, role=role,
        )  # fmt: skip

    @made.get(f"{PLACE}/<uuid:user_id>")
    @access(READERS)
    def user(user_id: UUID) -> Response:
        return account_page(deps, str(user_id), done=DONE.get(asked("done"), ""))


def account_page(
    deps: Deps, user_id: str, status: int = 200, errors: dict[str, str] | None = None, **more: Any
) -> Response:
    """One account as it stands now; `password` is one just drawn."""
    with deps.db.read() as session:
        account = views(session, [queries.user(session, user_id)])[0]
        office = queries.department(session, account["department_id"])
        changes = queries.list_role_changes(session, user_id=user_id, limit=PER_PAGE)
        return secret_page(
            "user", status, account=account, office=office, changes=changes, roles=ROLES,
            errors=errors or {}, **more,
        )  # fmt: skip


def _entering(made: APIBlueprint, deps: Deps) -> None:
    @made.get(f"{PLACE}/new")
    @access(SYSTEM)
    def new_user() -> Response:
        return _form(deps, 200, {}, {})

    @made.post(f"{PLACE}/new")
    @access(SYSTEM)
    def enter_user() -> Response:
        values = read_form(request.form)
        try:
            given = load_form(schemas.UserFiling(), values)
            department = str(given.pop("department_id"))
            with deps.db.write() as session:
                new = usecases.create_user(
                    session, actor=principal(), department_id=department, at=deps.clock.now(), **given
                )
                user_id = new.user.id
        except DomainError as error:
            return _form(deps, int(error.kind), values, wrong(error))
        return account_page(deps, user_id, password=new.password)


def _form(deps: Deps, status: int, values: dict[str, Any], errors: dict[str, str]) -> Response:
    return office_form(deps, "user_new", status, values, errors, labels=LABELS)
