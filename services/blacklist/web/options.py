"""Choices offered by forms that come from the database."""

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.blacklist.identity.models import Department
from services.blacklist.identity.queries import list_departments
from shared.regions import full_name, is_known

MOST_DEPARTMENTS = 2000


def region_options(session: Session) -> list[tuple[str, str]]:
    """The regions whose departments take part, by name."""
    codes = session.scalars(select(Department.region).distinct().order_by(Department.region))
    return [(code, full_name(code)) for code in codes if is_known(code)]


def department_options(session: Session, on: date) -> list[tuple[str, str]]:
    """Departments in force on a day, by region and code."""
    found = list_departments(session, on=on, limit=MOST_DEPARTMENTS)
    return [(each.id, each.name) for each in sorted(found, key=lambda each: (each.region, each.code))]
