"""The state machine as data: complete, consistent, and never one person twice."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from services.blacklist.cases.domain.content import fingerprint
from services.blacklist.cases.domain.filing import merged, normalised, problems
from services.blacklist.cases.domain.guards import GUARDS, available_actions, check
from services.blacklist.cases.domain.standing import Actor, Standing
from services.blacklist.cases.domain.table import (
    ACTIONS,
    ALL,
    OVERLAYS,
    STATES,
    TRANSITIONS,
    find_transition,
    rows_from,
)
from services.blacklist.cases.schemas import TransitionIn
from services.blacklist.cases.usecases.transition import EFFECTS
from services.blacklist.rules.minors import adult_on, birth_of, minor_until
from shared.contracts.vocabulary import CASE_VERBS
from shared.identifiers import make_resident_id
from tests.unit.blacklist.case_office import FILING, filing, person_filing

TODAY = date(2026, 11, 2)
CONTRACT_STATES = {
    *("draft", "under_review", "noticed", "hearing", "decided", "served", "published", "removed"),
    *("revoked", "not_listed", "withdrawn", "archived"),
}
CONTRACT_ACTIONS = {
    *("submit", "approve_notice", "record_statement", "decide", "record_service", "publish"),
    *("confirm_decision", "return_for_revision", "dismiss", "withdraw", "correct", "revoke", "suspend"),
    *("shield", "unshield", "open_objection", "open_repair", "accept_objection", "accept_repair"),
    *("refuse_repair", "request_material", "extend_repair", "settle_objection", "settle_repair"),
    *("open_hearing", "close_hearing", "restore"),
}


def test_states_actions_and_overlays_are_the_contracts():
    assert set(STATES) == CONTRACT_STATES
    assert set(ACTIONS) >= CONTRACT_ACTIONS
    assert set(OVERLAYS) >= {"objection", "repair", "shield", "suspended"}


@pytest.mark.parametrize("row", TRANSITIONS, ids=lambda row: f"{row.action}-{row.procedures[0]}")
def test_every_row_is_whole(row):
    assert set(row.sources) <= set(STATES)
    assert row.target is None or row.target in STATES
    assert row.action in EFFECTS
    assert set(row.guards) <= set(GUARDS)
    assert row.event is None or row.event in CASE_VERBS
    inputs = set(TransitionIn._declared_fields)
    assert set(row.required) | set(row.optional) <= inputs


def test_no_state_has_two_rows_for_one_action():
    for procedure in ALL:
        for state in STATES:
            actions = [row.action for row in rows_from(procedure, state)]
            assert len(actions) == len(set(actions)), (procedure, state)


@pytest.mark.parametrize("procedure", ALL)
def test_every_state_is_reachable_and_only_ends_end(procedure):
    reached, frontier = {"draft"}, ["draft"]
    while frontier:
        for row in rows_from(procedure, frontier.pop()):
            target = row.target
            if target and target not in reached:
                reached.add(target)
                frontier.append(target)
    skipped = set() if procedure == "full" else {"noticed", "hearing", "decided"}
    assert reached | {"removed"} == set(STATES) - skipped
    ends = {state for state in reached if {row.action for row in rows_from(procedure, state)} <= {"restore"}}
    assert ends == {"not_listed", "withdrawn", "archived"}


class OneCase(RuleBasedStateMachine):
    """Three people who hold every role take any action in any order."""

    def __init__(self):
        super().__init__()
        self.case = Standing("full", "draft", "d", filer="a", last_editor="a", content_hash="1")
        self.reviewer = self.decider = self.publisher = None

    @rule(who=st.sampled_from("abc"), action=st.sampled_from(ACTIONS))
    def act(self, who, action):
        row = find_transition("full", self.case.state, action)
        actor = Actor(who, frozenset({"clerk", "reviewer", "decider"}), "d")
        if row is None or check(row, self.case, actor, TODAY):
            return
        self.case = replace(self.case, state=row.target or self.case.state, service_effective_on=TODAY)
        if action == "approve_notice":
            self.reviewer, self.case = who, replace(self.case, reviewed_hash=self.case.content_hash)
        if action == "record_statement":
            self.case = replace(self.case, statement_heard=True)
        if action == "decide":
            self.decider = who
        if action == "publish":
            self.publisher = who
        if self.case.state == "draft":
            self.reviewer = self.decider = None
            self.case = replace(self.case, reviewed_hash=None, statement_heard=False)

    @rule(who=st.sampled_from("abc"), content=st.sampled_from("123"))
    def edit(self, who, content):
        if self.case.state == "draft":
            self.case = replace(self.case, last_editor=who, content_hash=content)

    @invariant()
    def nobody_makes_and_checks(self):
        makers = {self.case.filer, self.case.last_editor}
        if self.case.state in {"noticed", "hearing", "decided", "served", "published"}:
            assert self.reviewer not in makers
            assert self.case.reviewed_hash == self.case.content_hash
        if self.case.state in {"decided", "served", "published"}:
            assert self.decider not in makers
        if self.case.state == "published":
            assert self.publisher not in makers


TestOneCase = OneCase.TestCase
TestOneCase.settings = settings(max_examples=25, stateful_step_count=30, deadline=None)


def test_blocked_actions_are_explained():
    case = Standing("full", "noticed", "d", filer="a", last_editor="a", window_ends=date(2026, 11, 9))
    answers = available_actions(case, Actor("b", frozenset({"decider"}), "d"), TODAY)
    assert {each["action"] for each in answers} == {row.action for row in rows_from("full", "noticed")}
    for each in answers:
        assert each["allowed"] or (each["reason"] and each["rule"])


def test_minors():
    assert adult_on(date(2008, 2, 29)) == date(2026, 3, 1)
    young = make_resident_id("130102", date(2009, 1, 1), 1)
    birth = birth_of("resident-id", young)
    assert minor_until(birth, None) == date(2027, 1, 1)
    assert minor_until(birth, date(2026, 1, 1)) == date.max
    assert minor_until(None, date(2026, 1, 1)) is None


def test_fingerprint_depends_on_content_not_on_order():
    assert fingerprint({"a": 1, "b": 2}) == fingerprint({"b": 2, "a": 1})
    assert fingerprint({"a": 1}) != fingerprint({"a": 2})


def test_merging_keeps_what_is_not_named():
    changed = merged(FILING, {"document": {"fine_wan": None}, "domain": "tax"})
    assert (changed["document"]["number"], changed["document"]["fine_wan"]) == (
        FILING["document"]["number"],
        None,
    )
    assert FILING["document"]["fine_wan"] == "2.5"


def test_identity_numbers_in_free_text_are_masked():
    content = person_filing(document={"content": "对130102198001020016罚款"})
    number = content["subject"]["id_number"]
    content["document"]["content"] = f"对{number}罚款"
    kept = normalised(content)
    assert number not in kept["document"]["content"]
    assert kept["subject"]["id_number"] == number


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"subject": {"id_number": "x"}}, "/subject/id_number"),
        ({"subject": {"legal_representative_id_number": "123"}}, "/subject/legal_representative_id_number"),
        ({"document": {"penalty_category": "打板子"}}, "/document/penalty_category"),
        ({"document": {"confiscated_wan": "NaN"}}, "/document/confiscated_wan"),
        ({"misconduct": {"occurred_on": "2027-01-01"}}, "/misconduct/occurred_on"),
        ({"misconduct": {"occurred_on": "昨天"}}, "/misconduct/occurred_on"),
    ],
)
def test_content_problems_are_pointed_at(change, pointer):
    assert pointer in {found for found, _ in problems(filing(**change), TODAY)}
