"""The law as data, and what it says about the cases the contract names."""

import shutil
from datetime import date

import pytest

from services.blacklist.cases.domain.decision import decision_parts
from services.blacklist.rules import domain, queries
from services.blacklist.rules.queries.shapes import DATA
from shared.calendar import builtin_calendar
from shared.errors import NotFound
from shared.regions import within

TODAY = date(2026, 11, 23)
SPOT, WAGE = "lists/spot-check.toml", "lists/wage-arrears.toml"
CALENDAR = builtin_calendar()
CONTRACT = {
    "public-resource-blacklist": ("industry-misconduct", "full", {"organization", "individual"}),
    "housing-fraud": ("industry-misconduct", "full", {"organization", "individual"}),
    "work-safety-serious": ("serious", "full", {"organization", "individual"}),
    "wage-arrears": ("serious", "full", {"organization", "individual"}),
    "procurement-serious-violation": ("serious", "decided-elsewhere", {"organization"}),
    "tendering-misconduct": ("penalty-record", "penalty-publication", {"organization", "individual"}),
    "penalty-publication": ("penalty-record", "penalty-publication", {"organization", "individual"}),
    "spot-check": ("notice", "penalty-publication", {"organization"}),
}


def rule(code, on=TODAY):
    return queries.list_rule(code, on)


def test_the_lists_are_those_of_the_contract():
    found = {r.code: (r.list_class, r.procedure, set(r.subject_types)) for r in queries.all_lists(TODAY)}
    assert found == CONTRACT


@pytest.mark.parametrize("code", CONTRACT)
def test_every_rule_says_where_it_comes_from(code):
    found = rule(code)
    assert found.legal_basis
    assert all(basis.document and basis.source for basis in found.legal_basis)
    assert found.status in {"verified", "assumed"}
    assert found.source
    assert domain.months_problem(found, found.default_severity, found.default_months) is None


def test_a_list_is_not_in_force_before_its_basis():
    with pytest.raises(NotFound):
        rule("wage-arrears", date(2021, 12, 31))
    with pytest.raises(NotFound):
        rule("no-such-list")


def test_the_regime_changes_with_its_date():
    before, after = (rule("public-resource-blacklist", day) for day in (date(2026, 3, 31), date(2026, 4, 1)))
    assert (before.version, before.publicity_start) == ("1+order58", "decision")
    assert (after.version, after.publicity_start) == ("1+order36", "decision")
    assert (before.minor_needs_necessity, after.minor_needs_necessity) == (False, True)
    assert rule("wage-arrears", date(2026, 3, 31)).removal.repair_after_months["serious"] == 6
    assert rule("wage-arrears").removal.repair_after_months["serious"] == 12


@pytest.mark.parametrize(
    ("severity", "months", "fine"),
    [
        ("serious", 12, True), ("serious", 36, True), ("serious", 11, False), ("serious", 37, False),
        ("general", 12, True), ("general", 3, True), ("general", 2, False), ("general", 13, False),
        ("minor", 0, True), ("minor", 3, True), ("minor", 4, False), ("grave", 12, False),
    ],
)  # fmt: skip
def test_publicity_keeps_to_its_class(severity, months, fine):
    assert (domain.months_problem(rule("public-resource-blacklist"), severity, months) is None) is fine


def test_some_domains_have_their_own_minimum():
    found = rule("penalty-publication")
    assert domain.months_problem(found, "general", 6, "tax") is None
    assert domain.months_problem(found, "general", 6, "product-quality") is not None
    assert domain.default_months(found, "product-quality") == 12


@pytest.mark.parametrize(
    ("code", "kind", "start", "due"),
    [
        ("penalty-publication", "penalty-decision", {"document_date": date(2026, 11, 2)}, date(2026, 11, 11)),
        ("penalty-publication", "judgment", {"document_date": date(2026, 9, 30)}, date(2026, 11, 3)),
        (
            "public-resource-blacklist",
            "penalty-decision",
            {"decided_on": date(2026, 9, 30)},
            date(2026, 10, 15),
        ),
        ("public-resource-blacklist", "judgment", {"decided_on": date(2026, 9, 20)}, date(2026, 10, 23)),
    ],
)
def test_publication_is_due_in_seven_or_twenty_working_days(code, kind, start, due):
    dates = {"document_date": None, "decided_on": None} | start
    found = domain.publication_due(rule(code), document_kind=kind, calendar=CALENDAR, **dates)
    assert found is not None
    assert (found.day, found.provisional) == (due, False)


def test_the_full_procedure_counts_from_its_own_decision():
    waiting = domain.publication_due(
        rule("public-resource-blacklist"), document_kind="penalty-decision", document_date=date(2026, 11, 2),
        decided_on=None, calendar=CALENDAR,
    )  # fmt: skip
    assert waiting is None


def test_a_due_date_beyond_the_calendar_is_provisional():
    found = domain.publication_due(
        rule("penalty-publication"), document_kind="judgment", document_date=date(2026, 12, 4),
        decided_on=None, calendar=CALENDAR,
    )  # fmt: skip
    assert found is not None
    assert found.provisional


def test_the_publicity_window_ends_on_the_calendar_day():
    found = rule("public-resource-blacklist")
    window = domain.publicity_window(found, "serious", 12, date(2024, 2, 29), None)
    assert (window.min_end, window.max_end) == (date(2025, 2, 28), date(2025, 2, 28))
    long = domain.publicity_window(found, "serious", 36, date(2026, 11, 23), None)
    assert (long.min_end, long.max_end) == (date(2027, 11, 23), date(2029, 11, 23))


def test_tendering_records_last_six_months_or_as_long_as_the_ban():
    found = rule("tendering-misconduct")
    six = domain.publicity_window(found, "general", found.default_months, date(2026, 11, 2), None)
    assert six.max_end == date(2027, 5, 2)
    banned = domain.publicity_window(found, "general", 6, date(2026, 11, 2), None, date(2028, 11, 2))
    assert banned.max_end == date(2028, 11, 2)


def test_who_may_decide():
    assert domain.may_decide(rule("public-resource-blacklist"), "housing", "county")
    assert not domain.may_decide(rule("wage-arrears"), "housing", "county")
    assert not domain.may_decide(rule("work-safety-serious"), "emergency-management", "town")
    assert domain.may_decide(rule("procurement-serious-violation"), "housing", "county"), "as the data source"


def test_measures_are_a_closed_list():
    assert queries.measure("ban-bidding", TODAY)
    assert queries.measure("ban-bidding", date(1999, 12, 31)) is None
    assert queries.measure("public-shaming", TODAY) is None


def test_the_domains_are_those_of_the_contract():
    trading = {each.code for each in queries.trade_domains() if each.trading}
    assert trading == {
        "government-procurement", "engineering-tendering", "land-transfer", "mining-rights", "state-assets",
        "forestry-rights", "emission-rights",
    }  # fmt: skip
    assert {each.code for each in queries.trade_domains()} == trading | {
        "housing-security", "rural-housing", "work-safety", "product-quality", "tax", "health",
        "spot-check", "other",
    }  # fmt: skip


def test_the_catalogue_has_no_fault():
    assert queries.check_catalogue() == []


@pytest.mark.parametrize(
    ("file", "old", "new", "field", "said"),
    [
        (SPOT, 'class = "notice"', 'class = "shame"', "class", "只能是"),
        (SPOT, "default_months = 12", 'default_months = "12"', "version.0.default_months", "整数"),
        (SPOT, 'remedy = "', 'remedi = "', "version.0.remedi", "没有这个字段"),
        (SPOT, "valid_from = 2014-10-01", "", "version.0.valid_from", "缺少"),
        (SPOT, '"market-regulation"]', '"martians"]', "version.0.deciding_organs", "martians"),
        (WAGE, "valid_from = 2026-04-01", "valid_from = 2026-05-01", "version.0.valid_to", "生效日"),
        (WAGE, "[[version.basis]]", "[[version.basis", "", "TOML"),
        (WAGE, 'region = "000000"', 'region = "359999"', "version.0.basis.0.region", "行政区划"),
        (
            "regimes.toml",
            "minor_needs_necessity = true",
            "minor_needs_necessity = 1",
            "publicity.3.minor_needs_necessity",
            "true",
        ),
        (
            "measures.toml",
            'domains = ["land-transfer"]',
            'domains = ["moon-land"]',
            "measure.3.domains",
            "moon-land",
        ),
    ],
)
def test_a_fault_is_named_with_file_line_and_field(tmp_path, file, old, new, field, said):
    folder = tmp_path / "data"
    shutil.copytree(DATA, folder)
    text = (folder / file).read_text("utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1), "utf-8")
    problems = queries.check_catalogue(folder)
    assert any(p.file == file and p.field == field and said in p.message for p in problems), problems
    named = next(p for p in problems if p.field == field)
    if new and field:
        assert _line(folder / file, named) in {new.split("=")[0].strip(), "valid_to", "deciding_organs"}


def _line(path, problem):
    return path.read_text("utf-8").splitlines()[problem.line - 1].split("=")[0].strip()


@pytest.mark.parametrize(
    ("region", "own"),
    [
        ("130102", {"石家庄市长安区 2018"}),
        ("350524", {"安政办〔2018〕117号"}),
        ("350500", set()),
        ("210102", set()),
        ("000000", set()),
    ],
)
def test_only_papers_in_force_for_the_region_are_cited(region, own):
    rule = queries.list_rule("public-resource-blacklist", date(2026, 9, 1))
    cited = {each.document for each in rule.basis_in(region)}
    assert cited == {"国办发〔2017〕97号", "国办发〔2020〕49号"} | own
    made = {"facts": "事实", "basis": "", "severity": "general", "months": 12, "measures": ()}
    text = decision_parts(rule, {}, region=region, domain="other", **made)["basis"]
    assert all(each.cited in text for each in rule.basis_in(region))
    assert ("安溪" in text) == (region == "350524")


@pytest.mark.parametrize("region", ["000000", "130102", "210000", "350524"])
def test_no_list_is_without_a_basis_anywhere(region):
    for rule in queries.all_lists(date(2026, 9, 1)):
        cited = rule.basis_in(region)
        assert any(each.region == "000000" for each in cited), rule.code
        assert all(within(region, each.region) for each in cited), rule.code
