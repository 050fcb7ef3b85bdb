"""What one's department owes by when; stopping, resuming and extending the count where the law allows it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from apiflask import APIBlueprint

from services.blacklist.rules import schemas
from services.blacklist.rules.models import Duty
from services.blacklist.rules.queries.catalogue import duty_terms
from services.blacklist.rules.queries.duties import find_duty, lateness, open_duties
from services.blacklist.rules.usecases import extend_duty, pause_duty, resume_duty
from services.blacklist.store import Deps
from shared.clock import local_date
from shared.web.access import access, principal, roles
from shared.web.paging import page
from shared.web.problem import problems

OFFICERS = roles("clerk", "reviewer", "decider")
DECIDER = roles("decider")


def add_routes(bp: APIBlueprint, deps: Deps) -> None:
    _add_reading(bp, deps)
    _add_pausing(bp, deps)
    _add_extending(bp, deps)


def _add_reading(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/duties")
    @access(OFFICERS)
    @bp.input(schemas.DutyQuery, location="query")
    @bp.output(schemas.DutyPage)
    @bp.doc(summary="本部门未办结的期限，近的在前")
    def list_duties(query_data: dict[str, Any]) -> dict[str, Any]:
        with deps.db.read() as session:
            rows = open_duties(
                session, [principal().department_id], due_by=query_data["due_by"], limit=query_data["limit"]
            )
        return page([duty_view(row, deps.clock.now()) for row in rows], None)


def _add_pausing(bp: APIBlueprint, deps: Deps) -> None:
    @bp.post("/duties/<uuid:duty_id>/pause")
    @access(DECIDER)
    @problems(404, 409)
    @bp.input(schemas.PauseIn)
    @bp.output(schemas.DutyView)
    @bp.doc(summary="中止计时")
    def pause(duty_id: UUID, json_data: dict[str, Any]) -> dict[str, Any]:
        with deps.db.write() as session:
            duty = find_duty(session, str(duty_id), principal().department_id, lock=True)
            pause_duty(session, duty, reason=json_data["reason"], actor=principal(), at=deps.clock.now())
            return duty_view(duty, deps.clock.now())

    @bp.post("/duties/<uuid:duty_id>/resume")
    @access(DECIDER)
    @problems(404, 409)
    @bp.output(schemas.DutyView)
    @bp.doc(summary="恢复计时")
    def resume(duty_id: UUID) -> dict[str, Any]:
        with deps.db.write() as session:
            duty = find_duty(session, str(duty_id), principal().department_id, lock=True)
            resume_duty(session, duty, deps.calendar, actor=principal(), at=deps.clock.now())
            return duty_view(duty, deps.clock.now())


def _add_extending(bp: APIBlueprint, deps: Deps) -> None:
    @bp.post("/duties/<uuid:duty_id>/extend")
    @access(DECIDER)
    @problems(404, 409)
    @bp.input(schemas.ExtendIn)
    @bp.output(schemas.DutyView)
    @bp.doc(summary="延长期限")
    def extend(duty_id: UUID, json_data: dict[str, Any]) -> dict[str, Any]:
        with deps.db.write() as session:
            duty = find_duty(session, str(duty_id), principal().department_id, lock=True)
            extend_duty(
                session, duty, deps.calendar, working_days=json_data["working_days"],
                reason=json_data["reason"], actor=principal(), at=deps.clock.now(),
            )  # fmt: skip
            return duty_view(duty, deps.clock.now())


def duty_view(duty: Duty, now: datetime) -> dict[str, Any]:
    """A duty with its history and what may be done with it."""
    names = ("id", "case_id", "kind", "rule", "rule_version", "provisional", "calendar_version",
             "extended_wd", "pauses", "extensions")  # fmt: skip
    terms = duty_terms(local_date(now)).get(duty.kind)
    return {name: getattr(duty, name) for name in names} | {
        "state": duty.state_at(now), **lateness(duty),
        "done_on": local_date(duty.done_at) if duty.done_at else None,
        "kind_name": terms.name if terms else duty.kind,
        "start": duty.start_on, "due": duty.due_on,
        "pause_reasons": terms.pause_reasons if terms else (),
        "extend_left_wd": max(0, terms.extend_wd - duty.extended_wd) if terms else 0,
    }  # fmt: skip
