"""Due times of items, opinions and reports are announced under their own numbering; all others as before."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from services.blacklist.disclosure.usecases import announce as announce_others
from services.blacklist.openness.domain.items import INTERPRET_DUTY, ITEM_DUTY
from services.blacklist.openness.domain.opinions import INFORMATION_DUTY, PRESS_DUTY
from services.blacklist.openness.domain.reports import REPORT_DUTY
from services.blacklist.openness.models import OpennessItem, Opinion, Report
from services.blacklist.rules.models import Duty
from services.blacklist.rules.publishes import Called
from services.blacklist.rules.usecases.announcing import announce_for

OWN: dict[str, tuple[Any, str, str]] = {
    ITEM_DUTY: (OpennessItem, "openness-item", "主动公开信息"),
    INTERPRET_DUTY: (OpennessItem, "openness-item", "规范性文件"),
    INFORMATION_DUTY: (Opinion, "public-opinion", "政务舆情"),
    PRESS_DUTY: (Opinion, "public-opinion", "政务舆情"),
    REPORT_DUTY: (Report, "public-report", "监督举报"),
}


def announce(session: Session, duty: Duty, kind: str, at: datetime) -> None:
    """`duty.due-soon` or `duty.overdue`, whoever the duty belongs to."""
    if duty.kind not in OWN:
        announce_others(session, duty, kind, at)
        return
    model, code, name = OWN[duty.kind]
    announce_for(session, model, duty, kind, at, lambda row: Called(code, name, row.number))
