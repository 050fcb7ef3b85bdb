"""Dashboard of indicators, overdue list, the duties behind a figure, assessment sheets, annual report."""

from typing import Any

from apiflask import APIBlueprint
from flask import Response, request

from services.blacklist.cases.usecases.reading import persons_of, trace_list
from services.blacklist.store import Deps
from services.blacklist.supervision.domain.assessment import scheme
from services.blacklist.supervision.domain.periods import year_of
from services.blacklist.supervision.queries.annual import annual_report
from services.blacklist.supervision.queries.asking import (
    VIEW,
    names_of,
    period_of,
    scope_asked,
    year_asked,
)
from services.blacklist.supervision.queries.assessment import sheets
from services.blacklist.supervision.queries.indicators import figures_of, together
from services.blacklist.supervision.queries.overdue import (
    MEASURES,
    Row,
    duty_view,
    measured_duties,
    overdue_duties,
    subjects,
)
from services.blacklist.supervision.queries.scope import Scope
from services.blacklist.supervision.queries.views import department_figures, figures_view
from services.blacklist.web.supervision.asking import (
    asked,
    period_options,
    regions_in_sight,
    year_options,
)
from services.blacklist.web.supervision.charts import bars
from shared.web.access import access, principal
from shared.web.pages import render, with_query
from shared.web.paging import cut, decode_cursor

PER_PAGE = 50
MOST_BARS = 12


def add_routes(made: APIBlueprint, deps: Deps) -> None:
    _dashboard(made, deps)
    _duties(made, deps)
    _assessment(made, deps)
    _annual(made, deps)


def _dashboard(made: APIBlueprint, deps: Deps) -> None:
    @made.get("/supervision")
    @access(VIEW)
    def supervision() -> Response:
        who, today = principal(), deps.clock.today()
        wanted = asked(who)
        period = period_of(deps, wanted)
        with deps.db.read() as session:
            scope = scope_asked(session, who, wanted, period)
            found = figures_of(session, scope.ids, period, today)
            rows = department_figures(scope.departments, found)
            regions = regions_in_sight(session, who)
        active = [row for row in rows if _has_cases(row)]
        return render(
            "blacklist/supervision/board.html",
            period=period,
            total=figures_view(together(found.values())),
            rows=active,
            quiet=len(rows) - len(active),
            chart=_timeliness_chart(active),
            periods=period_options(today),
            regions=regions,
            wanted=wanted,
        )


def _has_cases(row: dict[str, Any]) -> bool:
    counted = (row["publication"]["whole"], row["push"]["total"], row["ledger"]["total"], row["overdue"])
    return any(counted) or row["published"] > 0


def _timeliness_chart(rows: list[dict[str, Any]]) -> dict[str, Any]:
    judged = [row for row in rows if row["timeliness"]["percent"] is not None][:MOST_BARS]
    return bars(
        [(row["department_name"], row["timeliness"]["percent"]) for row in judged], most=100, unit="%"
    )


def _duties(made: APIBlueprint, deps: Deps) -> None:
    @made.get("/supervision/overdue")
    @access(VIEW)
    def overdue() -> Response:
        who, wanted, today = principal(), asked(principal()), deps.clock.today()
        with deps.db.read() as session:
            scope = scope_asked(session, who, wanted, period_of(deps, wanted))
            rows = overdue_duties(session, scope.ids, today, after=_after(), limit=PER_PAGE)
            regions = regions_in_sight(session, who)
        trace_list(deps, who, "supervision-overdue", persons_of(subjects(rows[:PER_PAGE])))
        return _duty_page(deps, rows, scope, "逾期未办结事项", wanted, regions)

    @made.get("/supervision/duties")
    @access(VIEW)
    def measured() -> Response:
        who, wanted, today = principal(), asked(principal()), deps.clock.today()
        given = request.args.get("measure", "")
        measure = given if given in MEASURES else "publication"
        period = period_of(deps, wanted)
        with deps.db.read() as session:
            scope = scope_asked(session, who, wanted, period)
            rows = measured_duties(session, scope.ids, measure, period, today, after=_after(), limit=PER_PAGE)
            regions = regions_in_sight(session, who)
        trace_list(deps, who, "supervision-duties", persons_of(subjects(rows[:PER_PAGE])))
        return _duty_page(deps, rows, scope, f"{period.title}：{MEASURES[measure]}", wanted, regions)


def _after() -> tuple[str, str] | None:
    cursor = request.args.get("cursor")
    if not cursor:
        return None
    day, last = decode_cursor(cursor, (str, str))
    return str(day), str(last)


def _duty_page(
    deps: Deps, rows: list[Row], scope: Scope, title: str, wanted: dict[str, Any], regions: Any
) -> Response:
    shown, following = cut(rows, PER_PAGE, lambda row: (str(row[0].due_on), row[0].id))
    names, today = names_of(scope), deps.clock.today()
    return render(
        "blacklist/supervision/duties.html",
        title=title,
        rows=[duty_view(row, names, today) for row in shown],
        regions=regions,
        wanted=wanted,
        next_url=with_query(cursor=following) if following else "",
        first_url=with_query(cursor=None) if request.args.get("cursor") else "",
    )


def _assessment(made: APIBlueprint, deps: Deps) -> None:
    @made.get("/supervision/assessment")
    @access(VIEW)
    def assessment() -> Response:
        who, wanted, today = principal(), asked(principal()), deps.clock.today()
        year = year_asked(deps, wanted)
        with deps.db.read() as session:
            scope = scope_asked(session, who, wanted, year_of(year))
            filled = sheets(session, scope.departments, year, today)
            regions = regions_in_sight(session, who)
        judged = [each for each in filled if each.sheet.total is not None]
        chosen = filled[0] if len(filled) == 1 else None
        return render(
            "blacklist/supervision/assessment.html",
            year=year,
            years=year_options(today),
            regions=regions,
            wanted=wanted,
            scheme=scheme(),
            rows=judged,
            quiet=len(filled) - len(judged),
            chosen=chosen,
        )


def _annual(made: APIBlueprint, deps: Deps) -> None:
    @made.get("/supervision/annual")
    @access(VIEW)
    def annual() -> Response:
        who, wanted, today = principal(), asked(principal()), deps.clock.today()
        year = year_asked(deps, wanted)
        with deps.db.read() as session:
            scope = scope_asked(session, who, wanted, year_of(year))
            report = annual_report(session, scope, year, today)
            regions = regions_in_sight(session, who)
        return render(
            "blacklist/supervision/annual.html",
            report=report,
            chart=bars([(point["name"], point["value"]) for point in report["series"]], unit="件"),
            years=year_options(today),
            regions=regions,
            wanted=wanted,
        )
