"""Due times of cases are announced under the case's list and its subject's public name."""

from datetime import datetime

from sqlalchemy.orm import Session

from services.blacklist.cases.models import Case
from services.blacklist.cases.publishes import shown_name
from services.blacklist.rules.models import Duty
from services.blacklist.rules.publishes import Called
from services.blacklist.rules.usecases.announcing import announce_for


def announce_duty(session: Session, duty: Duty, kind: str, at: datetime) -> None:
    announce_for(session, Case, duty, kind, at, _called)


def _called(case: Case) -> Called:
    return Called(case.list_code, case.list_name, shown_name(case), case.listing_id)
