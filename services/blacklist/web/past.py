"""The register's past for officials: whom, a day, and the purpose, which is recorded.

A person's name and number come by POST alone, and the page that answers does not say the number again.
"""

from typing import Any

from apiflask import APIBlueprint
from flask import Response, request

from services.blacklist.register.schemas import PastPersonQuery, PastQuery
from services.blacklist.register.usecases.remembering import look_back, look_back_at_person
from services.blacklist.store import Deps
from services.blacklist.web.desk import OFFICERS
from shared.errors import DomainError
from shared.web.access import access, principal
from shared.web.forms import load_form, read_form
from shared.web.pages import form_errors, render
from shared.web.problem import problems

LABELS = {"name": "名称", "uscc": "统一社会信用代码", "as_of": "日期", "purpose": "查看目的"}
PERSON_LABELS = {
    "name": "姓名",
    "id_number": "证件号码",
    "id_tail": "证件号码后四至八位",
    "as_of": "日期",
    "purpose": "查看目的",
}
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

    @made.get("/register-past/persons")
    @access(OFFICERS)
    def past_of_person_form() -> Response:
        return _page({}, {}, None, person=True)

    @made.post("/register-past/persons")
    @access(OFFICERS)
    @problems(429)
    def look_into_past_of_person() -> Response:
        values = read_form(request.form)
        try:
            found = look_back_at_person(deps, load_form(PastPersonQuery(), values), principal())
        except DomainError as error:
            return _page(values, form_errors(error), None, int(error.kind), person=True)
        return _page(values, {}, found, person=True)


def _page(
    values: dict[str, Any],
    errors: dict[str, str],
    found: list[dict[str, Any]] | None,
    status: int = 200,
    *,
    person: bool = False,
) -> Response:
    answer = render(
        "blacklist/register_past.html", status, values=values, errors=errors, found=found,
        labels=PERSON_LABELS if person else LABELS, states=STATES, person=person,
    )  # fmt: skip
    answer.headers["Cache-Control"] = "no-store"
    return answer
