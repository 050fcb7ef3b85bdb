"""年度报告 as the public reads it (frozen as published), and as officers of the region see it before."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.blacklist.identity.domain import can_act, can_see
from services.blacklist.rules.queries import duties_of
from services.blacklist.supervision.domain.annual import STATES
from services.blacklist.supervision.models import AnnualReport
from shared.clock import local_date
from shared.errors import Forbidden, NotFound
from shared.regions import full_name
from shared.web.access import Principal


def published_reports(session: Session) -> Sequence[AnnualReport]:
    """Newest year first; reports stay."""
    wanted = select(AnnualReport).where(AnnualReport.content.is_not(None))
    return session.scalars(wanted.order_by(AnnualReport.year.desc(), AnnualReport.region)).all()


def published_report(session: Session, region: str, year: int) -> AnnualReport:
    wanted = select(AnnualReport).where(
        AnnualReport.region == region, AnnualReport.year == year, AnnualReport.content.is_not(None)
    )
    return _found(session.scalars(wanted).first())


def reports_in_sight(session: Session, who: Principal) -> list[AnnualReport]:
    rows = session.scalars(select(AnnualReport).order_by(AnnualReport.year.desc(), AnnualReport.region))
    return [row for row in rows if can_see(who, row.department_id, row.region)]


def report_to_act_on(session: Session, report_id: str, who: Principal) -> AnnualReport:
    row = _found(session.get(AnnualReport, report_id, with_for_update=True, populate_existing=True))
    if not can_see(who, row.department_id, row.region):
        raise NotFound("annual-report-not-found", "没有这份年度报告")
    if not can_act(who, row.department_id):
        raise Forbidden("not-own-department", "不是本部门的年度报告", "本地区的年度报告由其他部门公布。")
    return row


def _found(row: AnnualReport | None) -> AnnualReport:
    if row is None:
        raise NotFound("annual-report-not-found", "没有这份年度报告")
    return row


def public_line(row: AnnualReport) -> dict[str, Any]:
    content = row.content or {}
    return {
        "region": row.region,
        "region_name": full_name(row.region),
        "year": row.year,
        "title": content.get("title", ""),
        "department": row.department_name,
        "version": row.version,
        "published_on": local_date(row.published_at) if row.published_at else None,
        "sha256": row.sha256,
    }


def public_report(row: AnnualReport) -> dict[str, Any]:
    return public_line(row) | {"report": content_of(row)}


def content_of(row: AnnualReport) -> dict[str, Any]:
    """The report as published, its date a date again."""
    content = row.content or {}
    return content | {"until": date.fromisoformat(content["until"])}


def officer_lines(
    session: Session, rows: Sequence[AnnualReport], who: Principal, now: datetime
) -> list[dict[str, Any]]:
    duties = duties_of(session, [row.id for row in rows])
    names = ("id", "number", "region", "year", "state", "version", "proposer_name", "returned_reason")
    return [
        {name: getattr(row, name) for name in names}
        | {
            "region_name": full_name(row.region),
            "state_name": STATES[row.state],
            "department": row.department_name,
            "due": duty.due_on if duty else None,
            "duty_state": duty.state_at(now) if duty else None,
            "published_on": local_date(row.published_at) if row.published_at else None,
            "may_approve": can_act(who, row.department_id) and row.proposed_by not in (None, who.user_id),
        }
        for row in rows
        for duty in [duties.get(row.id, [None])[-1]]
    ]
