"""The indicators of each department in a period, from duties, deliveries and the ledger, in a few queries.

A publication is owed in the period its due date falls into; what is not yet due and not yet done is in no
rate. Deliveries belong to the period their listing's version was made in.
"""

import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from services.blacklist.disclosure.domain import ANSWER_DUTY
from services.blacklist.openness.domain.items import INTERPRET_DUTY, ITEM_DUTY
from services.blacklist.openness.domain.opinions import INFORMATION_DUTY, PRESS_DUTY
from services.blacklist.openness.domain.reports import REPORT_DUTY
from services.blacklist.register.models import DeliveryStatus, Listing, ListingVersion
from services.blacklist.rules.models import Duty
from services.blacklist.supervision.domain.decisions import Compliance, compliance_of
from services.blacklist.supervision.domain.periods import Period
from services.blacklist.supervision.domain.rates import (
    Rate,
    duration_text,
    median_hours,
    worst_tenth_hours,
)
from services.blacklist.supervision.models import InspectionItem
from services.blacklist.supervision.queries.ledger import statuses_by_department
from shared.clock import local_date

PUBLISH, CHANGE_DUTY = "publish", "publish-change"
PUBLISHING = (PUBLISH, CHANGE_DUTY, ITEM_DUTY)
"""Listings, their changes and items of the catalogue alike: what was owed to the public."""
OPINION = (INFORMATION_DUTY, PRESS_DUTY)
OBJECTION, REPAIR = ("accept-objection", "settle-objection"), ("accept-repair", "settle-repair")
SHORT_WD = 7
TALLIES = (
    "short", "long", "objection", "repair", "applications", "rectification", "items", "interpretations",
    "opinions", "reports",
)  # fmt: skip
COUNTED = (Duty.department_id, Duty.kind, Duty.length_wd, Duty.due_on, Duty.due_at, Duty.done_at)
CONFIRMED, FAILED, BY_HAND = "acknowledged", ("rejected", "dead"), "awaiting-hand"
NOT_COUNTED = ("superseded",)


@dataclass
class Tally:
    """What one kind of duty came to: owed, done at all, done in time."""

    owed: int = 0
    done: int = 0
    on_time: int = 0

    def add(self, done_on: date | None, due_on: date) -> None:
        self.count(done=done_on is not None, on_time=done_on is not None and done_on <= due_on)

    def count(self, *, done: bool, on_time: bool) -> None:
        self.owed += 1
        self.done += done
        self.on_time += on_time

    @property
    def timely(self) -> Rate:
        return Rate(self.on_time, self.owed)


@dataclass
class Pushes:
    """What became of what platforms had to be told.

    What waits for a person to report it (待人工报送), or is on its way and not late, has no outcome yet.
    """

    total: int = 0
    confirmed: int = 0
    failed: int = 0
    late: int = 0
    by_hand: int = 0
    under_way: int = 0
    seconds: list[float] = field(default_factory=list)

    def add(self, state: str, *, late: bool, seconds: float) -> None:
        self.total += 1
        self.failed += state in FAILED
        self.late += late
        self.by_hand += state == BY_HAND
        self.under_way += not late and state not in (CONFIRMED, BY_HAND, *FAILED)
        if state == CONFIRMED:
            self.confirmed += 1
            self.seconds.append(max(seconds, 0.0))

    @property
    def success(self) -> Rate:
        return Rate(self.confirmed, self.total - self.by_hand - self.under_way)

    @property
    def timely(self) -> Rate:
        return Rate(self.total - self.late, self.total)

    @property
    def median_hours(self) -> Decimal | None:
        return median_hours(self.seconds)

    @property
    def slow_hours(self) -> Decimal | None:
        return worst_tenth_hours(self.seconds)

    @property
    def median_text(self) -> str:
        return duration_text(statistics.median(self.seconds)) if self.seconds else "—"


@dataclass
class Figures:
    """Everything counted for one department, or for several together."""

    short: Tally = field(default_factory=Tally)
    long: Tally = field(default_factory=Tally)
    objection: Tally = field(default_factory=Tally)
    repair: Tally = field(default_factory=Tally)
    applications: Tally = field(default_factory=Tally)
    items: Tally = field(default_factory=Tally)
    interpretations: Tally = field(default_factory=Tally)
    opinions: Tally = field(default_factory=Tally)
    reports: Tally = field(default_factory=Tally)
    rectification: Tally = field(default_factory=Tally)
    pushes: Pushes = field(default_factory=Pushes)
    ledger: Compliance = field(default_factory=lambda: compliance_of(()))
    published: int = 0
    overdue: int = 0

    @property
    def publication(self) -> Rate:
        """公开率: published at all, among publications owed."""
        return Rate(self.short.done + self.long.done, self.short.owed + self.long.owed)

    @property
    def timeliness(self) -> Rate:
        """及时率: published within the term, among publications owed."""
        return self.short.timely + self.long.timely

    @property
    def late_rectifications(self) -> int:
        return self.rectification.owed - self.rectification.on_time

    def rates(self) -> dict[str, Rate]:
        """By the names the assessment sheet uses."""
        return {
            "publication": self.publication,
            "timely_7": self.short.timely,
            "timely_20": self.long.timely,
            "push_success": self.pushes.success,
            "push_timely": self.pushes.timely,
            "objection": self.objection.timely,
            "repair": self.repair.timely,
            "ledger": self.ledger.compliance,
        }

    def counts(self) -> dict[str, int]:
        return {
            "concealed": self.ledger.counts["concealed"],
            "late_rectifications": self.late_rectifications,
        }


def figures_of(
    session: Session, department_ids: Sequence[str], period: Period, today: date
) -> dict[str, Figures]:
    """By department, in the order given."""
    found = {each: Figures() for each in department_ids}
    _count_duties(session, found, period, today)
    _count_rectifications(session, found, period, today)
    _count_pushes(session, found, period)
    _count_published(session, found, period)
    _count_overdue(session, found, today)
    for department_id, statuses in statuses_by_department(session, department_ids, period, today).items():
        found[department_id].ledger = compliance_of(statuses)
    return found


def together(each: Iterable[Figures]) -> Figures:
    """The figures of several departments as one."""
    total, ledger = Figures(), defaultdict[str, int](int)
    for one in each:
        for name in TALLIES:
            into, add = getattr(total, name), getattr(one, name)
            into.owed, into.done = into.owed + add.owed, into.done + add.done
            into.on_time += add.on_time
        _merge_pushes(total.pushes, one.pushes)
        for status, count in one.ledger.counts.items():
            ledger[status] += count
        total.published, total.overdue = total.published + one.published, total.overdue + one.overdue
    total.ledger = Compliance({**total.ledger.counts, **ledger})
    return total


def _merge_pushes(into: Pushes, add: Pushes) -> None:
    into.total, into.confirmed = into.total + add.total, into.confirmed + add.confirmed
    into.failed, into.late = into.failed + add.failed, into.late + add.late
    into.by_hand, into.under_way = into.by_hand + add.by_hand, into.under_way + add.under_way
    into.seconds = [*into.seconds, *add.seconds]


_KINDS = {
    **dict.fromkeys(OBJECTION, "objection"),
    **dict.fromkeys(REPAIR, "repair"),
    ANSWER_DUTY: "applications",
    INTERPRET_DUTY: "interpretations",
    **dict.fromkeys(OPINION, "opinions"),
    REPORT_DUTY: "reports",
}


def _tallies(figures: Figures, kind: str, length_wd: int) -> list[Tally]:
    """Where a duty of this kind counts; an item counts among publications and on its own."""
    if kind in PUBLISHING:
        among = figures.short if length_wd <= SHORT_WD else figures.long
        return [among, figures.items] if kind == ITEM_DUTY else [among]
    return [getattr(figures, _KINDS[kind])] if kind in _KINDS else []


def _count_duties(session: Session, found: Mapping[str, Figures], period: Period, today: date) -> None:
    wanted = select(Duty).where(
        Duty.department_id.in_(found),
        Duty.cancelled_at.is_(None),
        Duty.due_on >= period.start,
        Duty.due_on <= period.end,
        or_(Duty.done_at.is_not(None), is_overdue(today)),
    )
    for row in session.execute(wanted.with_only_columns(*COUNTED)):
        for tally in _tallies(found[row.department_id], row.kind, row.length_wd):
            tally.count(done=row.done_at is not None, on_time=met_in_time(row))


def met_in_time(duty: Any) -> bool:
    """To the second where the clock on the wall counts, to the day where the calendar does."""
    if duty.done_at is None or duty.due_on is None:
        return False
    if duty.due_at is not None:
        return bool(duty.done_at <= duty.due_at)
    return bool(local_date(duty.done_at) <= duty.due_on)


def is_overdue(today: date) -> ColumnElement[bool]:
    """Past its day; by the wall clock, as the clock loop marked it within the second."""
    return or_(Duty.due_on < today, Duty.overdue_at.is_not(None))


def _count_rectifications(
    session: Session, found: Mapping[str, Figures], period: Period, today: date
) -> None:
    wanted = select(InspectionItem.department_id, InspectionItem.due_on, InspectionItem.rectified_at).where(
        InspectionItem.department_id.in_(found),
        InspectionItem.due_on >= period.start,
        InspectionItem.due_on <= period.end,
        or_(InspectionItem.rectified_at.is_not(None), InspectionItem.due_on < today),
    )
    for department_id, due_on, at in session.execute(wanted):
        if due_on is not None:
            found[department_id].rectification.add(local_date(at) if at else None, due_on)


def _count_pushes(session: Session, found: Mapping[str, Figures], period: Period) -> None:
    wanted = (
        select(
            Listing.department_id,
            DeliveryStatus.state,
            DeliveryStatus.late,
            DeliveryStatus.at,
            ListingVersion.at,
        )
        .join(Listing, Listing.id == DeliveryStatus.listing_id)
        .join(
            ListingVersion,
            (ListingVersion.listing_id == DeliveryStatus.listing_id)
            & (ListingVersion.version == DeliveryStatus.version),
        )
        .where(
            Listing.department_id.in_(found),
            Listing.migrated.is_(False),
            DeliveryStatus.state.not_in(NOT_COUNTED),
            *_within(ListingVersion.at, period),
        )
    )
    for department_id, state, late, at, made_at in session.execute(wanted):
        found[department_id or ""].pushes.add(state, late=late, seconds=_seconds(made_at, at))


def _within(column: InstrumentedAttribute[datetime], period: Period) -> tuple[ColumnElement[bool], ...]:
    return (column >= period.opens_at, column < period.closes_at)


def _seconds(start: datetime, end: datetime) -> float:
    return (end - start).total_seconds()


def _count_published(session: Session, found: Mapping[str, Figures], period: Period) -> None:
    wanted = select(Listing.department_id, func.count()).where(
        Listing.department_id.in_(found), Listing.migrated.is_(False), *_within(Listing.published_at, period)
    )
    for department_id, count in session.execute(wanted.group_by(Listing.department_id)):
        found[department_id or ""].published = count


def _count_overdue(session: Session, found: Mapping[str, Figures], today: date) -> None:
    wanted = select(Duty.department_id, func.count()).where(
        Duty.department_id.in_(found),
        Duty.done_at.is_(None),
        Duty.cancelled_at.is_(None),
        is_overdue(today),
    )
    for department_id, count in session.execute(wanted.group_by(Duty.department_id)):
        found[department_id].overdue = count
