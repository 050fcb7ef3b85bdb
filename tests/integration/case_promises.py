"""What must hold of a case after every step, told apart from the code that keeps it."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import bindparam, func, select
from sqlalchemy import case as either
from sqlalchemy.orm import Session

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
        if action in {"approve_notice", "confirm_decision", "decide", "publish"}:
            assert who not in makers, f"{action} by its own maker"
        if action == "file":
            self.filed[case_id] = who
        if action == "edit":
            self.edited[case_id] = who
        if action == "return_for_revision":
            self.steps[case_id].clear()
        self._two_people(case_id, action, who)
        self.steps[case_id].append(action)

    def _two_people(self, case_id: str, action: str, who: str) -> None:
        openers = {"suspend": "suspended", "open_objection": "objection", "open_repair": "repair"}
        closers = {
            "confirm_suspension": "suspended",
            "settle_objection": "objection",
            "settle_repair": "repair",
        }
        if action in closers:
            assert self.opened[case_id, closers[action]] != who, f"{action} by who opened it"
        if action in openers:
            self.opened[case_id, openers[action]] = who


CASE = bindparam("case")
OVERLAYS = select(CaseOverlay.kind, CaseOverlay.state).where(
    CaseOverlay.case_id == CASE, CaseOverlay.closed_at.is_(None)
)
DUTIES = select(Duty.kind).where(Duty.case_id == CASE, Duty.done_at.is_(None), Duty.cancelled_at.is_(None))
SEQUENCES = (
    select(outbox.c.topic, func.count(), func.min(outbox.c.sequence), func.max(outbox.c.sequence))
    .where(outbox.c.subject.in_((CASE, bindparam("listing"))))
    .group_by(outbox.c.topic)
)
STEPS = select(
    func.count(),
    func.count(CaseStep.version.distinct()),
    func.min(CaseStep.version),
    func.max(CaseStep.version),
    func.count(either((CaseStep.rule_version.is_(None) & CaseStep.action.not_in(("file", "edit")), 1))),
).where(CaseStep.case_id == CASE)


def check_case(session: Session, case_id: str, deeds: Deeds, today: date) -> None:
    case = session.get_one(Case, case_id)
    running = {row.kind: row.state for row in session.execute(OVERLAYS, {"case": case_id})}
    _public_as_it_should(session, case, running, deeds, today)
    _duties_as_they_should(session, case, running)
    _events_contiguous(session, case)
    _steps_match_versions(session, case)


def _public_as_it_should(
    session: Session, case: Case, running: dict[str, str], deeds: Deeds, today: date
) -> None:
    listing = session.get(Listing, case.listing_id) if case.listing_id else None
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
    groups = {"misconduct": case.misconduct, "document": case.document}
    if things_to_cover(groups, case.disclosure_exceptions, case.disclosure_covered):
        assert case.redacted_hash == case.content_hash
        assert case.redactor_id not in {None, case.filer_id, case.publisher_id}


def _duties_as_they_should(session: Session, case: Case, running: dict[str, str]) -> None:
    expected = Counter({"publish": 1} if case.state in OWING and case.disclosure == "proactive" else {})
    for kind in ("objection", "repair"):
        if kind in running:
            expected[f"{'accept' if running[kind] == 'open' else 'settle'}-{kind}"] += 1
    expected["decide-expiry"] += "expiry" in running
    expected["review-linked"] += "linked" in running
    found = Counter(session.scalars(DUTIES, {"case": case.id}))
    assert found == +expected, (case.state, running, found)


def _events_contiguous(session: Session, case: Case) -> None:
    """From 1 without a gap; the database itself refuses a number twice."""
    for topic, count, first, last in session.execute(
        SEQUENCES, {"case": case.id, "listing": case.listing_id}
    ):
        assert (first, last) == (1, count), topic


def _steps_match_versions(session: Session, case: Case) -> None:
    found = session.execute(STEPS, {"case": case.id}).one()
    assert tuple(found) == (case.version, case.version, 1, case.version, 0)
