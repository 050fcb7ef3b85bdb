"""A seeded life of a department: everyone does what they may (and tries what they may not), days pass, loops
run; after each step the promises of `invariants` must hold, and in the end every case must reach its end.
"""

import sqlite3
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import select

from services.blacklist.cases.domain.guards import check
from services.blacklist.cases.domain.hearing import lacks_record
from services.blacklist.cases.domain.standing import Standing
from services.blacklist.cases.domain.table import (
    ACTIONS,
    ARCHIVED,
    DRAFT,
    NOT_LISTED,
    PUBLISHED,
    REMOVED,
    REVOKED,
    WITHDRAWN,
    rows_from,
)
from services.blacklist.cases.models import Case, CaseStep
from services.blacklist.cases.queries.standing import open_overlays, rule_on, standing_of
from services.blacklist.cases.queries.views import acting
from services.blacklist.cases.usecases.announcing import announce_duty
from services.blacklist.cases.usecases.bulk import take_many
from services.blacklist.cases.usecases.clockwork import CaseClock
from services.blacklist.cases.usecases.editing import edit_case
from services.blacklist.cases.usecases.linking import link_case
from services.blacklist.register.models import DeliveryStatus
from services.blacklist.rules.usecases import DutyClock
from shared.errors import DomainError, Invalid
from tests.integration.case_inputs import inputs_for, some_filing
from tests.integration.case_promises import Deeds, check_case, load_case
from tests.unit.blacklist.case_office import Office, add_department, memory_database, officer, open_office
from tests.unit.blacklist.hearings import keep_record, keep_withdrawal, serve_notice

FINAL = (ARCHIVED, NOT_LISTED, WITHDRAWN)
ENDINGS = ("withdraw", "dismiss", "return_for_revision", "revoke")
RARE = ("keep_listing", "remove_linked")
"""Asked for so seldom that whoever may answer mostly does: by turns, for seeds come in few kinds."""
MILD = tuple(action for action in ACTIONS if action not in ENDINGS)
OFFICER_ROLES = frozenset({"clerk", "reviewer", "decider"})
DAYS = (0, 1, 1, 2, 3, 7, 30, 95, 200, 370, 1100)
MOST_CASES, MOST_FILED = 12, 4
PEOPLE = ("clerk", "clerk2", "reviewer", "reviewer2", "decider", "decider2", "all", "all2", "stranger")
END_MOVES = 40
ALIVE = select(Case.id).where(Case.state.not_in(FINAL))
STATES_NOW = select(Case.state).distinct()
BY_THE_CLOCK = select(CaseStep.action).where(CaseStep.actor_id.is_(None)).distinct()
SEEDS, ACTS = st.integers(0, 2**32 - 1), st.integers(20, 80)

seen: Counter[str] = Counter()
"""Steps taken, states and actions reached, over the whole run."""


class World:
    """The office every example starts from a copy of."""

    def __init__(self, folder: Path, clock: Any) -> None:
        self.office = open_office(memory_database(), folder, clock)
        home = self.office.department
        for name in ("all", "all2"):
            person = officer(home, "clerk", name)
            self.office.people[name] = replace(person, roles=OFFICER_ROLES)
        elsewhere = add_department(self.office.deps.db, region="350524")
        self.office.people["stranger"] = replace(officer(elsewhere, "clerk"), roles=OFFICER_ROLES)
        self.started = clock.now()
        raw = self.office.deps.db.engine.raw_connection().driver_connection
        assert raw is not None
        self.raw, self.empty = raw, sqlite3.connect(":memory:")
        self.raw.backup(self.empty)

    def fresh(self) -> Office:
        """The same engine with its compiled statements, and nothing in it but the office."""
        self.empty.backup(self.raw)
        self.office.clock.set(self.started)
        return self.office

    def close(self) -> None:
        self.empty.close()
        self.office.deps.db.close()


class CaseMachine(RuleBasedStateMachine):
    """One department's cases; `world` is set by the test that runs it."""

    world: World

    def __init__(self) -> None:
        super().__init__()
        self.office = self.world.fresh()
        self.cases: list[str] = []
        self.deeds = Deeds()
        self.touched: set[str] = set()
        self.alive: Sequence[str] | None = None
        self.clocks = (
            CaseClock(self.office.deps, "machine"),
            DutyClock(self.office.deps.db, self.office.clock, announce_duty),
        )

    @initialize(kind=st.integers(0, 99))
    def begin(self, kind: int) -> None:
        self.file(kind, "clerk")

    @precondition(lambda self: len(self.cases) < MOST_FILED)
    @rule(kind=st.integers(0, 99), who=st.sampled_from(("clerk", "clerk2", "all")))
    def file(self, kind: int, who: str) -> None:
        seen["steps"] += 1
        case = self.office.file(some_filing(kind, len(self.cases)), by=who)
        self.cases.append(case.id)
        self._note(case.id, "file", who, case.state)

    @rule(seed=SEEDS, acts=ACTS)
    def work(self, seed: int, acts: int) -> None:
        """Some acts of one working day, each followed by the promises."""
        chance = Random(seed)
        for _ in range(acts):
            self._act(chance)
            self.promises()

    @rule(seed=SEEDS, acts=ACTS)
    def live(self, seed: int, acts: int) -> None:
        """Acts with days between them, edits, links and platforms' answers among them."""
        chance = Random(seed)
        for _ in range(acts):
            other = chance.choice((self._act, self._act, self._edit, self._link, self._answer, self._wait))
            other(chance)
            self._act(chance)
            self.promises()

    def _act(self, chance: Random) -> None:
        alive = self._alive(chance)
        if not alive:
            return
        seat, pick = self._look(chance.choice(alive)), chance.randrange(1000)
        if pick % 8 == 0:
            self._try(seat, chance.choice(PEOPLE), chance.choice(ACTIONS), pick)
            return
        possible = [each for who in PEOPLE for each in seat.possible(who)]
        if possible:
            self._try(seat, *chance.choice(possible), pick)

    def _alive(self, chance: Random) -> Sequence[str]:
        """Cases not yet at their end; a new one where there are none."""
        if self.alive is None:
            with self.office.deps.db.read() as session:
                self.alive = session.scalars(ALIVE).all()
        if not self.alive and len(self.cases) < MOST_CASES:
            self.file(chance.randrange(100), "clerk")
            return self.cases[-1:]
        return self.alive

    def _edit(self, chance: Random) -> None:
        seen["steps"] += 1
        case, who = self._load(chance.choice(self.cases)), chance.choice(PEOPLE)
        changes = {"misconduct": {"facts": f"事实{chance.randrange(9)}"}}
        actor, at = self.office.people[who], self.office.clock.now()
        try:
            with self.office.deps.db.write() as session:
                edit_case(session, self.office.deps, case.id, case.version, changes, actor=actor, at=at)
        except DomainError:
            return
        self._note(case.id, "edit", who, case.state)

    def _link(self, chance: Random) -> None:
        seen["steps"] += 1
        one, other, clerk = chance.choice(self.cases), chance.choice(self.cases), self.office.people["clerk"]
        try:
            with self.office.deps.db.write() as session:
                link_case(
                    session, one, other, "affiliate", note=None, actor=clerk, at=self.office.clock.now()
                )
        except DomainError:
            return

    def _answer(self, chance: Random) -> None:
        seen["steps"] += 1
        self._platform(chance.choice(self.cases), chance.choice(("acknowledged", "accepted", "dead")))

    def _wait(self, chance: Random) -> None:
        self.pass_time(chance.choice(DAYS))

    @rule(who=st.sampled_from(PEOPLE), action=st.sampled_from(MILD), pick=st.integers(0, 99))
    def bulk(self, who: str, action: str, pick: int) -> None:
        items = [(case_id, self._load(case_id).version) for case_id in self.cases]
        inputs = inputs_for(action, pick, self.office.clock.today())
        actor, at = self.office.people[who], self.office.clock.now()
        for row in take_many(self.office.deps, action, items, inputs, actor=actor, at=at):
            if row.case is not None:
                self._note(row.case_id, action, who, row.case.state)

    @rule(days=st.sampled_from(DAYS))
    def pass_time(self, days: int) -> None:
        seen["steps"] += 1
        self.office.clock.advance(timedelta(days=days))
        self._run_loops()

    @invariant()
    def promises(self) -> None:
        if not self.touched:
            return
        with self.office.deps.db.read() as session:
            for case_id in self.touched:
                check_case(session, case_id, self.deeds, self.office.clock.today())
        self.touched.clear()

    def teardown(self) -> None:
        """Nothing is stuck: plain diligence brings every case to its end."""
        for case_id in self.cases:
            self._finish(case_id)
        self.promises()

    def _load(self, case_id: str) -> Case:
        with self.office.deps.db.read() as session:
            return load_case(session, case_id)

    def _look(self, case_id: str) -> "Seat":
        today = self.office.clock.today()
        with self.office.deps.db.read() as session:
            case = load_case(session, case_id)
            overlays = open_overlays(session, [case]).get(case_id, {})
        return Seat(
            case, standing_of(case, overlays, rule_on(case.list_code, today), today), self.office, today
        )

    def _try(self, seat: "Seat", who: str, action: str, pick: int) -> None:
        seen["steps"] += 1
        before, allowed = seat.case, (who, action) in seat.possible(who)
        inputs = inputs_for(action, pick, seat.today)
        if action == "close_hearing" and allowed and pick % 3 == 0:
            keep_withdrawal(self.office, before)
            before = self._load(before.id)
        try:
            after = self.office.take(before, action, who, **inputs)
        except DomainError as refused:
            after = self._load(before.id)
            assert (after.version, after.state) == (before.version, before.state), "refused, yet changed"
            answered = action == "open_hearing" or (inputs.get("granted") and before.obligations_open)
            if allowed and not isinstance(refused, Invalid) and not answered:
                raise AssertionError(f"{who} may {action}, yet: {refused}") from refused
            return
        assert allowed, f"{who} did {action} although the guards forbid it"
        assert not (inputs.get("granted") and before.obligations_open), "repaired with obligations open"
        self._note(before.id, action, who, after.state)
        if action == "open_hearing" and pick % 2:
            serve_notice(self.office, after)
        if action == "close_hearing" and pick % 2 and lacks_record(after.hearing):
            keep_record(self.office, after)

    def _note(self, case_id: str, action: str, who: str, state: str) -> None:
        self.touched.add(case_id)
        self.alive = None
        self.deeds.note(case_id, action, self.office.people[who].user_id)
        seen[f"action {action}"] += 1
        seen[f"state {state}"] += 1

    def _run_loops(self) -> None:
        for loop in self.clocks:
            for _ in range(50):
                if not loop.step():
                    break
            else:
                raise AssertionError(f"{loop.name} never comes to rest")
        self.touched.update(self.cases)
        self.alive = None
        with self.office.deps.db.read() as session:
            seen.update(f"state {state}" for state in session.scalars(STATES_NOW))
            seen.update(f"step {action}" for action in session.scalars(BY_THE_CLOCK))

    def _platform(self, case_id: str, state: str) -> None:
        case = self._load(case_id)
        if case.listing_id is None:
            return
        ended = case.state in {REMOVED, REVOKED}
        with self.office.deps.db.write() as session:
            row = session.get(DeliveryStatus, (case.listing_id, "p"))
            if row is None:
                row = DeliveryStatus(listing_id=case.listing_id, platform="p", platform_name="p", version=1,
                                     sequence=1, late=False)  # fmt: skip
                session.add(row)
            row.operation, row.state = ("withdraw" if ended else "list"), state
            row.at = self.office.clock.now()

    def _finish(self, case_id: str) -> None:
        for _ in range(END_MOVES):
            seat = self._look(case_id)
            if seat.case.state in FINAL:
                return
            self._diligently(seat)
            self.promises()
        raise AssertionError(f"case {case_id} is stuck in {seat.case.state}")

    def _diligently(self, seat: "Seat") -> None:
        """The next sensible act of an office that does its work; time passes where there is none."""
        case = seat.case
        if case.state in {REMOVED, REVOKED, PUBLISHED}:
            self._platform(case.id, "acknowledged")
        if lacks_record(case.hearing):
            keep_record(self.office, case)
            seat = self._look(case.id)
        lost = case.state == DRAFT or case.notice_failed_on is not None
        useful = set(FORWARD if lost else FORWARD[:-1])
        if seat.standing.statement_heard:  # nothing more to hear; what is left may have to wait
            useful.discard("record_statement")
        possible = {each for who in PEOPLE for each in seat.possible(who) if each[1] in useful}
        for who, action in sorted(possible, key=lambda each: (FORWARD.index(each[1]), each[0])):
            self._try(seat, who, action, 0)
            if case.id in self.touched:
                return
        self.office.clock.advance(timedelta(days=60))
        self._run_loops()


@dataclass
class Seat:
    """One case as the people around it see it today."""

    case: Case
    standing: Standing
    office: Office
    today: date
    _known: dict[str, list[tuple[str, str]]] = field(default_factory=dict)

    def possible(self, who: str) -> list[tuple[str, str]]:
        """(person, action) the guards allow now, endings rarer than the rest."""
        if who not in self._known:
            self._known[who] = self._found(who)
        return self._known[who]

    def _found(self, who: str) -> list[tuple[str, str]]:
        actor = acting(self.office.people[who])
        found: list[tuple[str, str]] = []
        mostly = RARE[self.today.toordinal() % 2]
        for row in rows_from(self.case.procedure, self.case.state):
            if row.roles and check(row, self.standing, actor, self.today) is None:
                found += [(who, row.action)] * (
                    1 if row.action in ENDINGS else 60 if row.action == mostly else 12
                )
        return found


FORWARD = (
    "receive_material",
    "settle_objection",
    "settle_repair",
    "refuse_repair",
    "remove_linked",
    "decide_expiry",
    "confirm_suspension",
    "unshield",
    "lift_suspension",
    "publish",
    "approve_redaction",
    "close_undisclosed",
    "record_service",
    "decide",
    "record_legal_review",
    "close_hearing",
    "record_statement",
    "approve_notice",
    "confirm_decision",
    "submit",
    "withdraw",
)
"""What diligence prefers, first things first; a draft that cannot go on is withdrawn, and so is
a case whose notice came back."""
