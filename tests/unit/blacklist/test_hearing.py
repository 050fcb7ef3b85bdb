"""The law of hearings as pure questions: days of notice, the presider, the end, what a decision needs."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from services.blacklist.cases.domain import hearing as law
from services.blacklist.cases.domain.figures import FIGURES
from services.blacklist.cases.domain.guards import hearing_on_record, statement_heard
from services.blacklist.cases.domain.standing import Actor, Standing
from shared.calendar import builtin_calendar

MONDAY = date(2026, 11, 2)
EARLIEST = date(2026, 11, 11)
ACTOR = Actor("u", frozenset({"decider"}), "d")
CASE = Standing("full", "noticed", "d", filer="a", last_editor="a", window_ends=date(2026, 11, 9))
OPENED = {
    "held_on": "2026-11-12",
    "held_time": "09:30",
    "opened_on": "2026-11-02",
    "withdrawal": {"sha256": "0"},
}
HELD = {"outcome": "held", "held_on": date(2026, 11, 12), "acceptance": "partly", "reason": "部分属实"}
LATE = date(2026, 12, 1)
LATER = datetime(2026, 12, 1, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    ("told", "first"),
    [
        (MONDAY, EARLIEST),
        (date(2026, 11, 7), date(2026, 11, 17)),  # a Saturday: the count starts on Monday
        (date(2026, 9, 29), date(2026, 10, 14)),  # over the National Day holiday and its make-up Saturday
    ],
)
def test_the_party_is_told_seven_working_days_before(told, first):
    calendar = builtin_calendar()
    assert calendar.working_days_between(told, first) == 7
    assert law.earliest_hearing(told, calendar) == first


def test_days_and_their_kind_are_data(monkeypatch):
    assert FIGURES["hearing"].keys() >= {"notice_days", "notice_unit", "rule", "basis", "status"}
    monkeypatch.setitem(FIGURES, "hearing", {**FIGURES["hearing"], "notice_unit": "days"})
    assert law.earliest_hearing(MONDAY, builtin_calendar()) == date(2026, 11, 9)


def test_a_hearing_too_early_is_refused_with_the_first_day():
    assert law.day_problem(EARLIEST, MONDAY, EARLIEST) is None
    pointer, words = law.day_problem(EARLIEST - timedelta(days=1), MONDAY, EARLIEST)
    assert pointer == "/held_on"
    assert "7个工作日" in words
    assert "2026年11月11日" in words


@pytest.mark.parametrize(
    ("requested", "told", "fine"),
    [(MONDAY, MONDAY, True), (MONDAY, LATE + timedelta(days=1), False), (LATE, MONDAY, False)],
)
def test_the_notification_lies_between_request_and_today(requested, told, fine):
    assert (law.notification_problem(requested, told, LATE) is None) is fine


@pytest.mark.parametrize("name", ["张 三", "张三", "ＬＩ Lei", "li lei"])
def test_nobody_presides_over_a_case_he_handled(name):
    assert law.presider_problem(name, ["张三", "Li Lei"])[0] == "/presider"


def test_a_namesake_may_preside_under_a_fuller_name():
    assert law.presider_problem("张三（法制科）", ["张三"]) is None


@pytest.mark.parametrize(
    ("changes", "pointers"),
    [
        ({}, []),
        ({"held_on": None}, ["/held_on"]),
        ({"held_on": LATE + timedelta(days=1)}, ["/held_on"]),
        ({"held_on": date(2026, 11, 20), "content": "改期"}, ["/notified_on"]),
        ({"held_on": date(2026, 11, 20), "notified_on": EARLIEST}, ["/content"]),
        ({"held_on": date(2026, 11, 19), "notified_on": EARLIEST, "content": "改期"}, ["/held_on"]),
        ({"held_on": date(2026, 11, 20), "notified_on": EARLIEST, "content": "改期"}, []),
        ({"notified_on": EARLIEST}, ["/notified_on"]),
        ({"acceptance": None}, ["/acceptance"]),
        ({"outcome": "withdrawn"}, ["/held_on", "/acceptance"]),
        ({"outcome": "absent", "held_on": None, "acceptance": None}, ["/outcome"]),
    ],
)
def test_how_a_hearing_ends(changes, pointers):
    given = HELD | changes
    found = law.closing_problems(OPENED, given, LATER, builtin_calendar())
    assert [pointer for pointer, _ in found] == pointers


@pytest.mark.parametrize("given", [HELD, {"outcome": "absent", "reason": "未到场"}])
def test_nothing_ends_before_its_hour(given):
    opened = OPENED | {"notice": {"effective_on": "2026-11-03", "proof": "回证"}}
    hour = datetime(2026, 11, 12, 1, 30, tzinfo=UTC)  # 09:30 in Shanghai
    early = law.closing_problems(opened, given, hour - timedelta(minutes=1), builtin_calendar())
    assert [words for _, words in early if "2026年11月12日09:30" in words]
    assert not list(law.closing_problems(opened, given, hour, builtin_calendar()))


def test_a_held_hearing_needs_its_record_before_a_decision():
    held = replace(CASE, hearing_closed=True, hearing_held=True)
    assert "听证笔录" in hearing_on_record(held, ACTOR, MONDAY).reason
    assert hearing_on_record(replace(held, hearing_recorded=True), ACTOR, MONDAY) is None
    assert hearing_on_record(CASE, ACTOR, MONDAY) is None


def test_only_a_held_hearing_stands_for_the_statement():
    given_up = replace(CASE, hearing_closed=True)
    assert statement_heard(given_up, ACTOR, MONDAY) is not None
    assert statement_heard(replace(given_up, hearing_held=True), ACTOR, MONDAY) is None


@pytest.mark.parametrize(
    ("hearing", "waived", "today", "settled"),
    [
        ({"closed": True, "outcome": "absent"}, None, MONDAY, "absent"),
        ({"closed": True}, None, MONDAY, "held"),
        (None, True, MONDAY, "waived"),
        (None, False, date(2026, 11, 10), "window-over"),
        (None, None, MONDAY, "unsaid"),
    ],
)
def test_the_decision_says_why_it_waits_for_no_hearing(hearing, waived, today, settled):
    assert law.right_settled_by(hearing, waived, date(2026, 11, 9), today) == settled


def test_what_an_earlier_release_closed_counts_as_held():
    assert law.was_held({"closed": True})
    assert law.lacks_record({"closed": True})
    assert not law.lacks_record({"closed": True, "outcome": "withdrawn"})
    assert not law.lacks_record(None)
