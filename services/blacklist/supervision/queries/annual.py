"""政府信息公开年度报告: the year's tables, its text in the six customary sections, and series for charts."""

from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from services.blacklist.supervision.queries.annual_facts import facts_of
from services.blacklist.supervision.queries.annual_tables import tables
from services.blacklist.supervision.queries.annual_text import sections
from services.blacklist.supervision.queries.scope import Scope


def annual_report(session: Session, scope: Scope, year: int, today: date) -> dict[str, Any]:
    """The report as one document: text, tables, series."""
    facts = facts_of(session, scope, year, today)
    return {
        "year": year,
        "title": f"{facts.place}{year}年公共资源配置领域政府信息公开年度报告",
        "place": facts.place,
        "until": facts.until,
        "complete": facts.complete,
        "sections": sections(facts),
        "tables": [
            {"title": t.title, "section": t.section, "head": t.head, "rows": t.rows} for t in tables(facts)
        ],
        "series": [{"name": name, "value": count} for name, count in facts.by_month.items()],
    }
