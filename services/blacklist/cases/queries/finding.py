"""Which cases someone may see (own department; supervisors and auditors their region) and finding them.

A case out of sight is answered as if it did not exist.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, or_, select, true
from sqlalchemy.orm import Session

from services.blacklist.cases.models import Case
from services.blacklist.identity.domain import can_act
from shared.errors import Forbidden, NotFound
from shared.web.access import Principal

Rows = TypeVar("Rows", bound=Select[*tuple[Any, ...]])
NATION = "000000"
OVERSEERS = frozenset({"supervisor", "auditor"})


def region_prefix(region: str) -> str:
    """GB/T 2260 prefix of everything within a region: 130100 → 1301, 000000 → the empty prefix."""
    return region.removesuffix("00").removesuffix("00").removesuffix("00")


def visible_to(who: Principal) -> ColumnElement[bool]:
    """The row filter every read goes through."""
    own = Case.department_id == who.department_id
    if not who.roles & OVERSEERS:
        return own
    prefix = region_prefix(who.region)
    return or_(own, Case.region.startswith(prefix, autoescape=True)) if prefix else true()


def find_case(session: Session, case_id: str, who: Principal) -> Case:
    case = session.scalars(select(Case).where(Case.id == case_id, visible_to(who))).first()
    if case is None:
        raise NotFound("case-not-found", "没有这个案件")
    return case


def case_to_act_on(session: Session, case_id: str, actor: Principal) -> Case:
    """The case under its row lock; foreign ones do not exist, overseers may look but not act."""
    found = cases_to_act_on(session, [case_id], actor)
    if not found:
        raise NotFound("case-not-found", "没有这个案件")
    case = found[case_id]
    if not can_act(actor, case.department_id):
        raise Forbidden("not-own-department", "不是本部门的案件", "监督和审计人员可以查看，不能办理。")
    return case


def cases_to_act_on(session: Session, ids: Sequence[str], actor: Principal) -> dict[str, Case]:
    """Visible cases among `ids`, locked in order of id so that two bulks never deadlock."""
    wanted = select(Case).where(Case.id.in_(ids), visible_to(actor)).order_by(Case.id).with_for_update()
    return {case.id: case for case in session.scalars(wanted.execution_options(populate_existing=True))}


@dataclass(frozen=True)
class CaseFilter:
    """What a list of cases may be narrowed by."""

    state: str | None = None
    list_code: str | None = None
    list_class: str | None = None
    domain: str | None = None
    region: str | None = None
    department_id: str | None = None
    subject_type: str | None = None
    uscc: str | None = None
    document_number: str | None = None
    q: str | None = None
    document_from: date | None = None
    document_to: date | None = None
    import_id: str | None = None


EQUAL = (
    "state",
    "list_code",
    "list_class",
    "domain",
    "department_id",
    "subject_type",
    "uscc",
    "document_number",
    "import_id",
)


def list_cases(
    session: Session, who: Principal, wanted: CaseFilter, *, before: str | None = None, limit: int = 50
) -> Sequence[Case]:
    """Newest first; `before` is the id of the last case already seen. One row more than `limit` is read."""
    rows = select(Case).where(visible_to(who)).order_by(Case.id.desc()).limit(limit + 1)
    if before:
        rows = rows.where(Case.id < before)
    return session.scalars(narrowed(rows, wanted)).all()


def narrowed(rows: Rows, wanted: CaseFilter) -> Rows:
    """A statement over cases, of those the filter wants only."""
    for name in EQUAL:
        value = getattr(wanted, name)
        if value is not None:
            rows = rows.where(getattr(Case, name) == value)
    if wanted.region and wanted.region != NATION:
        rows = rows.where(Case.region.startswith(region_prefix(wanted.region), autoescape=True))
    if wanted.document_from:
        rows = rows.where(Case.document_date >= wanted.document_from)
    if wanted.document_to:
        rows = rows.where(Case.document_date <= wanted.document_to)
    if wanted.q:
        rows = rows.where(
            or_(
                Case.subject_name.contains(wanted.q, autoescape=True),
                Case.document_number.contains(wanted.q, autoescape=True),
                Case.uscc == wanted.q,
            )
        )
    return rows
