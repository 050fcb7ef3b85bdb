"""What must hold of a case after every step, told apart from the code that keeps it."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import bindparam, func, literal, null, select, union_all
from sqlalchemy import case as either
from sqlalchemy.orm import Session

from services.blacklist.cases.domain.hearing import lacks_record
from services.blacklist.cases.domain.redaction import things_to_cover
from services.blacklist.cases.models import Case, CaseOverlay, CaseStep
from services.blacklist.register.domain import Status, status
from services.blacklist.register.models import Listing
from services.blacklist.register.queries import standing
from services.blacklist.rules.models import Duty
from services.blacklist.store import outbox

OWING = ("under_review", "noticed", "hearing", "decided", "served")


@dataclass
class Deeds:
    """Who did what to which case, as the test saw it happen."""

    filed: dict[str, str] = field(default_factory=dict)
    edited: dict[str, str] = field(default_factory=dict)
    opened: dict[tuple[str, str], str] = field(default_factory=dict)
    steps: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def note(self, case_id: str, action: str, who: str) -> None:
        makers = {self.filed.get(case_id), self.edited.get(case_id)}
        if action in {"approve_notice", "confirm_decision", "decide", "publish", "correct"}:
            assert who not in makers, f"{action} by its own maker"
        if action == "record_legal_review":
            assert who not in makers, "reviewed by its own maker"
        if action == "file":
            self.filed[case_id] = who
        if action == "edit":
            self.edited[case_id] = who
        if action == "return_for_revision":
            self.steps[case_id].clear()
        self._two_people(case_id, action, who)
        self.steps[case_id].append(action)

    def _two_people(self, case_id: str, action: str, who: str) -> None:
        openers = {
            "suspend": "suspended",
            "open_objection": "objection",
            "open_repair": "repair",
            "report_change": "change",
        }
        closers = {
            "confirm_suspension": "suspended",
            "settle_objection": "objection",
            "settle_repair": "repair",
            "drop_change": "change",
        }
        if action in closers:
            assert self.opened[case_id, closers[action]] != who, f"{action} by who opened it"
        if action in openers:
            self.opened[case_id, openers[action]] = who


CASE, LISTING = bindparam("case"), bindparam("listing")
CASES, LISTINGS = select(Case).where(Case.id == CASE), select(Listing).where(Listing.id == LISTING)
"""Statements are made once: a check after every step costs more in making them than in asking."""
OVERLAYS = select(literal("overlay"), CaseOverlay.kind, CaseOverlay.state, *[null()] * 5).where(
    CaseOverlay.case_id == CASE, CaseOverlay.closed_at.is_(None)
)
DUTIES = select(literal("duty"), Duty.kind, *[null()] * 6).where(
    Duty.case_id == CASE, Duty.done_at.is_(None), Duty.cancelled_at.is_(None)
)
SEQUENCES = (
    select(literal("events"), outbox.c.topic, null(), func.count(), func.min(outbox.c.sequence),
           func.max(outbox.c.sequence), null(), null())
    .where(outbox.c.subject.in_((CASE, LISTING)))
    .group_by(outbox.c.topic)
)  # fmt: skip
STEPS = select(
    literal("steps"),
    null(),
    null(),
    func.count(),
    func.count(CaseStep.version.distinct()),
    func.min(CaseStep.version),
    func.max(CaseStep.version),
    func.count(either((CaseStep.rule_version.is_(None) & CaseStep.action.not_in(("file", "edit")), 1))),
).where(CaseStep.case_id == CASE)
TRACES = union_all(OVERLAYS, DUTIES, SEQUENCES, STEPS)


def load_case(session: Session, case_id: str) -> Case:
    return session.scalars(CASES, {"case": case_id}).one()


def check_case(session: Session, case_id: str, deeds: Deeds, today: date) -> None:
    case = load_case(session, case_id)
    traces: defaultdict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for what, *found in session.execute(TRACES, {"case": case_id, "listing": case.listing_id}):
        traces[what].append(tuple(found))
    running = {kind: state for kind, state, *_ in traces["overlay"]}
    _public_as_it_should(session, case, running, deeds, today)
    _duties_as_they_should(case, running, Counter(kind for kind, *_ in traces["duty"]))
    for topic, _, count, first, last, *_ in traces["events"]:
        # From 1 without a gap; the database itself refuses a number twice.
        assert (first, last) == (1, count), topic
    (steps,) = traces["steps"]
    assert steps[2:] == (case.version, case.version, 1, case.version, 0)


def _public_as_it_should(
    session: Session, case: Case, running: dict[str, str], deeds: Deeds, today: date
) -> None:
    listing = session.scalars(LISTINGS, {"listing": case.listing_id}).first() if case.listing_id else None
    shown = listing is not None and status(standing(listing), today) is Status.PUBLIC
    assert case.publicity_max_end is not None or not shown
    over = case.publicity_max_end is not None and today >= case.publicity_max_end
    hidden = {"suspended", "shield"} & running.keys()
    assert shown == (case.state == "published" and not hidden and not over), (case.state, running, shown)
    if not shown:
        return
    done = deeds.steps[case.id]
    wanted = (
        {"approve_notice", "decide", "record_service"} if case.procedure == "full" else {"confirm_decision"}
    )
    assert wanted | {"publish"} <= set(done), f"public without {wanted - set(done)}"
    assert case.service_effective_on is not None
    assert case.service_effective_on <= today
    assert case.decision is not None
    assert case.reviewed_hash == case.content_hash
    assert not lacks_record(case.hearing), "decided after a hearing without its record"
    groups = {"misconduct": case.misconduct, "document": case.document}
    if things_to_cover(groups, case.disclosure_exceptions, case.disclosure_covered):
        assert case.redacted_hash == case.content_hash
        assert case.redactor_id not in {None, case.filer_id, case.publisher_id}


def _duties_as_they_should(case: Case, running: dict[str, str], found: Counter[str]) -> None:
    expected = Counter({"publish": 1} if case.state in OWING and case.disclosure == "proactive" else {})
    for kind in ("objection", "repair"):
        if kind in running:
            expected[f"{'accept' if running[kind] == 'open' else 'settle'}-{kind}"] += 1
    expected["decide-expiry"] += "expiry" in running
    expected["review-linked"] += "linked" in running
    expected["publish-change"] += "change" in running
    expected["serve-again"] += case.state == "published" and case.decision_failed_on is not None
    assert found == +expected, (case.state, running, found)
