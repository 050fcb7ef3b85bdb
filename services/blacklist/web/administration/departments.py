"""Departments: the list (also those handed over), one of them, a new one."""

from typing import Any
from uuid import UUID

from apiflask import APIBlueprint
from flask import Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from services.blacklist.identity import queries, schemas, usecases
from services.blacklist.store import Deps
from services.blacklist.web.administration.asking import (
    PER_PAGE,
    READERS,
    SYSTEM,
    asked,
    office_form,
    paged,
    secret_page,
    wrong,
)
from services.blacklist.web.options import region_options
from shared.errors import DomainError
from shared.web.access import access, principal
from shared.web.forms import load_form, read_form
from shared.web.listing import last_seen

PLACE = "/admin/departments"
LEVELS = {"nation": "国家", "province": "省级", "city": "市级", "county": "县级", "town": "乡级"}
LABELS = {
    "code": "部门代码",
    "name": "名称",
    "short_name": "简称",
    "kind": "职能条线代码",
    "region": "行政区划代码",
    "level": "层级",
    "uscc": "统一社会信用代码",
    "parent_id": "上级部门",
    "email": "电子邮箱",
    "valid_from": "成立日期",
    "successor_id": "承继部门",
    "on": "移交日",
}
DONE = {"new": "部门已设立。", "rename": "名称和邮箱已修改。", "transfer": "已移交给承继部门。"}


def add_routes(made: APIBlueprint, deps: Deps) -> None:
    _reading(made, deps)
    _entering(made, deps)


def _reading(made: APIBlueprint, deps: Deps) -> None:
    @made.get(PLACE)
    @access(READERS)
    def departments() -> Response:
        region, all_of_them = asked("region"), asked("past") == "true"
        on = None if all_of_them else deps.clock.today()
        with deps.db.read() as session:
            found = queries.list_departments(
                session, region=region or None, on=on, after=last_seen(), limit=PER_PAGE + 1
            )
            page = paged(found, lambda office: office.code)
            return secret_page(
                "departments", **page, regions=region_options(session), region=region, past=all_of_them
            )

    @made.get(f"{PLACE}/<uuid:department_id>")
    @access(READERS)
    def department(department_id: UUID) -> Response:
        with deps.db.read() as session:
            office = queries.department(session, str(department_id))
            after, above = (
                queries.department(session, each) if each else None
                for each in (office.successor_id, office.parent_id)
            )
            users, keys = queries.held_by(session, office.id)
            return secret_page(
                "department", office=office, after=after, above=above, users=users, keys=keys,
                before=queries.predecessors(session, office.id), levels=LEVELS, done=DONE.get(asked("done")),
            )  # fmt: skip


def _entering(made: APIBlueprint, deps: Deps) -> None:
    @made.get(f"{PLACE}/new")
    @access(SYSTEM)
    def new_department() -> Response:
        return _form(deps, 200, {}, {})

    @made.post(f"{PLACE}/new")
    @access(SYSTEM)
    def enter_department() -> AnyResponse:
        values = read_form(request.form)
        try:
            given = load_form(schemas.DepartmentFiling(), values)
            parent = given.pop("parent_id")
            with deps.db.write() as session:
                office = usecases.create_department(
                    session, actor=principal(), parent_id=str(parent) if parent else None,
                    at=deps.clock.now(), **given,
                )  # fmt: skip
                place = f"{PLACE}/{office.id}?done=new"
        except DomainError as error:
            return _form(deps, int(error.kind), values, wrong(error))
        return redirect(place, 303)


def _form(deps: Deps, status: int, values: dict[str, Any], errors: dict[str, str]) -> Response:
    return office_form(deps, "department_new", status, values, errors, levels=LEVELS, labels=LABELS)
