"""Accounts: kept by the system administrator; roles are proposed by one administrator, decided by another."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from apiflask import APIBlueprint
from sqlalchemy.orm import Session

from services.blacklist.identity import queries, schemas, usecases
from services.blacklist.identity.models import RoleChange, User
from services.blacklist.store import Deps
from shared.web.access import access, principal, roles
from shared.web.paging import cut, last_id, page
from shared.web.problem import problems

ADMINISTRATORS = ("system-admin", "security-admin")


def add_routes(bp: APIBlueprint, deps: Deps) -> None:
    _add_reading(bp, deps)
    _add_creation(bp, deps)
    _add_closing(bp, deps)
    _add_proposals(bp, deps)
    _add_decisions(bp, deps)


def views(session: Session, users: Sequence[User]) -> list[dict[str, Any]]:
    held = queries.roles_by_user(session, [user.id for user in users])
    return [
        {
            "id": user.id, "username": user.username, "display_name": user.display_name,
            "department_id": user.department_id, "email": user.email, "roles": held[user.id],
            "disabled": user.disabled_at is not None, "valid_until": user.valid_until,
            "created_at": user.created_at,
        }
        for user in users
    ]  # fmt: skip


def _add_reading(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/users")
    @access(roles(*ADMINISTRATORS, "auditor"))
    @bp.input(schemas.UserQuery, location="query")
    @bp.output(schemas.UserPage)
    @bp.doc(summary="用户")
    def list_users(query_data: dict[str, Any]) -> dict[str, Any]:
        cursor, limit, department = query_data["cursor"], query_data["limit"], query_data["department_id"]
        after = last_id(cursor)
        with deps.db.read() as session:
            rows = queries.list_users(
                session, department_id=str(department) if department else None, after=after, limit=limit + 1
            )
            shown, following = cut(rows, limit, lambda row: [row.username])
            return page(views(session, shown), following)

    @bp.get("/users/<uuid:user_id>")
    @access(roles(*ADMINISTRATORS, "auditor"))
    @problems(404)
    @bp.output(schemas.UserView)
    @bp.doc(summary="一个用户")
    def show_user(user_id: UUID) -> dict[str, Any]:
        with deps.db.read() as session:
            return views(session, [queries.user(session, str(user_id))])[0]


def _add_creation(bp: APIBlueprint, deps: Deps) -> None:
    @bp.post("/users")
    @access(roles("system-admin"))
    @problems(404, 409)
    @bp.input(schemas.UserFiling)
    @bp.output(schemas.PasswordIssued, status_code=201)
    @bp.doc(summary="新建用户（初始口令只显示一次；角色另行提出、核准）")
    def create_user(json_data: dict[str, Any]) -> dict[str, Any]:
        department = str(json_data.pop("department_id"))
        with deps.db.write() as session:
            made = usecases.create_user(
                session, actor=principal(), department_id=department, at=deps.clock.now(), **json_data
            )
            return {"user": views(session, [made.user])[0], "password": made.password}

    @bp.post("/users/<uuid:user_id>/password-reset")
    @access(roles("system-admin"))
    @problems(404)
    @bp.output(schemas.PasswordIssued)
    @bp.doc(summary="重置口令（新口令只显示一次，登录后须更换）")
    def reset_password(user_id: UUID) -> dict[str, Any]:
        with deps.db.write() as session:
            made = usecases.reset_password(
                session,
                str(user_id),
                actor=principal(),
                at=deps.clock.now(),
                system_at=deps.clock.system_now(),
            )
            return {"user": views(session, [made.user])[0], "password": made.password}


def _add_closing(bp: APIBlueprint, deps: Deps) -> None:
    @bp.post("/users/<uuid:user_id>/disable")
    @access(roles(*ADMINISTRATORS))
    @problems(404, 409)
    @bp.input(schemas.ReasonGiven)
    @bp.output(schemas.UserView)
    @bp.doc(summary="停用用户，立即终止其全部会话")
    def disable_user(user_id: UUID, json_data: dict[str, Any]) -> dict[str, Any]:
        with deps.db.write() as session:
            user = usecases.disable_user(
                session, str(user_id), actor=principal(), reason=json_data["reason"], at=deps.clock.now(),
                system_at=deps.clock.system_now(),
            )  # fmt: skip
            return views(session, [user])[0]

    @bp.post("/users/<uuid:user_id>/validity")
    @access(roles("system-admin"))
    @problems(404, 409)
    @bp.input(schemas.Validity)
    @bp.output(schemas.UserView)
    @bp.doc(summary="设定、延长或者取消账号有效期，立即终止其全部会话")
    def limit_account(user_id: UUID, json_data: dict[str, Any]) -> dict[str, Any]:
        with deps.db.write() as session:
            user = usecases.limit_account(
                session, str(user_id), json_data["valid_until"], actor=principal(),
                reason=json_data["reason"], at=deps.clock.now(), system_at=deps.clock.system_now(),
            )  # fmt: skip
            return views(session, [user])[0]

    @bp.post("/users/<uuid:user_id>/enable")
    @access(roles("system-admin"))
    @problems(404)
    @bp.output(schemas.UserView)
    @bp.doc(summary="恢复用户")
    def enable_user(user_id: UUID) -> dict[str, Any]:
        with deps.db.write() as session:
            user = usecases.enable_user(session, str(user_id), actor=principal(), at=deps.clock.now())
            return views(session, [user])[0]


def _add_proposals(bp: APIBlueprint, deps: Deps) -> None:
    @bp.post("/users/<uuid:user_id>/roles")
    @access(roles(*ADMINISTRATORS))
    @problems(404, 409)
    @bp.input(schemas.RolesProposal)
    @bp.output(schemas.RoleChangeView, status_code=201)
    @bp.doc(summary="提出角色变更")
    def propose_roles(user_id: UUID, json_data: dict[str, Any]) -> RoleChange:
        with deps.db.write() as session:
            return usecases.propose_roles(
                session, str(user_id), json_data["roles"], actor=principal(), reason=json_data["reason"],
                at=deps.clock.now(),
            )  # fmt: skip


def _add_decisions(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/role-changes")
    @access(roles(*ADMINISTRATORS, "auditor"))
    @bp.input(schemas.RoleChangeQuery, location="query")
    @bp.output(schemas.RoleChangePage)
    @bp.doc(summary="角色变更")
    def list_role_changes(query_data: dict[str, Any]) -> dict[str, Any]:
        cursor, limit = query_data["cursor"], query_data["limit"]
        after = last_id(cursor)
        with deps.db.read() as session:
            rows = queries.list_role_changes(session, state=query_data["state"], after=after, limit=limit + 1)
        shown, following = cut(rows, limit, lambda row: [row.id])
        return page(shown, following)

    @bp.post("/role-changes/<uuid:change_id>/decision")
    @access(roles(*ADMINISTRATORS))
    @problems(404, 409)
    @bp.input(schemas.RoleDecision)
    @bp.output(schemas.RoleChangeView)
    @bp.doc(summary="核准或不予核准角色变更（须由提出人、受益人以外的管理员办理）")
    def decide_role_change(change_id: UUID, json_data: dict[str, Any]) -> RoleChange:
        with deps.db.write() as session:
            return usecases.decide_role_change(
                session, str(change_id), approve=json_data["approve"], actor=principal(),
                at=deps.clock.now(), system_at=deps.clock.system_now(),
            )  # fmt: skip
