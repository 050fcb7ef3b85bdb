"""Small words of the notification centre."""

from datetime import UTC, date, datetime

import pytest

from services.notifier.domain import Happening, chinese_date, fold_facts, mask_email, one_line
from tests.harness.notices import AT


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("2026-11-03", "2026年11月3日"),
        (date(2026, 1, 31), "2026年1月31日"),
        (datetime(2026, 11, 2, 16, 30, tzinfo=UTC), "2026年11月3日"),
        ("2026-11-02T16:30:00Z", "2026年11月3日"),
        (None, ""),
        ("", ""),
    ],
)
def test_dates_are_those_of_shanghai(given, shown):
    assert chinese_date(given) == shown


def test_one_line_has_no_control_characters_and_a_bound():
    assert one_line("甲\r\n乙\t丙\x00丁\u2028戊") == "甲 乙 丙 丁 戊"
    assert len(one_line("长" * 500, 20)) == 20


def test_addresses_are_masked():
    assert mask_email("zhangsan@example.gov.cn") == "z***@example.gov.cn"


def gathered(*items: str) -> dict[str, str]:
    facts: dict[str, str] = {}
    for item in items:
        facts = fold_facts(facts, Happening("e", "delivery.acknowledged", "l", AT, facts={"item": item}))
    return facts


def test_folding_gathers_each_item_once():
    assert gathered("信用泉州", "信用中国", "信用泉州")["items"].splitlines() == ["信用泉州", "信用中国"]
    assert gathered("信用泉州", "信用中国", "信用泉州")["count"] == "2"
