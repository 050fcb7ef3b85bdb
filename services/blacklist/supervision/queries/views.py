"""Figures as plain data, the same for the API, the pages and the sheets."""

from collections.abc import Iterable, Mapping
from typing import Any

from services.blacklist.identity.models import Department
from services.blacklist.supervision.domain.assessment import Sheet
from services.blacklist.supervision.domain.decisions import Compliance
from services.blacklist.supervision.domain.rates import Rate
from services.blacklist.supervision.models import LedgerUpload
from services.blacklist.supervision.queries.gaps import DepartmentGap
from services.blacklist.supervision.queries.indicators import Figures, Pushes


def rate_view(rate: Rate) -> dict[str, Any]:
    return {"part": rate.part, "whole": rate.whole, "percent": rate.percent}


def figures_view(figures: Figures) -> dict[str, Any]:
    return {
        "published": figures.published,
        "publication": rate_view(figures.publication),
        "timeliness": rate_view(figures.timeliness),
        "timely_7": rate_view(figures.short.timely),
        "timely_20": rate_view(figures.long.timely),
        "objection": rate_view(figures.objection.timely),
        "repair": rate_view(figures.repair.timely),
        "applications": rate_view(figures.applications.timely),
        "items": rate_view(figures.items.timely),
        "interpretations": rate_view(figures.interpretations.timely),
        "opinions": rate_view(figures.opinions.timely),
        "reports": rate_view(figures.reports.timely),
        "rectification": rate_view(figures.rectification.timely),
        "push": push_view(figures.pushes),
        "ledger": compliance_view(figures.ledger),
        "overdue": figures.overdue,
    }


def push_view(pushes: Pushes) -> dict[str, Any]:
    return {
        "total": pushes.total,
        "confirmed": pushes.confirmed,
        "failed": pushes.failed,
        "late": pushes.late,
        "by_hand": pushes.by_hand,
        "under_way": pushes.under_way,
        "success": rate_view(pushes.success),
        "timely": rate_view(pushes.timely),
        "median_hours": pushes.median_hours,
        "slow_hours": pushes.slow_hours,
        "median_text": pushes.median_text,
    }


def compliance_view(ledger: Compliance) -> dict[str, Any]:
    return {
        "total": ledger.total,
        "counts": ledger.counts,
        "concealment": rate_view(ledger.concealment),
        "lateness": rate_view(ledger.lateness),
        "compliance": rate_view(ledger.compliance),
    }


def department_figures(
    departments: Iterable[Department], found: Mapping[str, Figures]
) -> list[dict[str, Any]]:
    return [
        {"department_id": each.id, "department_name": each.name, "region": each.region}
        | figures_view(found[each.id])
        for each in departments
    ]


def sheet_view(department: Department, sheet: Sheet) -> dict[str, Any]:
    return {
        "department_id": department.id,
        "department_name": department.name,
        "scores": [
            {
                "code": each.item.code, "group": each.item.group, "name": each.item.name,
                "weight": each.item.weight, "rate": rate_view(each.rate), "points": each.points,
                "source": each.item.source, "status": each.item.status,
            }
            for each in sheet.scores
        ],
        "losses": [
            {
                "code": each.deduction.code, "name": each.deduction.name, "count": each.count,
                "points": each.points, "source": each.deduction.source, "status": each.deduction.status,
            }
            for each in sheet.losses
        ],
        "reached": sheet.reached,
        "deducted": sheet.deducted,
        "total": sheet.total,
        "yearly_points": sheet.yearly_points,
    }  # fmt: skip


def gap_view(found: DepartmentGap, names: Mapping[str, str]) -> dict[str, Any]:
    gap = found.gap
    return {
        "department_id": found.department_id,
        "department_name": names[found.department_id],
        "title": gap.title,
        "prefix": gap.prefix,
        "year": gap.year,
        "first": gap.first,
        "last": gap.last,
        "numbers": gap.numbers,
        "kind": gap.kind,
    }


def upload_view(row: LedgerUpload) -> dict[str, Any]:
    bad = sum(bool(each["errors"]) for each in row.rows)
    return {
        "id": row.id,
        "state": row.state,
        "file_name": row.file_name,
        "good": len(row.rows) - bad,
        "bad": bad,
        "added": row.added,
        "rows": row.rows,
    }
