"""Transitions of one case and of many."""

from typing import Any

from apiflask import APIBlueprint

from services.blacklist.cases import queries, schemas
from services.blacklist.cases.usecases.bulk import RowOutcome, take_many
from services.blacklist.cases.usecases.transition import Order, take_step
from services.blacklist.store import Deps
from shared.errors import DomainError
from shared.web.access import access, principal, roles

OFFICERS = roles("clerk", "reviewer", "decider")


def add_routes(bp: APIBlueprint, deps: Deps) -> None:
    _add_one(bp, deps)
    _add_many(bp, deps)


def inputs_of(loaded: dict[str, Any]) -> dict[str, Any]:
    """The action's own fields; corrections as plain data."""
    inputs = {name: value for name, value in loaded.items() if name not in ("action", "version", "items")}
    if "changes" in inputs:
        inputs["changes"] = schemas.plain_filing(inputs["changes"])
    return inputs


def _add_one(bp: APIBlueprint, deps: Deps) -> None:
    @bp.post("/cases/<case_id>/transitions")
    @access(OFFICERS)
    @bp.input(schemas.TransitionIn)
    @bp.output(schemas.CaseOut)
    @bp.doc(summary="办理案件")
    def transition_case(case_id: str, json_data: dict[str, Any]) -> dict[str, Any]:
        order = Order(case_id, json_data["version"], json_data["action"], inputs_of(json_data))
        with deps.db.write() as session:
            case = take_step(session, deps, order, actor=principal(), at=deps.clock.now())
            return queries.case_view(session, case, principal(), deps.clock.today())


def _add_many(bp: APIBlueprint, deps: Deps) -> None:
    @bp.post("/cases/transitions")
    @access(OFFICERS)
    @bp.input(schemas.BulkIn)
    @bp.output(schemas.BulkOut)
    @bp.doc(summary="批量办理案件")
    def transition_cases(json_data: dict[str, Any]) -> dict[str, Any]:
        items = [(item["id"], item["version"]) for item in json_data["items"]]
        outcomes = take_many(
            deps,
            json_data["action"],
            items,
            inputs_of(json_data),
            actor=principal(),
            at=deps.clock.now(),
        )
        rows = [_row(outcome) for outcome in outcomes]
        done = sum(row["ok"] for row in rows)
        return {"action": json_data["action"], "done": done, "refused": len(rows) - done, "items": rows}


def _row(outcome: RowOutcome) -> dict[str, Any]:
    if outcome.case is not None:
        case = outcome.case
        row = {"id": case.id, "ok": True, "state": case.state, "version": case.version}
        return row | {"listing_id": case.listing_id}
    problem = problem_of(outcome.refused) if outcome.refused else {}
    return {"id": outcome.case_id, "ok": False, "problem": problem}


def problem_of(error: DomainError) -> dict[str, Any]:
    """A row's refusal in the members of a problem document."""
    fields = [{"pointer": each.pointer, "message": each.message} for each in error.fields]
    members = {"slug": error.slug, "status": int(error.kind), "title": error.title, "detail": error.detail}
    return {**error.extra, **members, **({"fields": fields} if fields else {})}
