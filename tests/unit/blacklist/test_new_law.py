"""New law is a new data file, picked up while running, in force by its date; decided cases keep theirs."""

import json
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from services.blacklist.cases.publishes import TOPIC
from services.blacklist.cases.queries import find_case
from services.blacklist.cases.queries.views import case_view, steps_of
from services.blacklist.rules import queries
from services.blacklist.rules.domain import (
    expiry_rule,
    measure_length_problem,
    measure_scope_problem,
    publicity_range,
)
from services.blacklist.rules.queries import check_additions, list_rule, list_rule_version, use_rules
from services.blacklist.rules.queries.checking import ELSEWHERE, check_elsewhere
from services.blacklist.rules.queries.shapes import DATA
from services.blacklist.store import outbox
from shared.calendar import add_months
from shared.clock import FixedClock
from shared.errors import DomainError, NotFound
from shared.outbox import record_of
from tests.unit.blacklist.case_office import filing, memory_database, open_office

REGIME = """
[[publicity]]
version = "order99"
title = "信用修复管理办法(本测试编写)"
valid_from = 2027-01-01
status = "assumed"
source = "本测试"
start = "decision"
accept_wd = 2
settle_wd = 7
stop_wd = 2
extend_wd = 5
conditions = ["已纠正"]
repair_after = { serious = 6, general = 1, minor = 0 }

[publicity.severity]
serious = { min_months = 6, max_months = 24 }
general = { min_months = 1, max_months = 6 }
minor = { min_months = 0, max_months = 1 }
"""
MEASURE = """
[[measure]]
code = "restrict-data-trading"
name = "限制参加数据要素交易"
kind = "限制市场准入"
basis = "本测试"
organs = ["*"]
domains = ["other"]
list_classes = ["serious"]
max_months = 12
valid_from = 2027-01-01
status = "assumed"
source = "本测试"
"""

EDITION = """
[[catalogue]]
version = "2027"
title = "全国失信惩戒措施基础清单(本测试编写)"
valid_from = 2027-01-01
status = "assumed"
source = "本测试"
measures = ["ban-bidding", "restrict-data-trading"]
"""


@pytest.fixture
def law(tmp_path):
    """The deployment's own folder of law, looked at each time."""
    folder = tmp_path / "rules"
    (folder / "lists").mkdir(parents=True)
    use_rules(folder, look_every=0)
    yield folder
    use_rules(None)


def write_new_list_version(law):
    """The shipped list with one more version that publishes within other bounds."""
    shipped = (DATA / "lists" / "public-resource-blacklist.toml").read_text("utf-8")
    head, _, rest = shipped.partition("[[version]]")
    version = "[[version]]" + rest.split("[[version]]")[0]
    begins = next(line for line in version.splitlines() if line.startswith("valid_from"))
    changed = version.replace(begins, "valid_from = 2026-12-01").replace(
        'version = "1"', 'version = "2027-test"'
    )
    changed = changed.replace("default_months = 12", "default_months = 3")
    (law / "lists" / "public-resource-blacklist.toml").write_text(head + changed, "utf-8")


def test_a_new_version_counts_from_its_day_without_a_restart(law):
    before = list_rule("public-resource-blacklist", date(2026, 12, 2))
    write_new_list_version(law)
    assert check_additions(law) == []
    after = list_rule("public-resource-blacklist", date(2026, 12, 2))
    assert (before.default_months, after.default_months) == (12, 3)
    assert after.version.startswith("2027-test+")
    assert list_rule("public-resource-blacklist", date(2026, 11, 30)).version == before.version
    assert list_rule("housing-fraud", date(2026, 12, 2)).default_months, "other lists stand"


def test_a_new_regime_changes_every_list_from_its_day(law):
    (law / "regimes.toml").write_text(REGIME, "utf-8")
    old, new = (list_rule("public-resource-blacklist", day) for day in (date(2026, 12, 31), date(2027, 1, 1)))
    assert (old.regime == new.regime, new.removal.settle_wd, new.publicity_start) == (False, 7, "decision")
    serious = publicity_range(new, "serious")
    assert serious is not None
    assert (serious.min_months, serious.max_months) == (6, 24)


def test_a_new_list_and_a_new_measure_appear(law):
    spot = (DATA / "lists" / "spot-check.toml").read_text("utf-8")
    (law / "lists" / "data-misuse.toml").write_text(
        spot.replace('code = "spot-check"', 'code = "data-misuse"').replace("抽查结果", "数据滥用名单"),
        "utf-8",
    )
    (law / "measures.toml").write_text(EDITION + MEASURE, "utf-8")
    assert check_additions(law) == []
    assert "data-misuse" in [rule.code for rule in queries.all_lists(date(2026, 11, 23))]
    assert queries.measure("restrict-data-trading", date(2026, 12, 31)) is None
    assert queries.measure("restrict-data-trading", date(2027, 1, 1)) is not None
    (law / "lists" / "data-misuse.toml").unlink()
    with pytest.raises(NotFound):
        list_rule("data-misuse", date(2026, 11, 23))


def test_a_faulty_file_is_not_used_and_the_law_goes_on(law):
    (law / "regimes.toml").write_text(REGIME, "utf-8")
    assert list_rule("housing-fraud", date(2027, 1, 1)).removal.settle_wd == 7
    (law / "measures.toml").write_text(EDITION + MEASURE.replace('"other"', '"no-such-domain"'), "utf-8")
    problems = check_additions(law)
    assert [problem.file for problem in problems] == ["measures.toml"]
    assert list_rule("housing-fraud", date(2027, 1, 1)).removal.settle_wd == 7
    assert queries.measure("restrict-data-trading", date(2027, 1, 1)) is None


@pytest.fixture
def office(tmp_path):
    db = memory_database()
    yield open_office(db, tmp_path, FixedClock(datetime(2026, 11, 30, 2, 0, tzinfo=UTC)))
    db.close()


def test_a_case_keeps_the_version_it_was_decided_under(law, office):
    case = office.walk(office.file(filing()), "served")
    assert case.state == "served"
    decided = case.rule_version
    write_new_list_version(law)
    (law / "regimes.toml").write_text(REGIME.replace("2027-01-01", "2026-12-01"), "utf-8")
    office.clock.set(datetime(2026, 12, 2, 2, 0, tzinfo=UTC))
    case = office.take(case, "publish", "decider")
    with office.deps.db.read() as session:
        kept = find_case(session, case.id, office.people["clerk"])
        assert kept.rule_version == decided
        assert kept.publicity_start == kept.decided_on, "counted from the decision, as the old regime says"
        assert kept.publicity_max_end == add_months(kept.publicity_start, 12)
        rows = session.execute(select(outbox).where(outbox.c.topic == TOPIC).order_by(outbox.c.id)).all()
        step = steps_of(session, case.id)[-1].rule_version
        assert step != decided
        assert json.loads(record_of(rows[-1]).value)["rule_version"] == step, "told as it is written down"
    found = list_rule_version("public-resource-blacklist", decided)
    assert found is not None
    assert found.version == decided
    assert list_rule_version("public-resource-blacklist", "9+nothing") is None
    later = office.walk(office.file(filing(document={"number": "长住建罚〔2026〕99号"})), "noticed")
    with pytest.raises(DomainError, match="validation-failed"):
        office.take(later, "decide", "decider", severity="general", publicity_months=12)
    decided_later = office.take(later, "decide", "decider", severity="general", publicity_months=6)
    assert decided_later.rule_version == "2027-test+order99"


def test_a_published_case_keeps_its_days_whatever_the_law_says_later(law, office):
    case = office.walk(office.file(filing()), "published")
    kept = case.publicity_min_end, case.publicity_max_end
    changed = REGIME.replace("2027-01-01", "2026-12-01").replace("serious = 6,", "serious = 1,")
    (law / "regimes.toml").write_text(changed, "utf-8")
    office.clock.set(datetime(2027, 2, 1, 2, 0, tzinfo=UTC))
    assert list_rule(case.list_code, date(2027, 2, 1)).removal.repair_after_months["general"] == 1
    with office.deps.db.read() as session:
        now = find_case(session, case.id, office.people["clerk"])
        assert (now.publicity_min_end, now.publicity_max_end) == kept
        assert case_view(session, now, office.people["clerk"], date(2027, 2, 1))["publicity"][
            "min_end"
        ] == str(kept[0])


def test_measures_are_held_to_the_closed_list():
    ban = queries.measure("ban-bidding", date(2026, 11, 23))
    assert ban is not None
    assert measure_scope_problem(ban, "serious", "engineering-tendering") is None
    assert "不适用于告知性信息" in str(measure_scope_problem(ban, "notice", "engineering-tendering"))
    assert "领域" in str(measure_scope_problem(ban, "serious", "land-transfer"))
    assert measure_length_problem(ban, date(2026, 11, 23), date(2029, 11, 23)) is None
    assert "最长36个月" in str(measure_length_problem(ban, date(2026, 11, 23), date(2029, 11, 24)))
    assert queries.measures_version(date(2026, 11, 23)) == "2025"
    assert queries.measures_version(date(2022, 6, 1)) == "2021"
    assert queries.measures_version(date(2020, 1, 1)) is None


@pytest.mark.parametrize(
    ("measure", "pointer"),
    [
        ({"code": "ban-bidding", "to": date(2031, 1, 1)}, "/measures/0/to"),
        ({"code": "ban-housing-application"}, "/measures/0/basis"),
        ({"code": "made-up", "basis": "某省条例第三条"}, "/measures/0/code"),
        ({"code": "ban-bidding", "basis": "招标投标法"}, "/measures/0/basis"),
    ],
)
def test_deciding_refuses_a_measure_outside_the_list(office, measure, pointer):
    case = office.walk(office.file(filing()), "noticed")
    with pytest.raises(DomainError) as refused:
        office.take(case, "decide", "decider", severity="serious", publicity_months=12, measures=[measure])
    assert [each.pointer for each in refused.value.fields] == [pointer]


def test_the_edition_of_the_list_is_kept_with_the_decision(office):
    case = office.walk(office.file(filing()), "noticed")
    measures = [{"code": "ban-bidding", "basis": "《招标投标法》第五十四条"}]
    office.take(case, "decide", "decider", severity="serious", publicity_months=12, measures=measures)
    from services.blacklist.cases.queries.views import steps_of

    with office.deps.db.read() as session:
        detail = steps_of(session, case.id)[-1].detail
    assert (detail["measures_catalogue"], detail["measures"]) == ("2025", ["ban-bidding"])
    with office.deps.db.read() as session:
        kept = find_case(session, case.id, office.people["clerk"])
        assert (kept.decision or {})["edition"] == "2025", "the case itself keeps it, whatever comes later"


def test_a_new_edition_is_the_closed_list_from_its_day(law):
    (law / "measures.toml").write_text(EDITION + MEASURE, "utf-8")
    assert check_additions(law) == []
    before, after = (queries.all_measures(day) for day in (date(2026, 12, 31), date(2027, 1, 1)))
    assert len(before) > len(after)
    assert {each.code for each in after} == {"ban-bidding", "restrict-data-trading"}
    assert after[0].editions == ("2021", "2022", "2024", "2025", "2027")
    assert queries.measure_names()["restrict-office"], "a measure that left the list keeps its name"
    (law / "measures.toml").write_text(MEASURE, "utf-8")
    assert [(each.line, each.field) for each in check_additions(law)] == [(3, "measure.0.code")]


def test_what_may_be_done_with_a_duty_is_law_by_date(law):
    row = '[[duty]]\nkind = "publish"\nversion = "2"\nname = "公示"\npause_reasons = []\nextend_wd = 3\n'
    row += 'basis = "本测试"\nstatus = "assumed"\nsource = "本测试"\n'
    (law / "duties.toml").write_text(row, "utf-8")
    assert [(each.line, each.field) for each in check_additions(law)] == [(1, "duty.0.valid_from")]
    (law / "duties.toml").write_text(row + "valid_from = 2027-01-01\n", "utf-8")
    assert check_additions(law) == []
    assert [queries.duty_terms(date(year, 1, 1))["publish"].extend_wd for year in (2026, 2027)] == [0, 3]


def test_whether_a_list_asks_at_the_end_of_publicity_is_its_own_rule_by_domain(law):
    shipped = list_rule("public-resource-blacklist", date(2026, 11, 23))
    general = expiry_rule(shipped, "tax")
    assert general is not None
    assert (general.extend_months, bool(general.source)) == (12, True)
    assert expiry_rule(list_rule("spot-check", date(2026, 11, 23)), "tax") is None
    write_new_list_version(law)
    path = law / "lists" / "public-resource-blacklist.toml"
    changed = path.read_text("utf-8").replace('domains = ["*"]\nextend', 'domains = ["tax"]\nextend')
    path.write_text(changed, "utf-8")
    assert check_additions(law) == []
    new = list_rule("public-resource-blacklist", date(2026, 12, 2))
    assert (expiry_rule(new, "tax") is not None, expiry_rule(new, "health")) == (True, None)
    whole, parts = queries.expiry_keys()
    assert f"public-resource-blacklist/{shipped.version}" in whole
    assert f"public-resource-blacklist/{new.version}/tax" in parts


def test_rules_kept_beside_their_use_say_where_they_come_from(tmp_path):
    for name in ELSEWHERE:
        copied = tmp_path / name
        copied.parent.mkdir(parents=True, exist_ok=True)
        copied.write_text((DATA.parents[1] / name).read_text("utf-8"), "utf-8")
    assert check_elsewhere(tmp_path) == []
    figures = tmp_path / "cases/data/figures.toml"
    lines = figures.read_text("utf-8").splitlines()
    place = next(n for n, line in enumerate(lines) if line.startswith("source"))
    figures.write_text("\n".join(lines[:place] + lines[place + 1 :]), "utf-8")
    (found,) = check_elsewhere(tmp_path)
    assert (found.file, found.field) == ("cases/data/figures.toml", "hearing.source")
    assert lines[found.line - 1] == "[hearing]"
