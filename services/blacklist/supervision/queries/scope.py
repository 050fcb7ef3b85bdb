"""Whose figures someone may see: one's own department's; overseers their region's. Others do not exist."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from services.blacklist.cases.queries.finding import region_prefix
from services.blacklist.identity.domain import can_see
from services.blacklist.identity.models import Department
from services.blacklist.supervision.domain.periods import Period
from shared.errors import FieldError, Invalid, NotFound
from shared.regions import within
from shared.web.access import Principal

OVERSEERS = ("supervisor", "auditor", "assessor")
VIEWERS = ("clerk", "reviewer", "decider", *OVERSEERS)


@dataclass(frozen=True)
class Scope:
    """The departments an answer covers, and the region they were looked for in."""

    departments: tuple[Department, ...]
    region: str | None

    @property
    def ids(self) -> list[str]:
        return [each.id for each in self.departments]


def scope_of(
    session: Session,
    who: Principal,
    period: Period,
    *,
    region: str | None = None,
    department_id: str | None = None,
) -> Scope:
    """Departments that existed in the period, narrowed as asked; raises NotFound for those out of sight."""
    if department_id is not None:
        return Scope((department_in_sight(session, who, department_id),), region)
    if not who.has(*OVERSEERS):
        return Scope((department_in_sight(session, who, who.department_id),), region)
    asked = region or who.region
    if not within(asked, who.region):
        problem = FieldError("/region", "不在本账号的监督范围内，请选择本辖区的行政区划。")
        raise Invalid("validation-failed", "提交的内容有误", fields=[problem])
    return Scope(tuple(_departments(session, asked, period)), asked)


def department_in_sight(session: Session, who: Principal, department_id: str) -> Department:
    found = session.get(Department, department_id)
    if found is None or not can_see(who, found.id, found.region):
        raise NotFound("department-not-found", "没有这个部门")
    return found


def _departments(session: Session, region: str, period: Period) -> Sequence[Department]:
    wanted = select(Department).where(
        Department.valid_from <= period.end,
        or_(Department.valid_to.is_(None), Department.valid_to > period.start),
    )
    prefix = region_prefix(region)
    if prefix:
        wanted = wanted.where(Department.region.startswith(prefix, autoescape=True))
    return session.scalars(wanted.order_by(Department.region, Department.code)).all()
