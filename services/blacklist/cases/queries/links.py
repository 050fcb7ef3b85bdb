"""Cases that hang together, seen from either side."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.blacklist.cases.models import Case, CaseLink


def links_of(session: Session, case_id: str) -> list[tuple[str, CaseLink, Case]]:
    """("parent" or "child", the link, the case at its other end), oldest link first."""
    parents = select(CaseLink, Case).join(Case, Case.id == CaseLink.parent_id)
    children = select(CaseLink, Case).join(Case, Case.id == CaseLink.case_id)
    above = session.execute(parents.where(CaseLink.case_id == case_id))
    below = session.execute(children.where(CaseLink.parent_id == case_id))
    found = [
        *(("parent", link, case) for link, case in above),
        *(("child", link, case) for link, case in below),
    ]
    return sorted(found, key=lambda each: each[1].id)


def ancestors(session: Session, case_id: str) -> frozenset[str]:
    """Every case above this one."""
    found: set[str] = set()
    level: Sequence[str] = [case_id]
    while level:
        above = select(CaseLink.parent_id).where(CaseLink.case_id.in_(level))
        level = [each for each in session.scalars(above) if each not in found]
        found.update(level)
    return frozenset(found)
