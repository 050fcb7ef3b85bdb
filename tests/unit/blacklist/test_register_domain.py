"""Names, status and exchange decisions of the register, without a database."""

from dataclasses import replace
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.blacklist.register.api.downloads import safe_cell
from services.blacklist.register.domain import (
    Kind,
    Publicity,
    Standing,
    Status,
    core_key,
    full_key,
    is_shield,
    status,
)
from services.blacklist.register.domain.names import split
from services.blacklist.register.queries.lines import region_prefix
from services.blacklist.register.usecases.steps import exchange_kind
from tests.harness.signs import SIGNS

AT = datetime(2026, 11, 2, 2, tzinfo=UTC)
DAY = date(2026, 11, 2)
PUBLIC = Standing("proactive", DAY, date(2027, 11, 2), None, None, None, None)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("河北（石家庄）建设有限公司", "河北(石家庄)建设有限公司"),
        ("ＡＢＣ建设有限公司", "abc建设有限公司"),
        ("廣東華廈建設有限公司", "广东华厦建设有限公司"),
        ("某某 建设-有限公司", "某某建设有限公司"),
        ("“某某”建设有限公司", "某某建设有限公司"),
    ],
)
def test_writings_of_one_name_meet(one: str, other: str) -> None:
    assert full_key(one) == full_key(other)


@pytest.mark.parametrize(
    ("name", "core"),
    [
        ("某某建设有限公司", "某某建设"),
        ("某某建设股份有限公司", "某某建设"),
        ("某某建设集团有限公司", "某某建设"),
        ("某某公司", "某某"),
        ("某公司", "某公司"),
        ("有限公司", "有限公司"),
    ],
)
def test_the_longest_legal_form_goes(name: str, core: str) -> None:
    assert core_key(full_key(name)) == core


@given(st.text(SIGNS, max_size=60))
def test_keys_are_stable_and_short(name: str) -> None:
    key = full_key(name)
    assert full_key(key) == key
    parts = split(key)  # 延长00: the county stands before the core
    assert sorted(parts.region + parts.core + parts.form) == sorted(key)
    assert bool(core_key(key)) == bool(key)


@pytest.mark.parametrize(
    ("changes", "day", "expected"),
    [
        ({}, DAY, Status.PUBLIC),
        ({}, date(2027, 11, 1), Status.PUBLIC),
        ({}, date(2027, 11, 2), Status.EXPIRED),
        ({}, date(2026, 11, 1), Status.EXPIRED),
        ({"disclosure": "withheld"}, DAY, Status.WITHHELD),
        ({"suspended_at": AT}, DAY, Status.SUSPENDED),
        ({"shielded_at": AT}, DAY, Status.SHIELDED),
        ({"suspended_at": AT, "removed_at": AT}, DAY, Status.REMOVED),
        ({"revoked_at": AT, "removed_at": AT}, DAY, Status.REVOKED),
    ],
)
def test_status_is_computed(changes: dict[str, Any], day: date, expected: Status) -> None:
    assert status(replace(PUBLIC, **changes), day) is expected


def listing(told: str | None, *, migrated: bool = False, **changes: Any) -> Any:
    standing = {
        "disclosure": "proactive",
        "public_start": DAY,
        "public_until": date(2027, 11, 2),
        "removed_at": None,
        "revoked_at": None,
        "suspended_at": None,
        "shielded_at": None,
    }
    return SimpleNamespace(**standing | {"told": told, "migrated": migrated} | changes)


@pytest.mark.parametrize(
    ("found", "kind", "heard"),
    [
        (listing(None), Kind.PUBLISHED, Kind.PUBLISHED),
        (listing("list"), Kind.CORRECTED, Kind.CORRECTED),
        (listing("withdraw", suspended_at=AT), Kind.CORRECTED, None),
        (listing("withdraw"), Kind.UNSHIELDED, Kind.UNSHIELDED),
        (listing("withdraw", shielded_at=AT), Kind.UNSHIELDED, None),
        (listing("list"), Kind.UNSHIELDED, None),
        (listing("list", removed_at=AT), Kind.REMOVED, Kind.REMOVED),
        (listing("withdraw", removed_at=AT), Kind.REMOVED, None),
        (listing(None, migrated=True), Kind.CORRECTED, Kind.PUBLISHED),
        (listing(None, migrated=True, revoked_at=AT), Kind.REVOKED, Kind.REVOKED),
        (listing(None, disclosure="withheld"), Kind.PUBLISHED, None),
        (listing(None, disclosure="withheld", revoked_at=AT), Kind.REVOKED, None),
    ],
)
def test_platforms_hear_what_changes_what_they_show(found: Any, kind: Kind, heard: Kind | None) -> None:
    assert exchange_kind(found, kind, AT) is heard


def test_publicity_ends_at_the_earlier_end() -> None:
    window = Publicity(start=DAY, max_end=date(2027, 11, 2))
    assert window.until == date(2027, 11, 2)
    assert replace(window, actual_end=date(2027, 1, 1)).until == date(2027, 1, 1)
    assert replace(window, actual_end=date(2028, 1, 1)).until == date(2027, 11, 2)


def test_unknown_hide_codes_are_refused() -> None:
    assert not is_shield("suspended")
    assert is_shield("shield:stay")
    with pytest.raises(ValueError, match="unknown hide code"):
        is_shield("shield:nothing")


@pytest.mark.parametrize(
    ("region", "prefix"), [("130102", "130102"), ("130100", "1301"), ("130000", "13"), ("000000", "")]
)
def test_a_subtree_is_a_prefix(region: str, prefix: str) -> None:
    assert region_prefix(region) == prefix


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(1)", "\t=1", "＝1+1"])
def test_no_cell_is_a_formula(text: str) -> None:
    assert safe_cell(text) == f"'{text}"


def test_plain_cells_stay() -> None:
    assert [safe_cell(each) for each in ("甲公司", None, 3)] == ["甲公司", "", "3"]
