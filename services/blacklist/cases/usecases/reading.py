"""Reads of personal data leave their trace: who read what of which case, and when; never the content.

Each is written after the reading, in a short transaction of its own: no lock is held while a file is opened,
typeset or sent, and nothing is answered of which the trail does not know.
"""

from collections.abc import Mapping
from typing import Any

from services.blacklist.audit import usecases as audit
from services.blacklist.audit.queries import EntryFilter, is_recorded
from services.blacklist.cases.domain.filing import INDIVIDUAL
from services.blacklist.store import Deps
from shared.web.access import Principal

VIEW = "case.read"


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
