"""API keys of departments' systems: the list, a new one whose secret is shown once, revocation."""

from typing import Any
from uuid import UUID

from apiflask import APIBlueprint
from flask import Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from services.blacklist.identity import queries, schemas, usecases
from services.blacklist.identity.domain import SCOPES
from services.blacklist.store import Deps
from services.blacklist.web.administration.asking import (
    PER_PAGE,
    SECURITY,
    asked,
    asked_id,
    office_form,
    paged,
    secret_page,
    wrong,
)
from services.blacklist.web.options import department_options
from shared.errors import DomainError
from shared.web.access import access, principal, roles
from shared.web.forms import load_form, read_form
from shared.web.listing import last_seen

PLACE = "/admin/api-keys"
KEY_READERS = roles("auditor", "security-admin")
LABELS = {
    "name": "名称",
    "department_id": "部门",
    "scopes": "接口权限",
    "addresses": "允许的地址",
    "expires_at": "有效期至",
}


def add_routes(made: APIBlueprint, deps: Deps) -> None:
    _reading(made, deps)
    _issuing(made, deps)
    _revoking(made, deps)


def _reading(made: APIBlueprint, deps: Deps) -> None:
    @made.get(PLACE)
    @access(KEY_READERS)
    def api_keys() -> Response:
        return _list(deps)


def _list(deps: Deps, **more: Any) -> Response:
    department = asked_id("department")
    with deps.db.read() as session:
        found = queries.list_api_keys(
            session, department_id=department, after=last_seen(), limit=PER_PAGE + 1
        )
        page = paged(found, lambda key: key.id)
        offices = department_options(session, deps.clock.today())
        return secret_page(
            "api_keys", **page, offices=offices, names=dict(offices), scopes=SCOPES, department=department,
            now=deps.clock.system_now(), done=asked("done"), **more,
        )  # fmt: skip


def _issuing(made: APIBlueprint, deps: Deps) -> None:
    @made.get(f"{PLACE}/new")
    @access(SECURITY)
    def new_api_key() -> Response:
        return _form(deps, 200, {}, {})

    @made.post(f"{PLACE}/new")
    @access(SECURITY)
    def issue_key() -> Response:
        values = read_form(request.form, lists=("scopes",))
        try:
            given = load_form(schemas.ApiKeyFiling(), _shaped(values))
            department = str(given.pop("department_id"))
            with deps.db.write() as session:
                issued = usecases.issue_api_key(
                    session, actor=principal(), department_id=department, at=deps.clock.system_now(), **given
                )
                name = issued.key.name
        except DomainError as error:
            return _form(deps, int(error.kind), values, wrong(error))
        return _list(deps, presented=issued.presented, name=name)


def _shaped(values: dict[str, Any]) -> dict[str, Any]:
    """Addresses one a line; a last day means until it is over in Beijing."""
    shaped = dict(values)
    if isinstance(values.get("addresses"), str):
        shaped["addresses"] = values["addresses"].split()
    if isinstance(values.get("expires_at"), str):
        shaped["expires_at"] = f"{values['expires_at']}T23:59:59+08:00"
    return shaped


def _form(deps: Deps, status: int, values: dict[str, Any], errors: dict[str, str]) -> Response:
    return office_form(deps, "api_key_new", status, values, errors, scopes=SCOPES, labels=LABELS)


def _revoking(made: APIBlueprint, deps: Deps) -> None:
    @made.post(f"{PLACE}/<uuid:key_id>/revocation")
    @access(SECURITY)
    def revoke_key(key_id: UUID) -> AnyResponse:
        with deps.db.write() as session:
            usecases.revoke_api_key(session, str(key_id), actor=principal(), at=deps.clock.system_now())
        return redirect(f"{PLACE}?done=revoked", 303)
