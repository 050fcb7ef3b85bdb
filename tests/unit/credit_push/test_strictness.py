"""Whatever a strict platform would refuse is stopped here, in every format, with its field and rule.

The stand-ins' own checks, which share no code with the formats, are the judge of what would be refused.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from services.credit_push.catalogue import SAMPLE_VALUES, load_catalogue
from services.credit_push.domain import CORRECT, LIST, WITHDRAW, Record
from services.credit_push.formats import Unacceptable, encode
from services.credit_push.sandbox.checking import check_content
from services.credit_push.sandbox.platforms import PLATFORMS
from tests.unit.credit_push.records import COMPANY, DOCUMENT, ORGAN, PERSON, record

CATALOGUE = load_catalogue(SAMPLE_VALUES)
WAYS = {
    "canonical": ("credit-china", {}),
    "trade_v2": ("trade-china", {}),
    "penalty_2018": ("credit-shijiazhuang", {"list_class": "penalty-record"}),
    "blacklist": ("credit-liaoning", {}),
    "procurement_sheet": ("procure-hebei", {}),
}
JUDGED_AS = {("trade_v2", WITHDRAW): "trade_revocation", ("trade_v2", LIST): "trade_listing"}
PASSPORT = {"id_type": "passport", "id_number": "E12345678"}
ODD: dict[str, dict[str, Any]] = {
    "control": {"facts": "甲\x0b乙"},
    "blank": {"facts": "  "},
    "long": {"facts": "长" * 5001},
    "long-name": {"subject": replace(COMPANY, name="长" * 201)},
    "long-person": {"subject": replace(PERSON, name="长" * 201)},
    "compact-date": {"document": replace(DOCUMENT, date="20261102")},
    "old-date": {"document": replace(DOCUMENT, date="1900-01-01")},
    "no-date": {"document": replace(DOCUMENT, date="2026-02-30")},
    "no-number": {"document": replace(DOCUMENT, number="")},
    "long-number": {"document": replace(DOCUMENT, number="号" * 129)},
    "no-basis": {"document": replace(DOCUMENT, basis=""), "list_basis": ""},
    "amount": {"document": replace(DOCUMENT, fine_wan="2,5")},
    "long-amount": {"document": replace(DOCUMENT, fine_wan="1" * 13)},
    "penalty": {"document": replace(DOCUMENT, penalty_category="训诫")},
    "uscc": {"subject": replace(COMPANY, uscc=COMPANY.uscc[:-1] + ("A" if COMPANY.uscc[-1] != "A" else "B"))},
    "no-uscc": {"subject": replace(COMPANY, uscc="")},
    "small-uscc": {"subject": replace(COMPANY, uscc=COMPANY.uscc.lower())},
    "org-code": {"subject": replace(COMPANY, codes={"org_code": "12345678"})},
    "organ": {"organ": replace(ORGAN, uscc="")},
    "source": {"source": replace(ORGAN, name="")},
    "identity": {"subject": replace(PERSON, id_number="123")},
    "no-identity": {"subject": replace(PERSON, id_number="")},
    "identity-digit": {"subject": replace(PERSON, id_number="110101199001011234")},
    "passport": {"subject": replace(PERSON, id_type="passport", id_number="护照 1")},
    "fine-passport": {"subject": replace(PERSON, **PASSPORT)},
    "region": {"region": "999999"},
    "domain": {"domain": "cooking"},
    "class": {"list_class": "odd"},
    "list-code": {"list_code": "Odd code"},
    "order": {"publicity_start": "2027-01-01", "publicity_end": "2026-01-01"},
    "time": {"occurred_at": "2026-11-02T02:00:00"},
    "no-reason": {"reason_code": "", "reason": ""},
    "long-reason": {"reason": "长" * 2001},
    "measure": {"measures": ({"name": "无代码"},)},
    "category": {"category": "长" * 2001},
    "version": {"version": 0},
}


def made(changes: dict[str, Any], own: dict[str, Any]) -> Record:
    told: dict[str, Any] = {"reason_code": "repair", **own}
    if changes.get("list_class"):
        own = {}
    return record(**{**told, **changes})


def judged(way: str, one: Record, operation: str) -> tuple[bool, str]:
    """Whether we would send it, and what the platform would say of that."""
    platform, _ = WAYS[way]
    try:
        content = encode(CATALOGUE[platform], one, operation)
    except Unacceptable as refusal:
        return False, "" if all(
            one.field and one.code and one.message for one in refusal.faults
        ) else "untold"
    layout = JUDGED_AS.get((way, operation), JUDGED_AS.get((way, LIST), content.layout))
    row = {name: value for name, value in content.row.items() if name != "idempotency_key"}
    # which regions and domains it is sent is the routing's business, not the format's
    stand_in = replace(PLATFORMS[platform], region="000000", domains="")
    problem = check_content(stand_in, layout, row)
    return True, f"{problem.field} {problem.code}" if problem else ""


def cases() -> Iterator[tuple[str, str, str]]:
    for way in WAYS:
        for operation in (LIST, CORRECT, WITHDRAW):
            for name in ODD:
                yield way, operation, name


@pytest.mark.parametrize("way", WAYS)
def test_nothing_leaves_that_the_platform_would_refuse(way: str) -> None:
    gaps = []
    for each, operation, name in cases():
        if each == way and operation != WITHDRAW:
            told = judged(way, made(ODD[name], WAYS[way][1]), operation)[1]
            if told:
                gaps.append(f"{operation} {name}: {told}")
    assert gaps == []


@pytest.mark.parametrize("way", WAYS)
def test_nothing_is_stopped_that_the_platform_would_take(way: str) -> None:
    people = [COMPANY] if way == "procurement_sheet" else [COMPANY, PERSON, replace(PERSON, **PASSPORT)]
    for subject in people:
        for operation in (LIST, CORRECT, WITHDRAW):
            one = made({"subject": subject}, WAYS[way][1])
            assert judged(way, one, operation) == (True, ""), (subject.type, operation)


UNTOLD = {"no-number", "long-number", "long-name", "long-person"}
STOPPED = {"canonical": {"version"}, "trade_v2": {"version"}, "penalty_2018": UNTOLD, "blacklist": UNTOLD}
KEPT = {"identity", "no-identity", "identity-digit", "passport", "no-uscc", "uscc", "small-uscc", "time"}
"""Who it is, and when: left as it was, whatever a platform says of it."""


@pytest.mark.parametrize("way", WAYS)
def test_no_withdrawal_is_held_back_for_what_it_does_not_need(way: str) -> None:
    told = {name: judged(way, made(ODD[name], WAYS[way][1]), WITHDRAW) for name in ODD}
    assert {name for name, (sent, _) in told.items() if not sent} == STOPPED.get(way, set())
    if way == "trade_v2":
        refused = {name for name, (_, said) in told.items() if said}
        assert refused <= {*KEPT, "organ", "no-number", "compact-date", "old-date", "no-date"}


@pytest.mark.parametrize(
    "odd",
    ["control", "org-code", "penalty", "amount", "order", "long-name", "long-reason", "no-reason", "measure"],
)
def test_what_a_withdrawal_does_not_need_is_left_out_of_it(odd: str) -> None:
    assert judged("canonical", made(ODD[odd], {}), WITHDRAW) == (True, "")
