"""Which known subjects a row may be about: shown to the clerk, never merged by itself."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from services.blacklist.cases.domain.layout import SheetRow
from services.blacklist.cases.domain.table import NOT_LISTED, WITHDRAWN
from services.blacklist.cases.models import Case
from services.blacklist.store import Deps
from shared.errors import DomainError

MOST = 3
Known = tuple[str, str, str | None, str | None, str, str | None]


def suggestions(
    session: Session, deps: Deps, rows: Sequence[SheetRow], department_id: str
) -> Mapping[int, list[dict[str, Any]]]:
    """By row number: earlier cases of the same subject, and of another subject of the same name."""
    good = {row.number: row.filing["subject"] for row in rows if not row.errors}
    blinds = {number: _blind(deps, subject) for number, subject in good.items()}
    codes = {subject["uscc"] for subject in good.values() if subject.get("uscc")}
    names = {subject["name"] for subject in good.values()}
    persons = {blind for blind in blinds.values() if blind}
    if not good:
        return {}
    columns = (Case.id, Case.subject_name, Case.uscc, Case.id_blind, Case.state, Case.document_number)
    same = or_(Case.uscc.in_(codes), Case.subject_name.in_(names), Case.id_blind.in_(persons))
    wanted = select(*columns).where(
        Case.department_id == department_id, Case.state.not_in((WITHDRAWN, NOT_LISTED)), same
    )
    known = [row._tuple() for row in session.execute(wanted.order_by(Case.id.desc()))]
    return {
        number: found for number, subject in good.items() if (found := _of(subject, blinds[number], known))
    }


def _blind(deps: Deps, subject: Mapping[str, Any]) -> str | None:
    number = subject.get("id_number")
    try:
        return deps.keyring.blind_index(number) if number else None
    except (DomainError, ValueError):
        return None


def _of(subject: Mapping[str, Any], blind: str | None, known: Sequence[Known]) -> list[dict[str, Any]]:
    found = []
    for case_id, name, uscc, id_blind, state, number in known:
        same = (uscc is not None and uscc == subject.get("uscc")) or (blind is not None and id_blind == blind)
        if not same and name != subject["name"]:
            continue
        why = "同一主体已有其他案件" if same else "名称相同而代码不同，请核对是否同一主体"
        found.append({"case_id": case_id, "why": why, "state": state, "document_number": number})
    return found[:MOST]
