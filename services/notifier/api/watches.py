"""Asking for mails about an organisation; open to anyone, answered alike whatever is known."""

from typing import Any

from apiflask import APIBlueprint
from apiflask.fields import String
from flask import request
from marshmallow import validate

from services.notifier.domain import MAIL_ADDRESS
from services.notifier.models import Deps
from services.notifier.usecases.watch_asking import LONGEST_ADDRESS, ask
from services.notifier.usecases.watching import Wish
from shared.web.access import access, public
from shared.web.problem import problems
from shared.web.schemas import Schema, UsccField

ASKED = "如果该邮箱可以接收，确认邮件将在几分钟内送达。请在四十八小时内打开邮件中的链接确认。"


class WatchIn(Schema):
    uscc = UsccField(required=True, metadata={"description": "所关注单位的统一社会信用代码"})
    email = String(
        required=True,
        validate=[
            validate.Length(max=LONGEST_ADDRESS),
            validate.Regexp(f"^(?:{MAIL_ADDRESS})\\Z", error="应为电子邮箱地址。"),
        ],
    )


class WatchAskedOut(Schema):
    message = String(required=True, metadata={"description": "对任何邮箱都相同"})


def add_routes(bp: APIBlueprint, deps: Deps) -> None:
    @bp.post("/watches")
    @access(public())
    @problems(409, 429)
    @bp.input(WatchIn)
    @bp.output(WatchAskedOut, status_code=202)
    @bp.doc(summary="申请名单变动提醒（须在邮件中确认）")
    def ask_for_watch(json_data: dict[str, Any]) -> dict[str, Any]:
        ask(deps, Wish(**json_data, network=request.remote_addr or ""))
        return {"message": ASKED}
