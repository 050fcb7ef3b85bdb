"""Data users over HTTP: registered by operators, acknowledging their cursor by key, and the public board."""

from typing import Any
from uuid import UUID

from apiflask import APIBlueprint

from services.blacklist.store import Deps
from services.blacklist.syndication import schemas
from services.blacklist.syndication.domain.following import SCOPE
from services.blacklist.syndication.models import DataUser
from services.blacklist.syndication.queries import data_users as queries
from services.blacklist.syndication.usecases import registering
from services.blacklist.syndication.usecases.following import acknowledge
from shared.web.access import access, principal, public, roles, scope
from shared.web.problem import problems

OPERATORS = roles("operator", "system-admin")
PRIVATE = {"Cache-Control": "no-store"}


def add_routes(bp: APIBlueprint, deps: Deps) -> None:
    _add_registering(bp, deps)
    _add_keeping(bp, deps)
    _add_own(bp, deps)


def board(deps: Deps) -> dict[str, Any]:
    """Everybody registered and how they stand."""
    now, hours = deps.clock.now(), deps.data_user_hours
    with deps.db.read() as session:
        items = [queries.board_line(user, now, hours) for user in queries.registered(session)]
    return {"items": items, "overdue_after_hours": hours, "at": now}


def whole_view(deps: Deps, user: DataUser) -> dict[str, Any]:
    """A data user as the operators see it."""
    line = queries.own_line(user, deps.clock.now(), deps.data_user_hours)
    return line | {"contact": registering.contact_of(deps.keyring, user)}


def add_board(bp: APIBlueprint, deps: Deps) -> None:
    """The public board, wherever it can be read."""

    @bp.get("/api/v1/data-users")
    @access(public())
    @bp.output(schemas.Board)
    @bp.doc(summary="数据使用方处理移出信息的情况（只有数量和时间，没有具体记录）")
    def data_user_board() -> dict[str, Any]:
        return board(deps)


def _add_registering(bp: APIBlueprint, deps: Deps) -> None:
    @bp.post("/api/v1/data-users")
    @access(OPERATORS)
    @bp.input(schemas.DataUserIn)
    @bp.output(schemas.DataUserMade, 201)
    @bp.doc(summary="登记数据使用方，签发密钥（只显示一次）")
    def register_data_user(json_data: dict[str, Any]) -> Any:
        with deps.db.write() as session:
            user, key = registering.register_data_user(
                session, deps, registering.Wish(**json_data), principal()
            )
            return whole_view(deps, user) | {"key": key}, 201, PRIVATE


def _add_keeping(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/api/v1/data-users/<uuid:user_id>")
    @access(OPERATORS)
    @bp.output(schemas.DataUserOut)
    @bp.doc(summary="一个数据使用方，含联系人")
    def get_data_user(user_id: UUID) -> Any:
        with deps.db.read() as session:
            return whole_view(deps, queries.find_data_user(session, str(user_id))), 200, PRIVATE

    @bp.post("/api/v1/data-users/<uuid:user_id>/key")
    @access(OPERATORS)
    @bp.output(schemas.DataUserMade, 201)
    @bp.doc(summary="换发密钥，原密钥立即失效")
    def renew_data_user_key(user_id: UUID) -> Any:
        with deps.db.write() as session:
            user, key = registering.renew_key(session, deps, str(user_id), principal())
            return whole_view(deps, user) | {"key": key}, 201, PRIVATE

    @bp.delete("/api/v1/data-users/<uuid:user_id>")
    @access(OPERATORS)
    @bp.output({}, 204)
    @bp.doc(summary="结束登记，密钥立即失效，不再列在公开栏")
    def end_data_user(user_id: UUID) -> tuple[str, int]:
        with deps.db.write() as session:
            registering.end_registration(session, deps, str(user_id), principal())
        return "", 204


def _add_own(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/api/v1/data-users/me")
    @access(scope(SCOPE))
    @problems(404)
    @bp.output(schemas.OwnLine)
    @bp.doc(summary="本单位的游标和未处理的移出信息")
    def own_standing() -> Any:
        with deps.db.read() as session:
            user = queries.find_data_user(session, principal().user_id)
            return queries.own_line(user, deps.clock.now(), deps.data_user_hours), 200, PRIVATE

    @bp.post("/api/v1/data-users/me/cursor")
    @access(scope(SCOPE))
    @problems(404, 409)
    @bp.input(schemas.CursorIn)
    @bp.output(schemas.OwnLine)
    @bp.doc(summary="确认已经处理到变更流的这个位置；只能向前")
    def acknowledge_cursor(json_data: dict[str, Any]) -> Any:
        at = deps.clock.now()
        with deps.db.write() as session:
            user = acknowledge(session, principal().user_id, json_data["position"], at)
            return queries.own_line(user, at, deps.data_user_hours), 200, PRIVATE
