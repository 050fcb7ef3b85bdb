"""How a form states and shows what a receiver or a route is narrowed to."""

import re
from typing import Any

from flask import request

from services.notifier.domain import SEVERITIES, SEVERITY_NAMES
from services.notifier.routing.enforcement import FIELDS
from services.notifier.routing.scopes import LIST_CODE, MOST_EACH, Scope
from shared.errors import DomainError, FieldError, Invalid
from shared.web.pages import form_errors

LABELS = {
    "event_types": "消息类型", "domains": "领域", "regions": "地区", "lists": "名单", "severities": "程度",
}  # fmt: skip


def read_scope() -> Scope:
    """What the form says; regions and lists are codes with spaces or commas between them."""
    scope = Scope(
        domains=tuple(request.form.getlist("domains")),
        regions=_codes("regions"),
        lists=_codes("lists"),
        severities=tuple(request.form.getlist("severities")),
    )
    if not all(re.fullmatch(LIST_CODE, each) for each in scope.lists):
        wrong = FieldError("/scope/lists", "应为名单代码，小写字母、数字和连字符。")
        raise Invalid("notice-scope", "范围有误", fields=[wrong])
    return scope


def _codes(name: str) -> tuple[str, ...]:
    found = request.form.get(name, "").replace("，", " ").replace(",", " ").split()
    if len(found) > MOST_EACH:
        raise Invalid("notice-scope", "范围有误", fields=[FieldError(f"/scope/{name}", "最多五十项。")])
    return tuple(found)


def receiver_errors(error: DomainError) -> dict[str, str]:
    """By field of the form: what is wrong with one of several values stands at their field."""
    flat: dict[str, str] = {}
    for name, told in form_errors(error).items():
        parts = name.split(".")
        flat.setdefault(parts[1] if parts[0] == "scope" and len(parts) > 1 else parts[0], told)
    return flat


def scope_form(scope: Scope | None = None) -> dict[str, Any]:
    """For the template: as stated in this form, or as kept."""
    if scope is None:
        given = request.form
        chosen = {name: given.getlist(name) for name in ("domains", "severities")}
        typed = {name: given.get(name, "") for name in ("regions", "lists")}
    else:
        chosen = {"domains": list(scope.domains), "severities": list(scope.severities)}
        typed = {"regions": " ".join(scope.regions), "lists": " ".join(scope.lists)}
    return {
        **chosen,
        **typed,
        "fields": list(FIELDS.items()),
        "degrees": [(each, SEVERITY_NAMES[each]) for each in SEVERITIES],
    }
