"""公示统计: what is public now, by list, class, domain, region and month, as a page and as CSV."""

import csv
import io
from collections.abc import Callable, Sequence
from datetime import date
from typing import NamedTuple

from apiflask import APIBlueprint
from flask import Response

from services.blacklist.register.api.freshness import kept_for
from services.blacklist.register.domain.figures import SMALL, Cell, counted, total_shown, withheld
from services.blacklist.register.queries.figures import figures
from services.blacklist.rules.queries import all_lists
from services.blacklist.store import Deps
from services.blacklist.web import wording
from services.blacklist.web.facets import region_name
from shared.web.access import access, public
from shared.web.pages import render

KEPT_SECONDS = 300
UNDIVIDED = frozenset({"list_code"})
"""Persons are counted by class alone: lists make up their class, so one table would undo the other."""
BY = (
    ("list_code", "名单"), ("list_class", "类别"), ("domain", "领域"), ("region", "行政区划"),
    ("month", "登记月份"),
)  # fmt: skip


class Line(NamedTuple):
    """One value: organisations, and persons where the number may be told (None: withheld)."""

    value: str
    label: str
    organisations: int
    persons: int | None


class Table(NamedTuple):
    """One way of counting."""

    name: str
    title: str
    lines: list[Line]


class Statistics(NamedTuple):
    """Everything on the page."""

    organisations: int
    persons: int | None
    tables: list[Table]


def add_routes(made: APIBlueprint, deps: Deps) -> None:
    @made.get("/statistics")
    @access(public())
    def statistics() -> Response:
        today = deps.clock.today()
        found = statistics_of(figures(deps.db, today), today)
        answer = render("blacklist/statistics.html", found=found, at=deps.clock.now(), small=SMALL)
        answer.headers["Cache-Control"] = kept_for(deps, KEPT_SECONDS)
        return answer

    @made.get("/statistics.csv")
    @access(public())
    def statistics_file() -> Response:
        today = deps.clock.today()
        answer = Response(as_csv(statistics_of(figures(deps.db, today), today)), mimetype="text/csv")
        answer.headers["Content-Disposition"] = f"attachment; filename=statistics-{today}.csv"
        answer.headers["Cache-Control"] = kept_for(deps, KEPT_SECONDS)
        return answer


def statistics_of(cells: Sequence[Cell], today: date) -> Statistics:
    """Persons only by one property at a time, small numbers withheld."""
    firms = [cell for cell in cells if cell.subject_type == "organization"]
    people = [cell for cell in cells if cell.subject_type == "individual"]
    names = {rule.code: rule.name for rule in all_lists(today)}
    label: dict[str, Callable[[str], str]] = {
        "list_code": lambda code: names.get(code, code),
        "list_class": lambda code: wording.CLASSES.get(code, code),
        "domain": wording.domain_name,
        "region": region_name,
        "month": lambda month: f"{month[:4]}年{int(month[5:])}月",
    }
    tables = [Table(by, title, _lines(firms, people, by, label[by])) for by, title in BY]
    total = total_shown(counted(people, "subject_type"))
    return Statistics(sum(cell.number for cell in firms), total, tables)


def _lines(firms: Sequence[Cell], people: Sequence[Cell], by: str, label: Callable[[str], str]) -> list[Line]:
    organisations, none = counted(firms, by), None if by in UNDIVIDED and people else 0
    persons = {} if by in UNDIVIDED else withheld(counted(people, by))
    values = sorted({*organisations, *persons}, key=lambda value: (-organisations[value], value))
    if by == "month":
        values = sorted(values, reverse=True)
    return [Line(value, label(value), organisations[value], persons.get(value, none)) for value in values]


def as_csv(found: Statistics) -> str:
    """UTF-8 with its mark, as spreadsheets want it; a withheld number is an empty cell with a note."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["统计口径", "代码", "名称", "法人和非法人组织", "自然人", "说明"])
    for table in found.tables:
        for line in table.lines:
            note = "" if line.persons is not None else f"自然人数量较少或可推算出少于{SMALL}的数量，不予显示"
            writer.writerow([table.title, line.value, line.label, line.organisations, line.persons, note])
    return "\ufeff" + text.getvalue()
