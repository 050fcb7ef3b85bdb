"""What is done to a department: renamed, or handed over to its successor with everything it holds."""

from typing import Any
from uuid import UUID

from apiflask import APIBlueprint
from flask import Response, redirect, request
from sqlalchemy import func, select
from werkzeug.wrappers import Response as AnyResponse

from services.blacklist.cases.models import Case
from services.blacklist.identity import queries, schemas, usecases
from services.blacklist.identity.api.departments import FollowTransfer
from services.blacklist.store import Deps
from services.blacklist.web.administration.asking import SYSTEM, secret_page, wrong
from services.blacklist.web.administration.departments import LABELS, PLACE
from services.blacklist.web.options import department_options
from shared.errors import DomainError
from shared.web.access import access, principal
from shared.web.forms import load_form, read_form


def add_routes(made: APIBlueprint, deps: Deps, follow_transfer: FollowTransfer | None) -> None:
    _renaming(made, deps)
    _transfer(made, deps, follow_transfer)


def _renaming(made: APIBlueprint, deps: Deps) -> None:
    @made.get(f"{PLACE}/<uuid:department_id>/rename")
    @access(SYSTEM)
    def renaming_form(department_id: UUID) -> Response:
        return _form(deps, department_id, "rename", 200, None, {})

    @made.post(f"{PLACE}/<uuid:department_id>/rename")
    @access(SYSTEM)
    def rename(department_id: UUID) -> AnyResponse:
        values = {"email": None, **read_form(request.form)}
        try:
            given = load_form(schemas.DepartmentRenaming(), values)
            with deps.db.write() as session:
                usecases.rename_department(
                    session, str(department_id), actor=principal(), at=deps.clock.now(), **given
                )
        except DomainError as error:
            return _form(deps, department_id, "rename", int(error.kind), values, wrong(error))
        return redirect(f"{PLACE}/{department_id}?done=rename", 303)


def _transfer(made: APIBlueprint, deps: Deps, follow_transfer: FollowTransfer | None) -> None:
    @made.get(f"{PLACE}/<uuid:department_id>/transfer")
    @access(SYSTEM)
    def transfer_form(department_id: UUID) -> Response:
        return _form(deps, department_id, "transfer", 200, None, {})

    @made.post(f"{PLACE}/<uuid:department_id>/transfer")
    @access(SYSTEM)
    def transfer(department_id: UUID) -> AnyResponse:
        values, who, at = read_form(request.form), principal(), deps.clock.now()
        try:
            given = load_form(schemas.TransferRequest(), values)
            with deps.db.write() as session:
                moved = usecases.transfer_department(
                    session, str(department_id), str(given["successor_id"]), on=given["on"], actor=who, at=at,
                    system_at=deps.clock.system_now(),
                )  # fmt: skip
                if follow_transfer is not None:
                    follow_transfer(session, moved, who, at)
        except DomainError as error:
            return _form(deps, department_id, "transfer", int(error.kind), values, wrong(error))
        return redirect(f"{PLACE}/{department_id}?done=transfer", 303)


def _form(
    deps: Deps, department_id: UUID, step: str, status: int, values: dict[str, Any] | None,
    errors: dict[str, str],
) -> Response:  # fmt: skip
    """The step's form, with what would move; `values` None: as the department stands."""
    today = deps.clock.today()
    with deps.db.read() as session:
        office = queries.department(session, str(department_id))
        users, keys = queries.held_by(session, office.id)
        cases = select(func.count()).select_from(Case).where(Case.department_id == office.id)
        standing = {"name": office.name, "short_name": office.short_name, "email": office.email}
        return secret_page(
            f"department_{step}", status, office=office, users=users, keys=keys,
            cases=session.scalar(cases) or 0, errors=errors, labels=LABELS,
            offices=[each for each in department_options(session, today) if each[0] != office.id],
            values=values if values is not None else {**standing, "on": today},
        )  # fmt: skip
