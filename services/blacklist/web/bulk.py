"""Bulk acts (批量办理): one action on all cases of a filter that it may be taken on; each stands or falls
alone, and what is refused says why."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from apiflask import APIBlueprint
from flask import Response, request
from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session

from services.blacklist.cases.domain.table import Transition, rows_named
from services.blacklist.cases.models import Case
from services.blacklist.cases.queries.finding import CaseFilter, narrowed
from services.blacklist.cases.schemas import BulkIn
from services.blacklist.cases.usecases.bulk import RowOutcome, take_many
from services.blacklist.cases.usecases.reading import persons_of, trace_list
from services.blacklist.rules.queries import all_lists
from services.blacklist.store import Deps
from services.blacklist.web.desk import case_filter, filter_query
from services.blacklist.web.steps import INPUTS, Input
from shared.errors import Conflict, DomainError, FieldError, Invalid
from shared.web.access import Principal, access, principal, roles
from shared.web.forms import load_form
from shared.web.pages import form_errors, render

ACTIONS = ("submit", "confirm_decision", "publish", "return_for_revision", "withdraw")
"""What is sensibly done to many cases alike."""
ASKED = ("served_on", "severity", "necessity", "reason")
MOST = 2000
LISTED = 100
OFFICERS = roles("clerk", "reviewer", "decider")


@dataclass(frozen=True)
class Choice:
    """An action one's role may take, and how many cases of the filter stand where it starts."""

    action: str
    title: str
    count: int
    inputs: tuple[tuple[str, Input, bool], ...]


def add_routes(made: APIBlueprint, deps: Deps) -> None:
    @made.get("/cases/bulk")
    @access(OFFICERS)
    def bulk_form() -> Response:
        return _page(deps, 200, request.args, {})

    @made.post("/cases/bulk")
    @access(OFFICERS)
    def bulk_act() -> Response:
        try:
            return _done(deps, *_taken(deps))
        except DomainError as error:
            return _page(deps, int(error.kind), request.form, form_errors(error))


def _page(deps: Deps, status: int, values: Mapping[str, str], errors: dict[str, str]) -> Response:
    with deps.db.read() as session:
        choices = _choices(session, principal(), case_filter(values))
    return render(
        "blacklist/bulk.html",
        status,
        choices=[choice for choice in choices if choice.count],
        values=values,
        errors=errors,
        most=MOST,
        lists={rule.code: rule.name for rule in all_lists(deps.clock.today())},
        query=filter_query(values),
    )


def _choices(session: Session, who: Principal, wanted: CaseFilter) -> list[Choice]:
    groups = narrowed(
        select(Case.procedure, Case.state, func.count()).where(Case.department_id == who.department_id),
        wanted,
    ).group_by(Case.procedure, Case.state)
    counts = {(row[0], row[1]): row[2] for row in session.execute(groups)}
    return [_choice(action, counts) for action in ACTIONS if who.has(*rows_named(action)[0].roles)]


def _choice(action: str, counts: Mapping[tuple[str, str], int]) -> Choice:
    rows = rows_named(action)
    count = sum(counts.get(start, 0) for start in _starts(rows))
    inputs = tuple(
        (name, INPUTS[name], name in rows[0].required)
        for name in ASKED
        if name in (*rows[0].required, *rows[0].optional)
    )
    return Choice(action, rows[0].title, count, inputs)


def _starts(rows: tuple[Transition, ...]) -> set[tuple[str, str]]:
    return {(procedure, state) for row in rows for procedure in row.procedures for state in row.sources}


def _taken(deps: Deps) -> tuple[str, list[RowOutcome], int]:
    """The action, the outcomes, and how many cases are left for another time."""
    action = request.form.get("action", "")
    if action not in ACTIONS:
        raise Invalid("validation-failed", "请选择事项", fields=[FieldError("/action", "请选择要办理的事项")])
    with deps.db.read() as session:
        own = Case.department_id == principal().department_id
        wanted = narrowed(select(Case.id, Case.version).where(own), case_filter(request.form))
        starts = tuple_(Case.procedure, Case.state).in_(_starts(rows_named(action)))
        items = [(row[0], row[1]) for row in session.execute(wanted.where(starts).order_by(Case.id))]
    if str(len(items)) != request.form.get(f"count.{action}"):
        raise Conflict(
            "version-conflict", "案件已有变化", f"现在可以办理的有{len(items)}件，请核对后重新提交。"
        )
    if not items:
        raise Invalid("validation-failed", "没有案件", fields=[FieldError("/action", "没有可以办理的案件")])
    chosen = items[:MOST]
    given = {name: request.form[name] for name in ASKED if request.form.get(name, "").strip()}
    row = rows_named(action)[0]
    given = {name: text for name, text in given.items() if name in (*row.required, *row.optional)}
    if missing := [name for name in row.required if name not in given]:
        raise Invalid(
            "validation-failed",
            "请补充必填内容",
            fields=[FieldError(f"/{name}", "必填，请补充") for name in missing],
        )
    body = {"action": action, "items": [{"id": each[0], "version": each[1]} for each in chosen]}
    loaded = load_form(BulkIn(), {**body, **given})
    inputs = {name: value for name, value in loaded.items() if name not in ("action", "items", "version")}
    outcomes = take_many(deps, action, chosen, inputs, actor=principal(), at=deps.clock.now())
    return action, outcomes, len(items) - len(chosen)


def _done(deps: Deps, action: str, outcomes: list[RowOutcome], left: int) -> Response:
    refused = [each for each in outcomes if each.refused is not None]
    with deps.db.read() as session:
        ids = [each.case_id for each in refused[:LISTED]]
        wanted = select(Case.id, Case.subject_type, Case.subject_name, Case.document_number)
        found = session.execute(wanted.where(Case.id.in_(ids))).all()
    names = {row.id: (row.subject_name, row.document_number) for row in found}
    trace_list(deps, principal(), "bulk", persons_of((row.id, row.subject_type) for row in found))
    shown: list[dict[str, Any]] = [
        {"id": each.case_id, "names": names.get(each.case_id, ("", "")), "why": _why(each.refused)}
        for each in refused[:LISTED]
    ]
    return render(
        "blacklist/bulk_done.html",
        title=rows_named(action)[0].title,
        done=len(outcomes) - len(refused),
        refused=len(refused),
        shown=shown,
        left=left,
        query=filter_query(request.form),
    )


def _why(refused: DomainError | None) -> str:
    if refused is None:
        return ""
    told = [each.message for each in refused.fields]
    return "；".join(told) or "：".join(filter(None, (refused.title, refused.detail)))
