"""What the filters of these pages ask; anything unknown is no filter."""

from datetime import date
from typing import Any
from uuid import UUID

from flask import request
from sqlalchemy.orm import Session

from services.blacklist.supervision.domain.periods import months_of, parse_period
from services.blacklist.supervision.queries.scope import OVERSEERS
from services.blacklist.web.options import region_options
from shared.regions import is_known, within
from shared.web.access import Principal

YEARS_BACK = 5


def asked(who: Principal) -> dict[str, Any]:
    """Period, year, region and department as the API's queries give them."""
    given = {
        name: request.args.get(name, "").strip() for name in ("period", "year", "region", "department_id")
    }
    year = given["year"]
    region = given["region"] if is_known(given["region"]) and who.has(*OVERSEERS) else ""
    return {
        "period": given["period"] if parse_period(given["period"]) else None,
        "year": int(year) if year.isascii() and year.isdigit() and 2000 <= int(year) <= 2099 else None,
        "region": region if region and within(region, who.region) else None,
        "department_id": _uuid(given["department_id"]),
    }


def _uuid(text: str) -> str | None:
    try:
        return str(UUID(text)) if text else None
    except ValueError:
        return None


def period_options(today: date) -> list[tuple[str, str]]:
    """This year and the last, their quarters, and the months of this year until now."""
    found = [str(today.year), *(f"{today.year}-Q{n}" for n in range(1, (today.month + 2) // 3 + 1))]
    found += [month.name for month in months_of(today.year)[: today.month]]
    found += [str(today.year - 1), *(f"{today.year - 1}-Q{n}" for n in range(1, 5))]
    return [(name, period.title) for name in found if (period := parse_period(name))]


def year_options(today: date) -> list[tuple[str, str]]:
    return [(str(year), f"{year}年") for year in range(today.year, today.year - YEARS_BACK, -1)]


def regions_in_sight(session: Session, who: Principal) -> list[tuple[str, str]]:
    if not who.has(*OVERSEERS):
        return []
    return [each for each in region_options(session) if within(each[0], who.region)]
