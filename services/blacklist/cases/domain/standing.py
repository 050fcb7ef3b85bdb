"""What guards know about a case and who acts, and how they say no."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date

ROLE, FOUR_EYES, WAIT, STATE, TWICE = "role", "four-eyes", "wait", "state", "twice"


@dataclass(frozen=True)
class Blocked:
    """Why an action is not allowed now; `earliest` is the first Shanghai date it may be done."""

    reason: str
    rule: str
    kind: str = STATE
    earliest: date | None = None


@dataclass(frozen=True)
class Overlay:
    """An open overlay (异议、修复、屏蔽、中止) as guards see it."""

    kind: str
    state: str
    opened_by: str
    second_by: str | None = None
    awaiting: bool = False
    """Material was asked for and has not come (待补正)."""


@dataclass(frozen=True)
class Standing:
    """What guards know about a case: its state, people, hashes, dates. No personal data."""

    procedure: str
    state: str
    department_id: str
    filer: str
    last_editor: str
    content_hash: str = ""
    reviewed_hash: str | None = None
    subject_type: str = "organization"
    minor_until: date | None = None
    disclosure: str = "proactive"
    to_cover: tuple[str, ...] = ()
    """What must be covered before publication, by name; only told of a served case."""
    redacted_hash: str | None = None
    redactor: str | None = None
    statement_heard: bool = False
    """Answered, or waived; nobody waives what a notice that came back did not tell."""
    hearing_waived: bool | None = None
    """False where the party kept its right to a hearing; None where it has said nothing yet."""
    hearing_ends: date | None = None
    hearing_opened: bool = False
    hearing_closed: bool = False
    hearing_held: bool = False
    """Closed after it took place, not withdrawn nor given up."""
    hearing_recorded: bool = False
    """Its record (听证笔录) is among the materials."""
    window_ends: date | None = None
    notice_served: bool = False
    notice_method: str | None = None
    notice_effective_on: date | None = None
    """How and from when the notice counts as served; a public notice only after its days."""
    notice_failed_on: date | None = None
    """The last attempt to serve the notice failed, and none has succeeded since."""
    service_effective_on: date | None = None
    twin: str | None = None
    """The listing that already publishes this document about this subject on this list."""
    unpublished: bool = False
    """The decision gives no publicity at all: its period is zero."""
    publicity_min_end: date | None = None
    publicity_max_end: date | None = None
    reason_code: str | None = None
    ended_on: date | None = None
    restorable: bool = True
    repair_bar: str | None = None
    """The rule by which this record may not be repaired at all (不可修复)."""
    legal_review: str | None = None
    """How the legal review that still counts ended, and who recorded it."""
    legal_reviewer: str | None = None
    review_demand: str | None = None
    """The rule by which no decision is made without a legal review."""
    service_failed: bool = False
    """The decision came back after the listing was published."""
    list_in_force: bool = True
    subject_types: tuple[str, ...] = ("organization", "individual")
    overlays: Mapping[str, Overlay] = field(default_factory=dict)


@dataclass(frozen=True)
class Actor:
    """Who acts: user id, roles, department."""

    user_id: str
    roles: frozenset[str]
    department_id: str


Guard = Callable[[Standing, Actor, date], Blocked | None]


def different(person: str, other: str | None, reason: str) -> Blocked | None:
    """双人复核: one and the same person on both sides of a step is refused."""
    return Blocked(reason, "双人复核：同一事项不得由同一人前后办理", FOUR_EYES) if person == other else None
