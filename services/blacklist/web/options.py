"""Choices offered by forms that come from the database."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.blacklist.identity.models import Department
from shared.regions import full_name, is_known


def region_options(session: Session) -> list[tuple[str, str]]:
    """The regions whose departments take part, by name."""
    codes = session.scalars(select(Department.region).distinct().order_by(Department.region))
    return [(code, full_name(code)) for code in codes if is_known(code)]
