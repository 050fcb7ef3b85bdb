"""Hearings for tests: what a lawful one is told with, how it ends, and its record."""

from datetime import date, timedelta
from typing import Any

from services.blacklist.cases.models import Case, CaseAttachment
from services.blacklist.cases.usecases.attachments import Upload, attach
from services.blacklist.cases.usecases.hearing import keep_notice
from tests.unit.blacklist.case_office import Office

RECORD = b"%PDF-1.4 record of the hearing %%EOF"


def opening(held_on: date, **changes: Any) -> dict[str, Any]:
    """Inputs of `open_hearing`."""
    given = {"held_on": held_on, "held_time": "09:30", "place": "三楼听证室", "presider": "王法制"}
    return given | changes


def closing(held_on: date, **changes: Any) -> dict[str, Any]:
    """Inputs of `close_hearing` after a hearing that was held."""
    given = {"outcome": "held", "held_on": held_on, "acceptance": "rejected", "reason": "证据确凿"}
    return given | changes


WITHDRAWN: dict[str, Any] = {"outcome": "withdrawn", "reason": "当事人书面撤回"}


def keep_record(office: Office, case: Case, content: bytes = RECORD) -> CaseAttachment:
    return keep(office, case, Upload("hearing-record", "听证笔录.pdf", content))


def keep_withdrawal(office: Office, case: Case) -> CaseAttachment:
    return keep(office, case, Upload("hearing-withdrawal", "撤回听证申请书.pdf", RECORD))


def keep(office: Office, case: Case, upload: Upload) -> CaseAttachment:
    with office.deps.db.write() as session:
        who, at = office.people["clerk"], office.clock.now()
        return attach(session, office.deps, case.id, upload, actor=who, at=at)


def serve_notice(office: Office, case: Case, **changes: Any) -> None:
    """The 听证通知书 reached the party today, as its letter's service tells the case."""
    today = office.clock.today()
    with office.deps.db.write() as session:
        told = {"outcome": "served", "served_on": today, "effective_on": today, "proof": "回证"} | changes
        keep_notice(session.get_one(Case, case.id), told)


def now(office: Office, case: Case) -> Case:
    with office.deps.db.read() as session:
        return session.get_one(Case, case.id)


def withdrawn(office: Office, case: Case) -> Case:
    """Closed after the party took its wish back in writing."""
    keep_withdrawal(office, case)
    return office.take(now(office, case), "close_hearing", "clerk", **WITHDRAWN)


def heard(office: Office, case: Case, *, reviewed: bool = True, **changes: Any) -> Case:
    """From noticed through a held and recorded hearing, twenty-one days later, and legally reviewed."""
    day = office.clock.today() + timedelta(days=21)
    case = office.take(case, "open_hearing", "clerk", **opening(day))
    office.clock.advance(timedelta(days=21))
    case = office.take(case, "close_hearing", "clerk", **closing(day, **changes))
    keep_record(office, case)
    case = now(office, case)
    if not reviewed:
        return case
    return office.take(case, "record_legal_review", "reviewer", conclusion="agreed", opinion="事实清楚")
