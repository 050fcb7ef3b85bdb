"""Data users: the public board of who is behind with removals, and the operators' page of registrations."""

from typing import Any

from apiflask import APIBlueprint
from flask import Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from services.blacklist.store import Deps
from services.blacklist.syndication.api.data_users import OPERATORS, board, whole_view
from services.blacklist.syndication.domain.following import KINDS, STATES
from services.blacklist.syndication.queries.data_users import registered
from services.blacklist.syndication.schemas import DataUserIn
from services.blacklist.syndication.usecases import registering
from shared.errors import DomainError
from shared.web.access import access, principal, public
from shared.web.forms import load_form, read_form
from shared.web.pages import form_errors, render
from shared.web.problem import problems

PLACE = "/admin/data-users"
LABELS = {"name": "单位名称", "kind": "类别", "contact": "联系人和联系方式"}


def add_routes(made: APIBlueprint, deps: Deps) -> None:
    add_board(made, deps)
    _registering(made, deps)
    _keeping(made, deps)


def add_board(made: APIBlueprint, deps: Deps) -> None:
    """The public board, wherever it can be read."""

    @made.get("/data-users")
    @access(public())
    def data_users() -> Response:
        answer = render("blacklist/data_users.html", board=board(deps), kinds=KINDS, states=STATES)
        answer.headers["Cache-Control"] = "no-cache"
        return answer


def _registering(made: APIBlueprint, deps: Deps) -> None:
    @made.get(PLACE)
    @access(OPERATORS)
    def data_user_desk() -> Response:
        return _page(deps)

    @made.post(PLACE)
    @access(OPERATORS)
    @problems(409)
    def enter_data_user() -> Response:
        values = read_form(request.form)
        try:
            wish = registering.Wish(**load_form(DataUserIn(), values))
            with deps.db.write() as session:
                user, key = registering.register_data_user(session, deps, wish, principal())
                name = user.name
        except DomainError as error:
            return _page(deps, int(error.kind), form_errors(error), values)
        return _page(deps, key=key, name=name)


def _keeping(made: APIBlueprint, deps: Deps) -> None:
    @made.post(f"{PLACE}/<uuid:user_id>/key")
    @access(OPERATORS)
    def renew_key_of_data_user(user_id: Any) -> Response:
        with deps.db.write() as session:
            user, key = registering.renew_key(session, deps, str(user_id), principal())
            name = user.name
        return _page(deps, key=key, name=name)

    @made.post(f"{PLACE}/<uuid:user_id>/ending")
    @access(OPERATORS)
    def end_data_user_registration(user_id: Any) -> AnyResponse:
        with deps.db.write() as session:
            registering.end_registration(session, deps, str(user_id), principal())
        return redirect(PLACE, 303)


def _page(
    deps: Deps,
    status: int = 200,
    errors: dict[str, str] | None = None,
    values: dict[str, Any] | None = None,
    *,
    key: str = "",
    name: str = "",
) -> Response:
    with deps.db.read() as session:
        rows = [whole_view(deps, user) for user in registered(session)]
    answer = render(
        "blacklist/data_user_desk.html", status, rows=rows, kinds=KINDS, states=STATES, labels=LABELS,
        errors=errors or {}, values=values or {}, key=key, name=name, hours=deps.data_user_hours,
    )  # fmt: skip
    answer.headers["Cache-Control"] = "no-store"
    return answer
