"""The register's past for officials: an organisation, a day, and the purpose, which is recorded."""

from typing import Any

from apiflask import APIBlueprint
from flask import Response, request

from services.blacklist.register.schemas import PastQuery
from services.blacklist.register.usecases.remembering import look_back
from services.blacklist.store import Deps
from services.blacklist.web.desk import OFFICERS
from shared.errors import DomainError
from shared.web.access import access, principal
from shared.web.forms import load_form, read_form
from shared.web.pages import form_errors, render

LABELS = {"name": "名称", "uscc": "统一社会信用代码", "as_of": "日期", "purpose": "查看目的"}
STATES = {
    "public": "公示中",
    "hidden": "暂不公示",
    "suspended": "暂停公示",
    "shielded": "不予公示",
    "withheld": "不予公开",
    "removed": "已移出",
    "revoked": "已撤销",
    "expired": "公示期届满",
}


def add_routes(made: APIBlueprint, deps: Deps) -> None:
    @made.get("/register-past")
    @access(OFFICERS)
    def past_form() -> Response:
        return _page({}, {}, None)

    @made.post("/register-past")
    @access(OFFICERS)
    def look_into_past() -> Response:
        values = read_form(request.form)
        try:
            asked = load_form(PastQuery(), values)
            with deps.db.write() as session:
                found = look_back(
                    session,
                    name=asked["name"],
                    uscc=asked["uscc"],
                    on=asked["as_of"],
                    purpose=asked["purpose"],
                    actor=principal(),
                    at=deps.clock.now(),
                )
        except DomainError as error:
            return _page(values, form_errors(error), None, int(error.kind))
        return _page(values, {}, found)


def _page(
    values: dict[str, Any], errors: dict[str, str], found: list[dict[str, Any]] | None, status: int = 200
) -> Response:
    answer = render(
        "blacklist/register_past.html", status, values=values, errors=errors, found=found, labels=LABELS,
        states=STATES,
    )  # fmt: skip
    answer.headers["Cache-Control"] = "no-store"
    return answer
