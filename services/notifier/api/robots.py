"""A department's chat robots. Everyone in it may see them; operators and administrators manage them."""

from typing import Any

from apiflask import APIBlueprint

from services.notifier.api import schemas
from services.notifier.api.schemas_scopes import scoped
from services.notifier.domain import ENDPOINT_KEEPERS
from services.notifier.models import Deps
from services.notifier.queries.robots import robot_of, robot_view, robots_of
from services.notifier.usecases import robots
from shared.web.access import access, principal, roles, signed_in
from shared.web.paging import page

KEEPERS = roles(*ENDPOINT_KEEPERS)


def add_routes(bp: APIBlueprint, deps: Deps) -> None:
    _add_list(bp, deps)
    _add_one(bp, deps)


def _add_list(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/robots")
    @access(signed_in())
    @bp.output(schemas.RobotPage)
    @bp.doc(summary="本部门的群机器人")
    def list_robots() -> dict[str, Any]:
        with deps.db.read() as session:
            return page([robot_view(each) for each in robots_of(session, principal())], None)

    @bp.post("/robots")
    @access(KEEPERS)
    @bp.input(schemas.RobotIn)
    @bp.output(schemas.RobotOut, status_code=201)
    @bp.doc(summary="新增群机器人（地址与密钥加密保存，不再显示）")
    def create_robot(json_data: dict[str, Any]) -> dict[str, Any]:
        with deps.db.write() as session:
            made = robots.add_robot(
                session,
                deps.keyring,
                robots.Plan(**scoped(json_data)),
                hosts=deps.robot_hosts,
                actor=principal(),
                at=deps.clock.system_now(),
            )
            return robot_view(made)


def _add_one(bp: APIBlueprint, deps: Deps) -> None:
    @bp.patch("/robots/<robot_id>")
    @access(KEEPERS)
    @bp.input(schemas.RobotChangeIn)
    @bp.output(schemas.RobotOut)
    @bp.doc(summary="修改、停用或启用群机器人")
    def change_robot(robot_id: str, json_data: dict[str, Any]) -> dict[str, Any]:
        version = json_data.pop("version")
        with deps.db.write() as session:
            found = robot_of(session, principal(), robot_id)
            robots.change_robot(
                session,
                deps.keyring,
                found,
                robots.RobotChange(**scoped(json_data)),
                version=version,
                hosts=deps.robot_hosts,
                at=deps.clock.system_now(),
            )
            return robot_view(found)

    @bp.delete("/robots/<robot_id>")
    @access(KEEPERS)
    @bp.output({}, status_code=204)
    @bp.doc(summary="删除群机器人")
    def delete_robot(robot_id: str) -> str:
        with deps.db.write() as session:
            robots.remove_robot(session, robot_of(session, principal(), robot_id))
        return ""

    @bp.post("/robots/<robot_id>/test")
    @access(KEEPERS)
    @bp.output(schemas.QueuedOut, status_code=202)
    @bp.doc(summary="发送测试消息")
    def try_robot(robot_id: str) -> dict[str, Any]:
        with deps.db.write() as session:
            found, now = robot_of(session, principal(), robot_id), deps.clock.system_now()
            return {"delivery_id": robots.try_robot(session, found, actor=principal(), at=now)}
