"""政府信息公开年度报告: the year's tables, its text in the six customary sections, and series for charts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.blacklist.cases.domain.table import REMOVED, REVOKED
from services.blacklist.cases.models import Case, CaseOverlay
from services.blacklist.identity.models import Department
from services.blacklist.register.models import Listing
from services.blacklist.rules.domain import LIST_CLASSES
from services.blacklist.supervision.domain.periods import Period, months_of, year_of
from services.blacklist.supervision.models import Inspection, InspectionItem
from services.blacklist.supervision.queries.annual_text import sections
from services.blacklist.supervision.queries.gaps import gaps
from services.blacklist.supervision.queries.indicators import Figures, figures_of, together
from services.blacklist.supervision.queries.scope import Scope
from shared.clock import local_date
from shared.regions import full_name


@dataclass(frozen=True)
class Table:
    """One table of the report; the first column names the row."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]


@dataclass(frozen=True)
class Facts:
    """Everything the report says, counted once."""

    year: int
    place: str
    until: date
    complete: bool
    departments: tuple[Department, ...]
    figures: Mapping[str, Figures]
    total: Figures
    by_class: Mapping[str, int]
    by_month: Mapping[str, int]
    ended: Mapping[str, int]
    requests: Mapping[tuple[str, str], int]
    gaps: int
    inspections: int
    findings: int
    closed_findings: int


def annual_report(session: Session, scope: Scope, year: int, today: date) -> dict[str, Any]:
    """The report as one document: text, tables, series."""
    facts = _facts(session, scope, year, today)
    return {
        "year": year,
        "title": f"{facts.place}{year}年公共资源配置领域政府信息公开年度报告",
        "place": facts.place,
        "until": facts.until,
        "complete": facts.complete,
        "sections": sections(facts),
        "tables": [{"title": t.title, "head": t.head, "rows": t.rows} for t in tables(facts)],
        "series": [{"name": name, "value": count} for name, count in facts.by_month.items()],
    }


def _facts(session: Session, scope: Scope, year: int, today: date) -> Facts:
    period, ids = year_of(year), scope.ids
    figures = figures_of(session, ids, period, today)
    items = _finding_states(session, ids, period)
    return Facts(
        year=year,
        place=_place(scope),
        until=min(period.end, today),
        complete=today > period.end,
        departments=scope.departments,
        figures=figures,
        total=together(figures.values()),
        by_class=_published_by_class(session, ids, period),
        by_month=_published_by_month(session, ids, year),
        ended=_ended(session, ids, period),
        requests=_requests(session, ids, period),
        gaps=sum(each.gap.numbers for each in gaps(session, ids, today, year=year)),
        inspections=_inspections(session, ids, period),
        findings=sum(items.values()),
        closed_findings=items.get("closed", 0),
    )


def _place(scope: Scope) -> str:
    if len(scope.departments) == 1 and scope.region is None:
        return scope.departments[0].name
    return full_name(scope.region) if scope.region else scope.departments[0].name


def _published(period: Period) -> tuple[Any, ...]:
    return (
        Listing.migrated.is_(False),
        Listing.published_at >= period.opens_at,
        Listing.published_at < period.closes_at,
    )


def _published_by_class(session: Session, ids: Sequence[str], period: Period) -> dict[str, int]:
    wanted = select(Listing.list_class, func.count()).where(
        Listing.department_id.in_(ids), *_published(period)
    )
    found = {row[0]: row[1] for row in session.execute(wanted.group_by(Listing.list_class))}
    return {name: found.get(code, 0) for code, name in LIST_CLASSES.items()}


def _published_by_month(session: Session, ids: Sequence[str], year: int) -> dict[str, int]:
    wanted = select(Listing.published_at).where(Listing.department_id.in_(ids), *_published(year_of(year)))
    found = {f"{month.start.month}月": 0 for month in months_of(year)}
    for at in session.scalars(wanted):
        found[f"{local_date(at).month}月"] += 1
    return found


def _ended(session: Session, ids: Sequence[str], period: Period) -> dict[str, int]:
    wanted = select(Case.state, Case.reason_code, func.count()).where(
        Case.department_id.in_(ids), Case.ended_at >= period.opens_at, Case.ended_at < period.closes_at
    )
    found = {"repair": 0, "expiry": 0, "revoked": 0, "objection": 0}
    for state, code, count in session.execute(wanted.group_by(Case.state, Case.reason_code)):
        name = "revoked" if state == REVOKED else code
        if name in found and (state in (REMOVED, REVOKED) or code):
            found[name] += count
    return found


def _requests(session: Session, ids: Sequence[str], period: Period) -> dict[tuple[str, str], int]:
    """Objections and repair requests opened in the period, by kind and state."""
    wanted = (
        select(CaseOverlay.kind, CaseOverlay.state, func.count())
        .join(Case, Case.id == CaseOverlay.case_id)
        .where(
            Case.department_id.in_(ids),
            CaseOverlay.kind.in_(("objection", "repair")),
            CaseOverlay.opened_at >= period.opens_at,
            CaseOverlay.opened_at < period.closes_at,
        )
    )
    rows = session.execute(wanted.group_by(CaseOverlay.kind, CaseOverlay.state))
    return {(kind, state): count for kind, state, count in rows}


def _finding_states(session: Session, ids: Sequence[str], period: Period) -> dict[str, int]:
    wanted = select(InspectionItem.state, func.count()).where(
        InspectionItem.department_id.in_(ids),
        InspectionItem.due_on.is_not(None),
        InspectionItem.found_at >= period.opens_at,
        InspectionItem.found_at < period.closes_at,
    )
    return {row[0]: row[1] for row in session.execute(wanted.group_by(InspectionItem.state))}


def _inspections(session: Session, ids: Sequence[str], period: Period) -> int:
    drawn = select(InspectionItem.inspection_id).where(InspectionItem.department_id.in_(ids))
    wanted = (
        select(func.count())
        .select_from(Inspection)
        .where(
            Inspection.id.in_(drawn),
            Inspection.drawn_at >= period.opens_at,
            Inspection.drawn_at < period.closes_at,
        )
    )
    return session.scalar(wanted) or 0


def tables(facts: Facts) -> list[Table]:
    """In the order of the text."""
    return [_departments_table(facts), _classes_table(facts), _requests_table(facts), _endings_table(facts)]


def _departments_table(facts: Facts) -> Table:
    head = (
        "部门", "公示件数", "公开率", "及时率", "7个工作日内", "20个工作日内", "推送成功率",
        "推送用时中位数(小时)", "异议按期率", "修复按期率", "当前逾期(件)", "台账合规率", "瞒报率",
    )  # fmt: skip
    rows = [(each.name, *_cells(facts.figures[each.id])) for each in facts.departments]
    return Table("各部门主动公开和报送情况", head, (*rows, ("合计", *_cells(facts.total))))


def _cells(each: Figures) -> tuple[Any, ...]:
    hours = each.pushes.median_hours
    return (
        each.published, each.publication.text, each.timeliness.text, each.short.timely.text,
        each.long.timely.text, each.pushes.success.text, "—" if hours is None else str(hours),
        each.objection.timely.text, each.repair.timely.text, each.overdue, each.ledger.compliance.text,
        each.ledger.concealment.text,
    )  # fmt: skip


def _classes_table(facts: Facts) -> Table:
    rows = tuple(facts.by_class.items())
    return Table("按类别公示件数", ("类别", "件数"), (*rows, ("合计", sum(facts.by_class.values()))))


def _requests_table(facts: Facts) -> Table:
    names = {"objection": "异议", "repair": "信用修复"}
    outcomes = {
        "objection": (("upheld",), ("rejected",)),
        "repair": (("granted",), ("refused",)),
    }
    rows = []
    for kind, name in names.items():
        total = sum(count for (one, _), count in facts.requests.items() if one == kind)
        granted, refused = (
            sum(facts.requests.get((kind, state), 0) for state in states) for states in outcomes[kind]
        )
        rows.append((name, total, granted, refused, total - granted - refused))
    return Table(
        "异议和信用修复办理情况", ("事项", "收到", "成立(准予)", "不成立(不予)", "办理中"), tuple(rows)
    )


def _endings_table(facts: Facts) -> Table:
    names = {"repair": "信用修复", "expiry": "公示期满", "objection": "异议成立", "revoked": "撤销"}
    rows = tuple((name, facts.ended[code]) for code, name in names.items())
    return Table("移出和撤销情况", ("原因", "件数"), rows)
