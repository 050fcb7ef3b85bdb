"""Fields, wording, paging and small page helpers."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from marshmallow import ValidationError, fields, validate

from shared.errors import FieldError, Invalid
from shared.identifiers import make_uscc
from shared.web.pages import chinese_day, chinese_moment, form_errors, wan
from shared.web.paging import cut, decode_cursor, encode_cursor
from shared.web.schemas import FineWan, RegionField, Schema, StatutoryDate, Text, UsccField, VersionField
from shared.web.site import NavItem, Site, read_site, safe_next
from shared.web.wording import in_chinese


class Sample(Schema):
    name = Text(10)
    facts = Text(100, lines=True)
    uscc = UsccField()
    region = RegionField()
    day = StatutoryDate()
    fine = FineWan()
    version = VersionField()
    state = fields.String(validate=validate.OneOf(["a", "b"]))
    count = fields.Integer(validate=validate.Range(min=1, max=5))


GOOD = make_uscc("91130102", 7)


@pytest.mark.parametrize(
    ("given", "loaded"),
    [
        ({"name": " 长安 "}, {"name": "长安"}),
        ({"facts": "一\n二"}, {"facts": "一\n二"}),
        ({"uscc": GOOD.lower()}, {"uscc": GOOD}),
        ({"region": "130102"}, {"region": "130102"}),
        ({"day": "2026-11-02"}, {"day": date(2026, 11, 2)}),
        ({"fine": "2.5"}, {"fine": Decimal("2.5")}),
        ({"fine": 2.5}, {"fine": Decimal("2.5")}),
    ],
)
def test_good_values(given, loaded):
    assert Sample().load(given) == loaded


@pytest.mark.parametrize(
    "given",
    [
        {"name": ""},
        {"name": "   "},
        {"name": "一\n二"},
        {"name": "x" * 11},
        {"name": 5},
        {"facts": "a\x01"},
        {"uscc": "911301020000000000"},
        {"region": "13010"},
        {"region": "130102\n"},
        {"region": "999999"},
        {"day": "20261102"},
        {"day": "2026-W45-1"},
        {"day": "2026-02-30"},
        {"day": "0001-01-01"},
        {"day": 5},
        {"fine": "NaN"},
        {"fine": "-1"},
        {"fine": "1e40"},
        {"fine": True},
        {"fine": "0.1234567"},
        {"version": 0},
        {"version": "1"},
        {"version": 2**40},
        {"version": True},
        {"unknown": 1},
    ],
)
def test_bad_values_are_told_in_chinese(given):
    with pytest.raises(ValidationError) as caught:
        Sample().load(given)
    for messages in caught.value.normalized_messages().values():
        for message in messages:
            assert any("一" <= char <= "鿿" for char in in_chinese(message)), message


def test_wording_keeps_our_own_messages_and_fills_in_numbers():
    assert in_chinese("请核对。") == "请核对。"
    assert in_chinese("Must be one of: a, b.") == "应为下列之一：a、b。"
    assert in_chinese("Length must be between 1 and 9.") == "长度应为 1 至 9。"


def test_cursor_round_trip_and_cut():
    cursor = encode_cursor(["2026-11-02", 5])
    assert decode_cursor(cursor, (str, int)) == ["2026-11-02", 5]
    rows, after = cut([1, 2, 3], 2, lambda row: [row])
    assert rows == [1, 2]
    assert decode_cursor(after or "", (int,)) == [2]
    assert cut([1, 2], 2, lambda row: [row]) == ([1, 2], None)
    assert cut([], 2, lambda row: [row]) == ([], None)


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "!!",
        "é",
        "",
        encode_cursor([1]),
        encode_cursor(["a", "b"]),
        encode_cursor(["\x00", 1]),
        "bnVsbA",
        "W" * 500,
    ],
)
def test_bad_cursors(cursor):
    with pytest.raises(Invalid) as caught:
        decode_cursor(cursor, (str, int))
    assert caught.value.slug == "bad-cursor"


def test_chinese_dates_and_money():
    assert chinese_day(date(2026, 11, 3)) == "2026年11月3日"
    assert chinese_day("2026-11-03") == "2026年11月3日"
    assert chinese_day(datetime(2026, 11, 2, 16, 30, tzinfo=UTC)) == "2026年11月3日", "days are Shanghai days"
    assert chinese_moment(datetime(2026, 11, 2, 16, 5, tzinfo=UTC)) == "2026年11月3日 00:05"
    assert chinese_moment(None) == chinese_day(None) == wan(None) == ""
    assert [wan("2.50"), wan(Decimal(100)), wan("0")] == ["2.5 万元", "100 万元", "0 万元"]


def test_form_errors_name_fields_with_dots():
    error = Invalid("x", "有误", "请改", fields=[FieldError("/subject/uscc", "请核对。")])
    assert form_errors(error) == {"subject.uscc": "请核对。"}
    assert form_errors(Invalid("x", "有误", "请改。")) == {"": "有误。请改。"}


@pytest.mark.parametrize(
    "target",
    [None, "", "//evil.example", "https://evil.example", "/\\evil.example", "javascript:1", "/a\nb", "/a\\b"],
)
def test_no_open_redirect(target):
    assert safe_next(target) == "/"


def test_safe_next_keeps_our_own_places():
    assert safe_next("/push/?state=dead") == "/push/?state=dead"


def test_site_reads_settings_and_keeps_defaults():
    site = read_site({"SITE_NAME": "某市信用公示", "SITE_ICP": "  "})
    assert site.name == "某市信用公示"
    assert site.icp == Site().icp


def test_navigation_by_role():
    assert NavItem("公开", "/").visible(None)
    assert not NavItem("消息", "/notices/", frozenset()).visible(None)
