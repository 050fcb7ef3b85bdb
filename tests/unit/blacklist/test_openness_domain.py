"""Kinds and terms of openness as data: every obligation has a kind, and the right time wins."""

from datetime import UTC, date, datetime

import pytest

from services.blacklist.openness.domain.channels import channel_text, channels
from services.blacklist.openness.domain.items import item_problems, label_of
from services.blacklist.openness.domain.opinions import clocks
from services.blacklist.openness.domain.terms import OwnTerm, data, kinds, term_for
from services.blacklist.rules.queries import trade_domains
from services.blacklist.supervision.domain.annual import annual_rule

DAY = date(2026, 11, 2)
TWENTY = "自信息形成或者变更之日起20个工作日内"


def test_every_kind_of_information_the_documents_name_has_its_kind():
    rows = {row for each in data("kinds")["kind"] for row in each["rows"]}
    named = {14, 16, 17, 24, 28, 29, 41, *range(46, 56), 57, 69}
    assert not {f"R{number}" for number in named} - rows
    assert "R54" in next(each for each in data("kinds")["kind"] if each["code"] == "approval")["rows"]


def test_terms_name_known_kinds_and_domains_and_their_source():
    domains = {each.code for each in trade_domains()}
    for each in data("terms")["term"]:
        assert set(each["kinds"]) <= set(kinds())
        assert set(each["domains"]) <= domains
        assert each["basis"]
        assert each["source"]
        assert each["status"] in {"verified", "assumed"}


@pytest.mark.parametrize(
    ("kind", "domain", "entry", "own", "days", "code"),
    [
        ("plan", "housing-security", TWENTY, None, 20, "catalogue"),
        ("plan", "housing-security", None, None, 20, "disclosure-20"),
        ("plan", "housing-security", "自作出行政决定之日起7个工作日内", None, 7, "catalogue"),
        ("licence", "other", TWENTY, None, 7, "licence-7"),
        ("result", "government-procurement", TWENTY, None, 2, "procurement-result-2"),
        ("contract", "government-procurement", TWENTY, None, 2, "procurement-contract-2"),
        ("result", "land-transfer", TWENTY, None, 10, "land-result-10"),
        ("result", "land-transfer", TWENTY, OwnTerm(3, "《某法》"), 3, "own"),
        ("announcement", "land-transfer", TWENTY, None, 20, "catalogue"),
        ("interpretation", "other", TWENTY, None, 3, "interpretation"),
    ],
)
def test_the_most_special_time_wins(kind, domain, entry, own, days, code):
    found = term_for(kind, domain, DAY, entry=entry, own=own)
    assert (found.working_days, found.code) == (days, code)


def test_a_rule_counts_only_from_its_day():
    before = term_for("result", "government-procurement", date(2015, 2, 28), entry=None)
    assert before.code == "disclosure-20"


def test_the_label_says_attribute_level_and_term():
    assert label_of("proactive", None) == "此件公开发布"
    assert (
        label_of("withheld", {"level": "confidential", "term": "20年"}) == "此件不予公开 机密 保密期限：20年"
    )


def test_a_classified_matter_brings_no_text():
    given = {
        "kind": "other", "attribute": "withheld", "attribute_reason": "x", "exceptions": ["state-secret"],
        "secrecy": {"level": "secret", "term": "10年"}, "body": "不得录入",
    }  # fmt: skip
    assert [field for field, _ in item_problems(given, ["state-secret"])] == ["body"]


@pytest.mark.parametrize("code", ["weibo", "wechat", "client", "media"])
def test_a_text_fits_its_outlet_and_keeps_the_address(code):
    channel = channels()[code]
    made = channel_text(
        channel, title="标题", body="字" * 2000, department="区住建局", address="https://x.invalid/1"
    )
    assert len(made) == channel.longest
    assert made.endswith("（区住建局）https://x.invalid/1")
    assert "…" in made
    short = channel_text(
        channel, title="标题", body="一句 话", department="区住建局", address="https://x.invalid/1"
    )
    assert short == "【标题】一句 话（区住建局）https://x.invalid/1"


def test_both_clocks_of_a_major_opinion_run_from_the_report():
    first, second = clocks(datetime(2028, 2, 29, 20, tzinfo=UTC))
    assert (first.due_at, first.soon_at) == (
        datetime(2028, 3, 1, 1, tzinfo=UTC), datetime(2028, 3, 1, 0, tzinfo=UTC),
    )  # fmt: skip
    assert second.due_at == datetime(2028, 3, 1, 20, tzinfo=UTC)


def test_the_annual_report_is_due_with_the_end_of_march():
    rule = annual_rule()
    assert rule.due_at(2026) == datetime(2027, 3, 31, 15, 59, 59, tzinfo=UTC)
    assert rule.owed_from(2026) == datetime(2026, 12, 31, 16, tzinfo=UTC)
    assert (rule.status, rule.organs) == ("verified", ("government-office",))
