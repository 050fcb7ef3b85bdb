"""A department's webhooks. Everyone in it may see them; operators and system administrators manage them."""

from typing import Any

from apiflask import APIBlueprint

from services.notifier.api import schemas
from services.notifier.api.schemas_scopes import scoped
from services.notifier.domain import ENDPOINT_KEEPERS
from services.notifier.models import Deps
from services.notifier.queries.endpoints import endpoint_of, endpoint_view, endpoints_of
from services.notifier.usecases import endpoints
from shared.web.access import access, principal, roles, signed_in
from shared.web.paging import page

KEEPERS = roles(*ENDPOINT_KEEPERS)


def add_routes(bp: APIBlueprint, deps: Deps) -> None:
    _add_reading(bp, deps)
    _add_making(bp, deps)
    _add_changing(bp, deps)
    _add_secret_and_test(bp, deps)


def _add_reading(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/webhooks")
    @access(signed_in())
    @bp.output(schemas.WebhookPage)
    @bp.doc(summary="本部门的 Webhook")
    def list_webhooks() -> dict[str, Any]:
        with deps.db.read() as session:
            return page([endpoint_view(session, each) for each in endpoints_of(session, principal())], None)

    @bp.get("/webhooks/<webhook_id>")
    @access(signed_in())
    @bp.output(schemas.WebhookOut)
    @bp.doc(summary="一个 Webhook")
    def get_webhook(webhook_id: str) -> dict[str, Any]:
        with deps.db.read() as session:
            return endpoint_view(session, endpoint_of(session, principal(), webhook_id))


def _add_making(bp: APIBlueprint, deps: Deps) -> None:
    @bp.post("/webhooks")
    @access(KEEPERS)
    @bp.input(schemas.WebhookIn)
    @bp.output(schemas.WebhookMadeOut, status_code=201)
    @bp.doc(summary="新增 Webhook（密钥仅此一次显示）")
    def create_webhook(json_data: dict[str, Any]) -> dict[str, Any]:
        with deps.db.write() as session:
            made, secret = endpoints.add_endpoint(
                session,
                deps.keyring,
                endpoints.Change(**scoped(json_data)),
                allowed_hosts=deps.allowed_hosts,
                actor=principal(),
                at=deps.clock.system_now(),
            )
            return {**endpoint_view(session, made), "secret": secret}


def _add_changing(bp: APIBlueprint, deps: Deps) -> None:
    @bp.patch("/webhooks/<webhook_id>")
    @access(KEEPERS)
    @bp.input(schemas.WebhookChangeIn)
    @bp.output(schemas.WebhookOut)
    @bp.doc(summary="修改、停用或启用 Webhook")
    def change_webhook(webhook_id: str, json_data: dict[str, Any]) -> dict[str, Any]:
        version = json_data.pop("version")
        with deps.db.write() as session:
            found = endpoint_of(session, principal(), webhook_id)
            endpoints.change_endpoint(
                session,
                found,
                endpoints.Change(**scoped(json_data)),
                version=version,
                allowed_hosts=deps.allowed_hosts,
                at=deps.clock.system_now(),
            )
            return endpoint_view(session, found)

    @bp.delete("/webhooks/<webhook_id>")
    @access(KEEPERS)
    @bp.output({}, status_code=204)
    @bp.doc(summary="删除 Webhook")
    def delete_webhook(webhook_id: str) -> str:
        with deps.db.write() as session:
            endpoints.remove_endpoint(session, endpoint_of(session, principal(), webhook_id))
        return ""


def _add_secret_and_test(bp: APIBlueprint, deps: Deps) -> None:
    @bp.post("/webhooks/<webhook_id>/secret")
    @access(KEEPERS)
    @bp.input(schemas.VersionIn)
    @bp.output(schemas.WebhookMadeOut)
    @bp.doc(summary="更换签名密钥（旧密钥继续有效一天）")
    def rotate_webhook_secret(webhook_id: str, json_data: dict[str, Any]) -> dict[str, Any]:
        with deps.db.write() as session:
            found, now = endpoint_of(session, principal(), webhook_id), deps.clock.system_now()
            secret = endpoints.rotate_secret(
                session, deps.keyring, found, version=json_data["version"], at=now
            )
            return {**endpoint_view(session, found), "secret": secret}

    @bp.post("/webhooks/<webhook_id>/test")
    @access(KEEPERS)
    @bp.output(schemas.QueuedOut, status_code=202)
    @bp.doc(summary="发送测试消息")
    def try_webhook(webhook_id: str) -> dict[str, Any]:
        with deps.db.write() as session:
            found = endpoint_of(session, principal(), webhook_id)
            now = deps.clock.system_now()
            return {"delivery_id": endpoints.try_endpoint(session, found, actor=principal(), at=now)}
