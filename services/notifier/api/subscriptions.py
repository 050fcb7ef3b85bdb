"""Who hears what, and the officer's own choices about mail."""

from typing import Any

from apiflask import APIBlueprint

from services.notifier.api import schemas
from services.notifier.models import Deps
from services.notifier.queries.subscriptions import subscriptions
from services.notifier.usecases import phones, reading
from shared.web.access import access, principal, signed_in
from shared.web.paging import page


def add_routes(bp: APIBlueprint, deps: Deps) -> None:
    _add_subscriptions(bp, deps)
    _add_phone(bp, deps)


def _add_phone(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/phone")
    @access(signed_in())
    @bp.output(schemas.PhoneOut)
    @bp.doc(summary="本人接收紧急短信的手机号码")
    def get_phone() -> dict[str, Any]:
        with deps.db.read() as session:
            return {"number": phones.shown_phone(session, deps.keyring, principal().user_id)}

    @bp.put("/phone")
    @access(signed_in())
    @bp.input(schemas.PhoneIn)
    @bp.output(schemas.PhoneOut)
    @bp.doc(summary="登记或撤回本人的手机号码（加密保存）")
    def put_phone(json_data: dict[str, Any]) -> dict[str, Any]:
        with deps.db.write() as session:
            number, now = json_data["number"].strip(), deps.clock.system_now()
            phones.state_phone(session, deps.keyring, number, actor=principal(), at=now)
            session.flush()
            return {"number": phones.shown_phone(session, deps.keyring, principal().user_id)}


def _add_subscriptions(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/subscriptions")
    @access(signed_in())
    @bp.output(schemas.SubscriptionPage)
    @bp.doc(summary="谁收到什么")
    def list_subscriptions() -> dict[str, Any]:
        with deps.db.read() as session:
            return page(subscriptions(session, principal()), None)

    @bp.put("/subscriptions/<event>")
    @access(signed_in())
    @bp.input(schemas.ChoiceIn)
    @bp.output(schemas.SubscriptionOut)
    @bp.doc(summary="设置本人是否收取某类消息的邮件")
    def choose_subscription(event: str, json_data: dict[str, Any]) -> dict[str, Any]:
        with deps.db.write() as session:
            reading.choose(session, event, json_data.pop("channel"), **json_data, actor=principal())
            session.flush()
            return next(view for view in subscriptions(session, principal()) if view["event"] == event)
