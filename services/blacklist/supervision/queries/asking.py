"""What queries of supervision ask for, made ready: scope, period, year, names of departments."""

from typing import Any

from sqlalchemy.orm import Session

from services.blacklist.store import Deps
from services.blacklist.supervision.domain.periods import Period, parse_period, year_of
from services.blacklist.supervision.queries.scope import VIEWERS, Scope, scope_of
from shared.web.access import Principal, roles

VIEW = roles(*VIEWERS)


def period_of(deps: Deps, asked: dict[str, Any]) -> Period:
    """The period asked for; without one, this year."""
    return parse_period(asked.get("period") or "") or year_of(year_asked(deps, asked))


def year_asked(deps: Deps, asked: dict[str, Any]) -> int:
    return int(asked.get("year") or deps.clock.today().year)


def scope_asked(session: Session, who: Principal, asked: dict[str, Any], period: Period) -> Scope:
    department = asked.get("department_id")
    return scope_of(
        session,
        who,
        period,
        region=asked.get("region"),
        department_id=str(department) if department else None,
    )


def names_of(scope: Scope) -> dict[str, str]:
    return {each.id: each.name for each in scope.departments}
