"""Indicators per department, the duties behind them, and what is overdue now."""

from typing import Any

from apiflask import APIBlueprint

from services.blacklist.cases.usecases.reading import persons_of, trace_list
from services.blacklist.store import Deps
from services.blacklist.supervision.queries.asking import VIEW, names_of, period_of, scope_asked
from services.blacklist.supervision.queries.indicators import figures_of, together
from services.blacklist.supervision.queries.overdue import (
    Row,
    duty_view,
    measured_duties,
    overdue_duties,
    subjects,
)
from services.blacklist.supervision.queries.scope import Scope
from services.blacklist.supervision.queries.views import department_figures, figures_view
from services.blacklist.supervision.schemas import answers, inputs
from shared.web.access import access, principal
from shared.web.paging import cut, decode_cursor, page
from shared.web.problem import problems


def add_routes(bp: APIBlueprint, deps: Deps) -> None:
    _add_indicators(bp, deps)
    _add_measured(bp, deps)
    _add_overdue(bp, deps)


def _add_indicators(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/indicators")
    @access(VIEW)
    @problems(404)
    @bp.input(inputs.PeriodQuery, location="query")
    @bp.output(answers.IndicatorsOut)
    @bp.doc(summary="各部门公开率、及时率、推送、异议修复和台账指标")
    def get_indicators(query_data: dict[str, Any]) -> dict[str, Any]:
        period, today = period_of(deps, query_data), deps.clock.today()
        with deps.db.read() as session:
            scope = scope_asked(session, principal(), query_data, period)
            found = figures_of(session, scope.ids, period, today)
            items = department_figures(scope.departments, found)
        return {
            "period": {"name": period.name, "start": period.start, "end": period.end},
            "total": figures_view(together(found.values())),
        } | page(items, None)


def _add_measured(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/duties")
    @access(VIEW)
    @problems(404)
    @bp.input(inputs.MeasureQuery, location="query")
    @bp.output(answers.DutyPage)
    @bp.doc(summary="一项指标背后的期限事项和案件")
    def list_measured_duties(query_data: dict[str, Any]) -> dict[str, Any]:
        period, today, limit = period_of(deps, query_data), deps.clock.today(), query_data["limit"]
        with deps.db.read() as session:
            scope = scope_asked(session, principal(), query_data, period)
            rows = measured_duties(
                session,
                scope.ids,
                query_data["measure"],
                period,
                today,
                after=_after(query_data),
                limit=limit,
            )
            found = _duty_page(deps, rows, scope, limit)
        trace_list(deps, principal(), "supervision-duties", persons_of(subjects(rows[:limit])))
        return found


def _add_overdue(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/overdue")
    @access(VIEW)
    @problems(404)
    @bp.input(inputs.OverdueQuery, location="query")
    @bp.output(answers.DutyPage)
    @bp.doc(summary="逾期未办结的事项，逾期最久的在前")
    def list_overdue(query_data: dict[str, Any]) -> dict[str, Any]:
        limit, today = query_data["limit"], deps.clock.today()
        with deps.db.read() as session:
            scope = scope_asked(session, principal(), query_data, period_of(deps, query_data))
            rows = overdue_duties(session, scope.ids, today, after=_after(query_data), limit=limit)
            found = _duty_page(deps, rows, scope, limit)
        trace_list(deps, principal(), "supervision-overdue", persons_of(subjects(rows[:limit])))
        return found


def _after(asked: dict[str, Any]) -> tuple[str, str] | None:
    if not asked["cursor"]:
        return None
    day, last = decode_cursor(asked["cursor"], (str, str))
    return str(day), str(last)


def _duty_page(deps: Deps, rows: list[Row], scope: Scope, limit: int) -> dict[str, Any]:
    shown, following = cut(rows, limit, lambda row: (str(row[0].due_on), row[0].id))
    names, today = names_of(scope), deps.clock.today()
    return page([duty_view(row, names, today) for row in shown], following)
