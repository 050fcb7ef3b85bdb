"""Which known subjects a row may be about: shown to the clerk with the reason, never merged by itself.

Known are the department's latest cases and the rows of the sheet before this one.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.blacklist.cases.domain.figures import figure
from services.blacklist.cases.domain.likeness import folded_name, near_keys, one_sign_apart
from services.blacklist.cases.domain.table import NOT_LISTED, WITHDRAWN
from services.blacklist.cases.models import Case
from services.blacklist.store import Deps
from shared.identifiers import check_resident_id

MOST = 3
SAME_SUBJECT, SAME_CODE, SAME_NAME, NEAR_NAME = "same-subject", "same-code", "same-name", "near-name"
WHY = {
    SAME_CODE: "代码相同而名称不同，请核对名称",
    SAME_NAME: "名称相同而代码不同，请核对是否同一主体",
    NEAR_NAME: "名称只差一个字，请核对是否同一主体",
    SAME_SUBJECT: "同一主体已有其他案件",
}
"""Those that ask for a look come first."""
ORDER = tuple(WHY)


class Known(NamedTuple):
    """A subject met before, in a case or in a row."""

    person: bool
    name: str
    folded: str
    code: str | None
    """统一社会信用代码, of a person the blind index."""
    case_id: str | None
    row: int | None
    state: str | None
    number: str | None


class Acquaintances:
    """Everyone met so far, by code, by name and by names one sign apart."""

    def __init__(self) -> None:
        self._cases: dict[str, list[Known]] = {}
        self._rows: dict[str, Known] = {}
        self._near: dict[int, Known] = {}
        self._names = 0

    @classmethod
    def of(cls, session: Session, department_id: str) -> "Acquaintances":
        columns = (
            Case.id, Case.subject_type, Case.subject_name, Case.uscc, Case.id_blind, Case.state,
            Case.document_number,
        )  # fmt: skip
        wanted = (
            select(*columns)
            .where(Case.department_id == department_id, Case.state.not_in((WITHDRAWN, NOT_LISTED)))
            .order_by(Case.id.desc())
            .limit(figure("imports", "known_subjects"))
        )
        made = cls()
        for case_id, kind, name, uscc, blind, state, number in session.execute(wanted):
            person = kind == "individual"
            known = Known(
                person, name, folded_name(name), blind if person else uscc, case_id, None, state, number
            )
            made._add_case(known)
        return made

    def _add_case(self, known: Known) -> None:
        for key in (known.code, known.folded):
            found = self._cases.setdefault(key, []) if key else []
            if len(found) < MOST:
                found.append(known)
        self._remember_name(known, near_keys(known.folded) if not known.person else set())

    def _remember_name(self, known: Known, keys: Iterable[int]) -> None:
        if known.person or self._names >= figure("imports", "near_names"):
            return
        self._names += 1
        for key in keys:
            self._near.setdefault(key, known)

    def meet(self, deps: Deps, subject: Mapping[str, Any], number: int) -> list[dict[str, Any]]:
        """Whom a row's subject may be, at most three; the subject is known from now on."""
        person = subject.get("type") == "individual"
        code = blind_of(deps, subject) if person else subject.get("uscc")
        folded = folded_name(subject["name"])
        met = Known(person, subject["name"], folded, code, None, number, None, None)
        keys = set() if person else near_keys(folded)
        found = self._like(met, keys)
        if not person:
            for key in (code, folded):
                if key:
                    self._rows.setdefault(key, met)
            self._remember_name(met, keys)
        return found

    def _like(self, met: Known, keys: Iterable[int]) -> list[dict[str, Any]]:
        candidates: list[Known] = []
        for key in (met.code, met.folded):
            if key:
                candidates += self._cases.get(key, ())
                if (row := self._rows.get(key)) is not None:
                    candidates.append(row)
        candidates += [self._near[key] for key in keys if key in self._near]
        kinds = {each: kind for each in candidates if (kind := relation(met, each))}
        ranked = sorted(kinds.items(), key=lambda each: ORDER.index(each[1]))
        return [_shown(known, kind) for known, kind in ranked][:MOST]


def relation(met: Known, known: Known) -> str | None:
    """How a subject met now stands to a known one; None where nothing is to be said."""
    if met.person != known.person:
        return None
    if met.code and met.code == known.code:
        same = SAME_SUBJECT if met.folded == known.folded else SAME_CODE
        return None if same == SAME_SUBJECT and known.row else same
    if met.person:
        return SAME_NAME if met.folded == known.folded and not (met.code and known.code) else None
    if met.folded == known.folded:
        return SAME_NAME if met.code or known.code else (SAME_SUBJECT if known.case_id else None)
    return NEAR_NAME if one_sign_apart(met.folded, known.folded) else None


def _shown(known: Known, kind: str) -> dict[str, Any]:
    return {
        "kind": kind,
        "why": WHY[kind],
        "name": known.name,
        "code": None if known.person else known.code,
        "case_id": known.case_id,
        "row": known.row,
        "state": known.state,
        "document_number": known.number,
    }


def blind_of(deps: Deps, subject: Mapping[str, Any]) -> str | None:
    """The blind index of a person's number, a 15-digit one as its 18 digits."""
    number = subject.get("id_number")
    if not number:
        return None
    resident = (subject.get("id_type") or "resident-id") == "resident-id"
    return deps.keyring.blind_index(check_resident_id(number) if resident else number)
