"""Hearings for tests: what a lawful one is told with, how it ends, and its record."""

from datetime import date, timedelta
from typing import Any

from services.blacklist.cases.models import Case, CaseAttachment
from services.blacklist.cases.usecases.attachments import Upload, attach
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
    with office.deps.db.write() as session:
        upload = Upload("hearing-record", "听证笔录.pdf", content)
        who, at = office.people["clerk"], office.clock.now()
        return attach(session, office.deps, case.id, upload, actor=who, at=at)


def heard(office: Office, case: Case, **changes: Any) -> Case:
    """From noticed through a held and recorded hearing, twenty-one days later."""
    day = office.clock.today() + timedelta(days=21)
    case = office.take(case, "open_hearing", "clerk", **opening(day))
    office.clock.advance(timedelta(days=21))
    case = office.take(case, "close_hearing", "clerk", **closing(day, **changes))
    keep_record(office, case)
    with office.deps.db.read() as session:
        return session.get_one(Case, case.id)
