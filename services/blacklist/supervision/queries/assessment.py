"""The assessment sheets of departments for a year, filled from their indicators."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from services.blacklist.identity.models import Department
from services.blacklist.supervision.domain.assessment import Sheet, fill_sheet, scheme
from services.blacklist.supervision.domain.periods import year_of
from services.blacklist.supervision.queries.indicators import figures_of


@dataclass(frozen=True)
class FilledSheet:
    """One department's sheet."""

    department: Department
    sheet: Sheet


def sheets(session: Session, departments: Sequence[Department], year: int, today: date) -> list[FilledSheet]:
    """Best first; departments with nothing to judge last."""
    found = figures_of(session, [each.id for each in departments], year_of(year), today)
    filled = [
        FilledSheet(each, fill_sheet(scheme(), found[each.id].rates(), found[each.id].counts()))
        for each in departments
    ]
    return sorted(filled, key=lambda each: (each.sheet.total is None, -(each.sheet.total or 0)))
