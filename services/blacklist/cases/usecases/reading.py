"""Reads of personal data leave their trace: who read what of which case, and when; never the content.

Each is written after the reading, in a short transaction of its own: no lock is held while a file is opened,
typeset or sent, and nothing is answered of which the trail does not know.
"""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from services.blacklist.audit import usecases as audit
from services.blacklist.audit.queries import EntryFilter, is_recorded
from services.blacklist.cases.domain.filing import INDIVIDUAL
from services.blacklist.store import Deps
from shared.web.access import Principal

VIEW, LIST = "case.read", "case.read-list"


def trace_read(deps: Deps, who: Principal, action: str, case_id: str, detail: Mapping[str, Any]) -> None:
    """One entry for one reading of a paper of the case."""
    with deps.db.write() as session:
        audit.record(
            session, actor=who, action=action, object_type="case", object_id=case_id, detail=detail,
            at=deps.clock.now(),
        )  # fmt: skip


def trace_view(deps: Deps, who: Principal, case_id: str, subject_type: str) -> None:
    """A person's case was seen: one entry a day (Beijing) for each viewer and case.

    A page asked for again costs one look at the index of the trail and writes nothing; two first views at the
    same moment may both be written, which nobody has to wait for.
    """
    if subject_type != INDIVIDUAL:
        return
    today = deps.clock.today()
    seen = EntryFilter(VIEW, case_id, "case", who.user_id, today, today)
    with deps.db.read() as session:
        if is_recorded(session, seen):
            return
    trace_read(deps, who, VIEW, case_id, {})


def persons_of(rows: Iterable[tuple[str, str]]) -> list[str]:
    """Of (id, subject type), the ids of natural persons."""
    return [each for each, subject_type in rows if subject_type == INDIVIDUAL]


def persons_in(import_id: str, rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """Of the rows of an uploaded sheet as they are shown, those about natural persons."""
    shown = ((each["row"], each["preview"]) for each in rows)
    return [f"{import_id}:{row}" for row, told in shown if _personal(told)]


def _personal(told: Mapping[str, Any]) -> bool:
    """A row with mistakes may lack the type of its subject; a number shown, though masked, tells."""
    return told.get("type") == INDIVIDUAL or bool(told.get("id_masked"))


def trace_list(deps: Deps, who: Principal, view: str, persons: Iterable[str]) -> None:
    """A list named natural persons, masked or not: one entry for all of them, told by what they stand in.

    The same list asked for again on the same day (Beijing) by the same viewer writes nothing; another page of
    it, or one more person on it, does. Lists without a person leave no trace.
    """
    named = sorted(set(persons))
    if not named:
        return
    shown = f"{view}:{hashlib.sha256(','.join(named).encode()).hexdigest()[:24]}"
    today = deps.clock.today()
    with deps.db.read() as session:
        if is_recorded(session, EntryFilter(LIST, shown, "person-list", who.user_id, today, today)):
            return
    with deps.db.write() as session:
        audit.record(
            session, actor=who, action=LIST, object_type="person-list", object_id=shown,
            detail={"view": view, "persons": len(named), "of": named}, at=deps.clock.now(),
        )  # fmt: skip
