"""Duplicates (重复): the same document of the same organ about the same subject, in the sheet or in a case.

They are held for the clerk's word; another organ's document of the same number is only remarked on.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.blacklist.cases.domain.likeness import folded_name
from services.blacklist.cases.domain.rows import SheetRow
from services.blacklist.cases.domain.sameness import folded_number, writings
from services.blacklist.cases.domain.table import NOT_LISTED, WITHDRAWN
from services.blacklist.cases.models import Case
from services.blacklist.cases.usecases.imports.suggesting import blind_of
from services.blacklist.store import Deps

DUPLICATE, OTHER_ORGAN = "duplicate", "same-document"
Remarks = dict[int, list[dict[str, Any]]]


class Filed(NamedTuple):
    """An earlier case with one of the numbers asked for."""

    case_id: str
    number: str
    organ: str
    name: str
    uscc: str | None
    blind: str | None
    state: str


def _who(subject: Mapping[str, Any]) -> str:
    return subject.get("uscc") or f"{folded_name(subject['name'])}|{subject.get('id_number') or ''}"


def identity_of(deps: Deps, filing: Mapping[str, Any]) -> str:
    """Keyed digest of what makes two rows the same listing."""
    document = filing["document"]
    number, organ = folded_number(document["number"]), folded_name(document.get("organ") or "")
    return deps.keyring.blind_index(f"{number}|{organ}|{_who(filing['subject'])}")


@dataclass
class Doubles:
    """The rows met so far, by document and subject."""

    _seen: dict[tuple[str, str], tuple[int, str]] = field(default_factory=dict)

    def among(self, session: Session, deps: Deps, rows: Sequence[SheetRow], department_id: str) -> Remarks:
        """By row: the earlier row or case it repeats."""
        filed = _filed(session, rows, department_id)
        remarks: Remarks = {}
        for row in rows:
            found = [self._in_sheet(row), *_in_cases(deps, row, filed)]
            if told := [each for each in found if each]:
                remarks[row.number] = told
        return remarks

    def _in_sheet(self, row: SheetRow) -> dict[str, Any] | None:
        document, subject = row.filing["document"], row.filing["subject"]
        organ = folded_name(document.get("organ") or "")
        key = (folded_number(document["number"]), _who(subject))
        first, whose = self._seen.setdefault(key, (row.number, organ))
        if first == row.number:
            return None
        same = organ == whose
        why = f"与第{first}行重复（同一文书、同一机关、同一主体）"
        other = f"与第{first}行文号和主体相同，作出机关不同"
        return {"kind": DUPLICATE if same else OTHER_ORGAN, "why": why if same else other, "row": first}


def _filed(session: Session, rows: Sequence[SheetRow], department_id: str) -> dict[str, list[Filed]]:
    numbers = {written for row in rows for written in writings(row.filing["document"]["number"])}
    if not numbers:
        return {}
    columns = (
        Case.id, Case.document_number, Case.document, Case.subject_name, Case.uscc, Case.id_blind, Case.state
    )  # fmt: skip
    wanted = select(*columns).where(
        Case.document_number.in_(numbers),
        Case.department_id == department_id,
        Case.state.not_in((WITHDRAWN, NOT_LISTED)),
    )
    found: dict[str, list[Filed]] = {}
    for case_id, number, document, name, uscc, blind, state in session.execute(wanted):
        one = Filed(case_id, number, document.get("organ") or "", name, uscc, blind, state)
        found.setdefault(folded_number(number), []).append(one)
    return found


def _in_cases(deps: Deps, row: SheetRow, filed: Mapping[str, Sequence[Filed]]) -> Iterable[dict[str, Any]]:
    document, subject = row.filing["document"], row.filing["subject"]
    for case in filed.get(folded_number(document["number"]), ()):
        if not _same_subject(deps, subject, case):
            continue
        same = folded_name(document.get("organ") or "") == folded_name(case.organ)
        why = "该文书和主体已经录入过" if same else "同一文号和主体已经录入过，作出机关不同"
        yield {
            "kind": DUPLICATE if same else OTHER_ORGAN,
            "why": why,
            "case_id": case.case_id,
            "state": case.state,
            "document_number": case.number,
        }


def _same_subject(deps: Deps, subject: Mapping[str, Any], case: Filed) -> bool:
    blind, code = blind_of(deps, subject), subject.get("uscc")
    if blind and case.blind:
        return blind == case.blind
    if code and case.uscc:
        return bool(code == case.uscc)
    return folded_name(subject["name"]) == folded_name(case.name)
