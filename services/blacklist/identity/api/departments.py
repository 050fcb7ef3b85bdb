"""Departments: anyone may read who answers for what; the system administrator keeps them."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from apiflask import APIBlueprint
from sqlalchemy.orm import Session

from services.blacklist.identity import queries, schemas, usecases
from services.blacklist.identity.models import Department
from services.blacklist.identity.usecases import Transfer
from services.blacklist.store import Deps
from shared.web.access import Principal, access, principal, public, roles
from shared.web.paging import cut, last_id, page
from shared.web.problem import problems

FollowTransfer = Callable[[Session, Transfer, Principal, datetime], None]


def add_routes(bp: APIBlueprint, deps: Deps, follow_transfer: FollowTransfer | None) -> None:
    _add_reading(bp, deps)
    _add_keeping(bp, deps)
    _add_transfer(bp, deps, follow_transfer)


def _add_reading(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/departments")
    @access(public())
    @bp.input(schemas.DepartmentQuery, location="query")
    @bp.output(schemas.DepartmentPage)
    @bp.doc(summary="部门（含历史部门及其承继）")
    def list_departments(query_data: dict[str, Any]) -> dict[str, Any]:
        cursor, limit = query_data["cursor"], query_data["limit"]
        after = last_id(cursor)
        with deps.db.read() as session:
            rows = queries.list_departments(
                session, region=query_data["region"], on=query_data["on"], after=after, limit=limit + 1
            )
        shown, following = cut(rows, limit, lambda row: [row.code])
        return page(shown, following)

    @bp.get("/departments/<uuid:department_id>")
    @access(public())
    @problems(404)
    @bp.output(schemas.DepartmentView)
    @bp.doc(summary="一个部门")
    def show_department(department_id: UUID) -> Department:
        with deps.db.read() as session:
            return queries.department(session, str(department_id))


def _add_keeping(bp: APIBlueprint, deps: Deps) -> None:
    @bp.post("/departments")
    @access(roles("system-admin"))
    @problems(404, 409)
    @bp.input(schemas.DepartmentFiling)
    @bp.output(schemas.DepartmentView, status_code=201)
    @bp.doc(summary="新设部门")
    def create_department(json_data: dict[str, Any]) -> Department:
        parent = json_data.pop("parent_id")
        with deps.db.write() as session:
            return usecases.create_department(
                session, actor=principal(), parent_id=str(parent) if parent else None, at=deps.clock.now(),
                **json_data,
            )  # fmt: skip

    @bp.put("/departments/<uuid:department_id>")
    @access(roles("system-admin"))
    @problems(404)
    @bp.input(schemas.DepartmentRenaming)
    @bp.output(schemas.DepartmentView)
    @bp.doc(summary="更名、更换邮箱")
    def rename_department(department_id: UUID, json_data: dict[str, Any]) -> Department:
        with deps.db.write() as session:
            return usecases.rename_department(
                session, str(department_id), actor=principal(), at=deps.clock.now(), **json_data
            )


def _add_transfer(bp: APIBlueprint, deps: Deps, follow_transfer: FollowTransfer | None) -> None:
    @bp.post("/departments/<uuid:department_id>/transfer")
    @access(roles("system-admin"))
    @problems(404)
    @bp.input(schemas.TransferRequest)
    @bp.output(schemas.TransferAnswer)
    @bp.doc(summary="移交给承继部门（人员、密钥、在办案件和期限一并移交）")
    def transfer_department(department_id: UUID, json_data: dict[str, Any]) -> dict[str, Any]:
        who, at = principal(), deps.clock.now()
        with deps.db.write() as session:
            moved = usecases.transfer_department(
                session, str(department_id), str(json_data["successor_id"]), on=json_data["on"], actor=who,
                at=at, system_at=deps.clock.system_now(),
            )  # fmt: skip
            if follow_transfer is not None:
                follow_transfer(session, moved, who, at)
        return asdict(moved)
