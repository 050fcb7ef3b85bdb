"""Roles, lockout, passwords and who may see what."""

from dataclasses import dataclass
from datetime import date, timedelta

import pytest

from services.blacklist.identity import domain


@dataclass(frozen=True)
class Someone:
    department_id: str
    region: str
    roles: frozenset[str]


@pytest.mark.parametrize(
    ("roles", "fine"),
    [
        (["clerk"], True),
        (["clerk", "reviewer", "decider"], True),
        ([], True),
        (["auditor"], True),
        (["system-admin", "security-admin"], False),
        (["security-admin", "auditor"], False),
        (["system-admin", "clerk"], False),
        (["auditor", "supervisor"], False),
        (["king"], False),
    ],
)
def test_administrators_exclude_one_another_and_the_business(roles, fine):
    assert (domain.role_problem(roles) is None) is fine


def test_the_delay_grows_and_stays_bounded():
    delays = [domain.lockout_delay(n) for n in range(40)]
    assert delays[: domain.FREE_FAILURES] == [timedelta(0)] * domain.FREE_FAILURES
    assert delays[5] == timedelta(seconds=15)
    assert delays[6] == timedelta(seconds=30)
    assert delays == sorted(delays)
    assert delays[-1] == domain.LONGEST_DELAY


@pytest.mark.parametrize(
    ("password", "fine"),
    [
        ("Tr0ub4dor&3xyz", True),
        ("correct horse battery", False),
        ("Short1!", False),
        ("aaaaAAAA1111", False),
        ("Clerk-one-2026", False),
        ("X" * 200 + "a1!", False),
        ("春眠不觉晓处处闻啼鸟aB1", True),
    ],
)
def test_password_policy(password, fine):
    assert (domain.password_problem("clerk-one", password) is None) is fine


def test_user_names_are_one_however_typed():
    assert domain.normalise_username(" Ｃlerk ") == "clerk"


@pytest.mark.parametrize(
    ("roles", "department", "region", "seen"),
    [
        ({"clerk"}, "own", "130102", True),
        ({"clerk"}, "other", "130102", False),
        ({"operator"}, "other", "130102", False),
        ({"supervisor"}, "other", "130102", True),
        ({"supervisor"}, "other", "350524", False),
        ({"auditor"}, "other", "130102", True),
    ],
)
def test_who_sees_whose_cases(roles, department, region, seen):
    someone = Someone("own", "130102", frozenset(roles))
    assert domain.can_see(someone, department, region) is seen
    assert domain.can_act(someone, department) is (department == "own")


def test_a_provincial_supervisor_sees_the_province():
    someone = Someone("own", "210000", frozenset({"supervisor"}))
    assert domain.can_see(someone, "other", "210102")
    assert not domain.can_see(someone, "other", "130102")


def test_a_period_ends_before_its_end():
    period = domain.Period(date(2008, 5, 1), date(2019, 3, 1))
    assert period.covers(date(2019, 2, 28))
    assert not period.covers(date(2019, 3, 1))
    assert not period.covers(date(2008, 4, 30))
