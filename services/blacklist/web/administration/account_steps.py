"""What is done to an account: roles proposed, its last day set, disabled, enabled, a new password."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from apiflask import APIBlueprint
from flask import Response, redirect, request
from marshmallow import Schema
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from services.blacklist.identity import queries, schemas, usecases
from services.blacklist.identity.domain import ROLES
from services.blacklist.store import Deps
from services.blacklist.web.administration.asking import BOTH, SYSTEM, secret_page, wrong
from services.blacklist.web.administration.users import PLACE, account_page
from shared.errors import DomainError, NotFound
from shared.web.access import access, principal
from shared.web.forms import load_form, read_form

LABELS = {"roles": "角色", "reason": "理由", "valid_until": "有效期至"}
TITLES = {"roles": "提出角色变更", "validity": "设定账号有效期", "disable": "停用账号"}
Act = Callable[[Session, dict[str, Any]], object]


def add_routes(made: APIBlueprint, deps: Deps) -> None:
    _roles(made, deps)
    _validity(made, deps)
    _disabling(made, deps)
    _at_once(made, deps)


def _form(
    deps: Deps, user_id: UUID, step: str, status: int, values: dict[str, Any], errors: dict[str, str]
) -> Response:
    with deps.db.read() as session:
        account = queries.user(session, str(user_id))
        held = sorted(queries.roles_of(session, account.id))
        values = {"roles": held, "valid_until": account.valid_until, **values}
        return secret_page(
            "account_step", status, account=account, step=step, title=TITLES[step], roles=ROLES,
            values=values, errors=errors, labels=LABELS,
        )  # fmt: skip


def _take(
    deps: Deps, user_id: UUID, step: str, schema: Schema, values: dict[str, Any], act: Act
) -> AnyResponse:
    """The step by its form; the form again with what is wrong."""
    try:
        given = load_form(schema, values)
        with deps.db.write() as session:
            act(session, given)
    except NotFound:
        raise
    except DomainError as error:
        return _form(deps, user_id, step, int(error.kind), values, wrong(error))
    return redirect(f"{PLACE}/{user_id}?done={step}", 303)


def _roles(made: APIBlueprint, deps: Deps) -> None:
    @made.get(f"{PLACE}/<uuid:user_id>/roles")
    @access(BOTH)
    def roles_form(user_id: UUID) -> Response:
        return _form(deps, user_id, "roles", 200, {}, {})

    @made.post(f"{PLACE}/<uuid:user_id>/roles")
    @access(BOTH)
    def propose_user_roles(user_id: UUID) -> AnyResponse:
        def act(session: Session, given: dict[str, Any]) -> object:
            return usecases.propose_roles(
                session, str(user_id), given["roles"], actor=principal(), reason=given["reason"],
                at=deps.clock.now(),
            )  # fmt: skip

        values = {"roles": [], **read_form(request.form, lists=("roles",))}
        return _take(deps, user_id, "roles", schemas.RolesProposal(), values, act)


def _validity(made: APIBlueprint, deps: Deps) -> None:
    @made.get(f"{PLACE}/<uuid:user_id>/validity")
    @access(SYSTEM)
    def validity_form(user_id: UUID) -> Response:
        return _form(deps, user_id, "validity", 200, {}, {})

    @made.post(f"{PLACE}/<uuid:user_id>/validity")
    @access(SYSTEM)
    def limit_user(user_id: UUID) -> AnyResponse:
        def act(session: Session, given: dict[str, Any]) -> object:
            return usecases.limit_account(
                session, str(user_id), given["valid_until"], actor=principal(), reason=given["reason"],
                at=deps.clock.now(), system_at=deps.clock.system_now(),
            )  # fmt: skip

        values = {"valid_until": None, **read_form(request.form)}
        return _take(deps, user_id, "validity", schemas.Validity(), values, act)


def _disabling(made: APIBlueprint, deps: Deps) -> None:
    @made.get(f"{PLACE}/<uuid:user_id>/disable")
    @access(BOTH)
    def disabling_form(user_id: UUID) -> Response:
        return _form(deps, user_id, "disable", 200, {}, {})

    @made.post(f"{PLACE}/<uuid:user_id>/disable")
    @access(BOTH)
    def disable_account(user_id: UUID) -> AnyResponse:
        def act(session: Session, given: dict[str, Any]) -> object:
            return usecases.disable_user(
                session, str(user_id), actor=principal(), reason=given["reason"], at=deps.clock.now(),
                system_at=deps.clock.system_now(),
            )  # fmt: skip

        return _take(deps, user_id, "disable", schemas.ReasonGiven(), read_form(request.form), act)


def _at_once(made: APIBlueprint, deps: Deps) -> None:
    @made.post(f"{PLACE}/<uuid:user_id>/enable")
    @access(SYSTEM)
    def enable_account(user_id: UUID) -> AnyResponse:
        with deps.db.write() as session:
            usecases.enable_user(session, str(user_id), actor=principal(), at=deps.clock.now())
        return redirect(f"{PLACE}/{user_id}?done=enable", 303)

    @made.post(f"{PLACE}/<uuid:user_id>/password-reset")
    @access(SYSTEM)
    def reset_account_password(user_id: UUID) -> Response:
        with deps.db.write() as session:
            fresh = usecases.reset_password(
                session, str(user_id), actor=principal(), at=deps.clock.now(),
                system_at=deps.clock.system_now(),
            )  # fmt: skip
        return account_page(deps, str(user_id), password=fresh.password)
