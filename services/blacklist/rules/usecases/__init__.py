"""What changes rules' own data: duties of cases, and the years of the working-day calendar."""

from services.blacklist.rules.usecases.calendars import confirm_year, propose_year, reject_year
from services.blacklist.rules.usecases.clockwork import CalendarKeeper, DutyClock, recompute_duties
from services.blacklist.rules.usecases.duties import (
    cancel_duties,
    create_deadline,
    create_duty,
    extend_duty,
    move_duties,
    pause_duty,
    restart_duty,
    resume_duty,
    settle_duty,
    start_duty,
)

__all__ = [
    "CalendarKeeper",
    "DutyClock",
    "cancel_duties",
    "confirm_year",
    "create_deadline",
    "create_duty",
    "extend_duty",
    "move_duties",
    "pause_duty",
    "propose_year",
    "recompute_duties",
    "reject_year",
    "restart_duty",
    "resume_duty",
    "settle_duty",
    "start_duty",
]
