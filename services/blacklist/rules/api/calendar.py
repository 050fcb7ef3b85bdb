"""The working-day calendar: for anyone to ask, for administrators and supervisors to extend by two people."""

from typing import Any
from uuid import UUID

from apiflask import APIBlueprint

from services.blacklist.rules import schemas
from services.blacklist.rules.models import CalendarYearEntry
from services.blacklist.rules.queries import calendars
from services.blacklist.rules.usecases import confirm_year, propose_year, reject_year
from services.blacklist.store import Deps
from shared.calendar import builtin_calendar, builtin_years
from shared.calendar.notice import read_notice
from shared.web.access import access, principal, public, roles
from shared.web.paging import cut, last_id, page
from shared.web.problem import problems

KEEPERS = roles("system-admin", "supervisor")


def add_routes(bp: APIBlueprint, deps: Deps) -> None:
    _add_asking(bp, deps)
    _add_years(bp, deps)
    _add_reading(bp)
    _add_proposing(bp, deps)
    _add_settling(bp, deps)


def _add_asking(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/calendar")
    @access(public())
    @bp.output(schemas.CalendarView)
    @bp.doc(summary="工作日历与今天")
    def show_calendar() -> dict[str, Any]:
        today = deps.clock.today()
        return {
            "version": deps.calendar.version, "today": today,
            "working_day": deps.calendar.is_working_day(today), "covered": deps.calendar.covers(today),
        }  # fmt: skip

    @bp.get("/calendar/due")
    @access(public())
    @bp.input(schemas.DueQuery, location="query")
    @bp.output(schemas.DueView)
    @bp.doc(summary="从起算日数若干工作日的到期日")
    def show_due(query_data: dict[str, Any]) -> dict[str, Any]:
        due = deps.calendar.add_working_days(query_data["start"], query_data["working_days"])
        return {"due": due.day, "provisional": due.provisional, "calendar_version": due.calendar_version}


def _add_years(bp: APIBlueprint, deps: Deps) -> None:
    @bp.get("/calendar/years")
    @access(public())
    @bp.output(schemas.CalendarYearPage)
    @bp.doc(summary="已公布的各年节假日和调休")
    def list_calendar_years() -> dict[str, Any]:
        with deps.db.read() as session:
            return page(year_views(calendars.confirmed_years(session)), None)


def year_views(imported: dict[int, CalendarYearEntry]) -> list[dict[str, Any]]:
    """Every year that counts, newest first, with where it comes from."""
    shipped = {each.year: each for each in builtin_years()}
    return [
        _imported_view(imported[year])
        if year in imported
        else {
            "year": year, "imported": False, "source": f"随系统提供（{builtin_calendar().version}）",
            "number": None, "rest": sorted(shipped[year].rest), "work": sorted(shipped[year].work),
        }
        for year in sorted(shipped.keys() | imported.keys(), reverse=True)
    ]  # fmt: skip


def _imported_view(row: CalendarYearEntry) -> dict[str, Any]:
    days = row.as_year()
    return {
        "year": row.year, "imported": True, "source": row.source, "number": row.number,
        "rest": sorted(days.rest), "work": sorted(days.work),
    }  # fmt: skip


def _add_reading(bp: APIBlueprint) -> None:
    @bp.post("/calendar/readings")
    @access(KEEPERS)
    @bp.input(schemas.NoticeIn)
    @bp.output(schemas.ReadingView)
    @bp.doc(summary="试读节假日通知，不保存")
    def read_calendar_notice(json_data: dict[str, Any]) -> dict[str, Any]:
        reading = read_notice(json_data["notice"], json_data["year"])
        return {
            "year": reading.year, "number": reading.number, "holidays": reading.holidays,
            "rest": sorted(reading.rest), "work": sorted(reading.work), "doubts": reading.problems,
        }  # fmt: skip


def _add_proposing(bp: APIBlueprint, deps: Deps) -> None:
    @bp.post("/calendar/proposals")
    @access(KEEPERS)
    @bp.input(schemas.ProposalIn)
    @bp.output(schemas.ProposalView, 201)
    @bp.doc(summary="提出一年的工作日历，待另一人确认")
    def propose_calendar_year(json_data: dict[str, Any]) -> dict[str, Any]:
        with deps.db.write() as session:
            row = propose_year(session, **json_data, actor=principal(), at=deps.clock.now())
            return proposal_view(row)

    @bp.get("/calendar/proposals")
    @access(KEEPERS)
    @bp.input(schemas.ProposalQuery, location="query")
    @bp.output(schemas.ProposalPage)
    @bp.doc(summary="提出过的工作日历")
    def list_calendar_proposals(query_data: dict[str, Any]) -> dict[str, Any]:
        cursor, limit = query_data["cursor"], query_data["limit"]
        before = last_id(cursor)
        with deps.db.read() as session:
            rows = calendars.list_proposals(
                session, state=query_data["state"], before=before, limit=limit + 1
            )
        shown, following = cut(rows, limit, lambda row: [row.id])
        return page([proposal_view(row) for row in shown], following)


def _add_settling(bp: APIBlueprint, deps: Deps) -> None:
    @bp.post("/calendar/proposals/<uuid:proposal_id>/confirm")
    @access(KEEPERS)
    @problems(404, 409)
    @bp.output(schemas.ProposalView)
    @bp.doc(summary="确认工作日历（不得由提出人确认）")
    def confirm_calendar_year(proposal_id: UUID) -> dict[str, Any]:
        with deps.db.write() as session:
            row = confirm_year(session, str(proposal_id), actor=principal(), at=deps.clock.now())
            return proposal_view(row)

    @bp.post("/calendar/proposals/<uuid:proposal_id>/reject")
    @access(KEEPERS)
    @problems(404, 409)
    @bp.input(schemas.RejectIn)
    @bp.output(schemas.ProposalView)
    @bp.doc(summary="退回工作日历")
    def reject_calendar_year(proposal_id: UUID, json_data: dict[str, Any]) -> dict[str, Any]:
        with deps.db.write() as session:
            row = reject_year(
                session, str(proposal_id), reason=json_data["reason"], actor=principal(), at=deps.clock.now()
            )
            return proposal_view(row)


def proposal_view(row: CalendarYearEntry) -> dict[str, Any]:
    names = ("id", "year", "state", "generation", "source", "number", "doubts", "proposer_name",
             "proposed_at", "settler_name", "settled_at", "reason")  # fmt: skip
    days = row.as_year()
    return {name: getattr(row, name) for name in names} | {
        "rest": sorted(days.rest),
        "work": sorted(days.work),
    }
