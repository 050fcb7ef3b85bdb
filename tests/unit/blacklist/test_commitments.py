"""Commitments: hiding, binding, opened part by part; the text they are made over never changes."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.blacklist.transparency.domain.certificates import (
    AMENDED,
    CHANGED,
    CURRENT,
    normal_code,
    status_of,
)
from services.blacklist.transparency.domain.commitments import (
    Version,
    canonical,
    check_opening,
    commit,
    entry_of,
    fact_parts,
    new_secrets,
    opened,
    parts_of,
)
from tests.harness.signs import SIGNS

FACTS = {
    "list": {"code": "work-safety-serious", "name": "安全生产严重失信主体名单"},
    "subject": {
        "type": "organization", "name": "示例有限公司", "former_names": ["旧名有限公司"], "uscc": "X",
        "legal_representative_id_type": "resident-id",
    },
    "document": {"number": "示罚〔2026〕1号", "content": "罚款", "basis": "法", "fine_wan": "2.5"},
    "misconduct": {"category": "c", "facts": "事实", "occurred_on": None},
    "measures": [],
    "severity": None,
    "publicity": {"start": "2026-11-02"},
    "annotation": None,
}  # fmt: skip
VERSION = Version("0190", 1, "published", datetime(2026, 11, 2, 2, 0, tzinfo=UTC), None, None, FACTS)
SECRET = bytes(range(32))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(SIGNS) | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(SIGNS), inner, max_size=3),
    max_leaves=12,
)


def test_the_commitment_of_a_version_is_the_same_for_ever():
    """A change here would make every leaf already in a log unverifiable."""
    assert commit(VERSION, SECRET).hex() == "905bc5b8c1009e62e12b63819aadfdaec3b1d6e1a3469a3d22c9bb4f3c1f062f"


@given(VALUES)
def test_the_fast_encoder_writes_what_json_writes(value):
    expected = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert canonical(value) == expected.encode("utf-8", "surrogatepass")


def test_an_opening_amounts_to_the_commitment_with_any_parts_closed():
    parts = parts_of(VERSION)
    for shown in ({}, parts, fact_parts(FACTS), {"record": parts["record"]}):
        made = opened(VERSION, SECRET, shown)
        assert check_opening(made) == commit(VERSION, SECRET)
        assert {name for name in made if "salt" in made[name]} == set(shown)


def test_a_part_shown_otherwise_than_committed_stays_closed():
    made = opened(VERSION, SECRET, {"document.content": {"content": "罚款***"}})
    assert set(made["document.content"]) == {"digest"}


def test_every_field_is_committed_to():
    seen = {commit(VERSION, SECRET)}
    changed = [
        replace(VERSION, listing_id="0191"),
        replace(VERSION, version=2),
        replace(VERSION, kind="corrected"),
        replace(VERSION, at=VERSION.at + timedelta(microseconds=1)),
        replace(VERSION, reason="x"),
        replace(VERSION, reason_code="error"),
    ]
    for group, value in FACTS.items():
        inner = value if isinstance(value, dict) else {}
        facts = [FACTS | {group: value | {name: "other"}} for name in inner] or [FACTS | {group: "other"}]
        changed += [replace(VERSION, facts=each) for each in facts]
    seen |= {commit(each, SECRET) for each in changed}
    assert len(seen) == 1 + len(changed)


def test_the_same_instant_in_another_zone_is_the_same():
    beijing = VERSION.at.astimezone(timezone(timedelta(hours=8)))
    assert commit(replace(VERSION, at=beijing), SECRET) == commit(VERSION, SECRET)


def test_without_the_secret_nothing_can_be_tried_out():
    """Who knows the whole content and every digest but no salt of a closed part cannot confirm a guess."""
    made = opened(VERSION, new_secrets(1)[0], {"record": parts_of(VERSION)["record"]})
    known = bytes.fromhex(made["record"]["salt"])
    guess = canonical(parts_of(VERSION)["subject.name"])
    for salt in (b"", known, bytes(32)):
        assert sha256(salt + guess).hexdigest() != made["subject.name"]["digest"]
    one, other = new_secrets(2)
    assert commit(VERSION, one) != commit(VERSION, other)


def test_an_entry_is_a_kind_and_a_commitment_and_nothing_else():
    committed = commit(VERSION, SECRET)
    assert entry_of(VERSION.entry_kind, committed) == b"\x01" + committed
    assert replace(VERSION, kind="removed").entry_kind == 2


@pytest.mark.parametrize(
    ("before", "now", "status"),
    [
        ([], [], CURRENT), ([["a", 1]], [("a", 1)], CURRENT), ([["a", 1]], [("a", 2)], AMENDED),
        ([["a", 1]], [], CHANGED), ([], [("a", 1)], CHANGED), ([["a", 1]], [("a", 1), ("b", 1)], CHANGED),
    ],
)  # fmt: skip
def test_what_became_of_an_answer(before, now, status):
    assert status_of(before, now) == status


def test_codes_are_read_as_people_type_them():
    assert normal_code("abcd-efgh 2345") == "ABCDEFGH2345"
