"""Periods, document numbers, gaps, rates, statuses, the draw and the sheet, without a database."""

from copy import deepcopy
from datetime import date
from decimal import Decimal

import pytest

from services.blacklist.supervision.domain import assessment
from services.blacklist.supervision.domain.assessment import fill_sheet, read_scheme, scheme
from services.blacklist.supervision.domain.decisions import compliance_of, decision_status
from services.blacklist.supervision.domain.gaps import MISSING, UNPUBLISHED, find_gaps
from services.blacklist.supervision.domain.ledger_sheet import NoHeading, read_ledger
from services.blacklist.supervision.domain.numbers import (
    DocumentNumber,
    number_key,
    number_problem,
    parse_number,
)
from services.blacklist.supervision.domain.periods import parse_period
from services.blacklist.supervision.domain.rates import Rate, duration_text, median_hours, worst_tenth_hours
from services.blacklist.supervision.domain.sampling import draw, population_digest
from services.blacklist.supervision.queries.indicators import Pushes

TODAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("name", "start", "end", "title"),
    [
        ("2026", date(2026, 1, 1), date(2026, 12, 31), "2026年"),
        ("2026-Q3", date(2026, 7, 1), date(2026, 9, 30), "2026年第三季度"),
        ("2024-02", date(2024, 2, 1), date(2024, 2, 29), "2024年2月"),
    ],
)
def test_periods(name, start, end, title):
    period = parse_period(name)
    assert (period.start, period.end, period.title) == (start, end, title)


@pytest.mark.parametrize("name", ["", "26", "2026-13", "2026-Q5", "2026-00", "1999", "2026-1", "2026\n"])
def test_what_is_no_period(name):
    assert parse_period(name) is None


def test_a_period_opens_at_midnight_in_shanghai():
    period = parse_period("2026-11")
    assert period.opens_at.isoformat() == "2026-10-31T16:00:00+00:00"
    assert period.closes_at.isoformat() == "2026-11-30T16:00:00+00:00"


@pytest.mark.parametrize(
    "written",
    [
        "长住建罚〔2026〕12号",
        "长住建罚[2026]12号",
        "长住建罚（2026）第12号",
        " 长住建罚【2026】 12 号",
        "长住建罚〔２０２６〕０１２号",
    ],
)
def test_one_number_however_written(written):
    assert parse_number(written) == DocumentNumber("长住建罚", 2026, 12)
    assert number_key(written) == "长住建罚〔2026〕12号"


@pytest.mark.parametrize("written", ["无文号", "〔2026〕12号", "长住建罚〔26〕12号", "长住建罚〔2026〕12"])
def test_other_numbers_are_kept_but_not_in_a_series(written):
    assert parse_number(written) is None
    assert number_problem(written) is None


def test_what_is_refused_as_a_number():
    assert number_problem("  ") == "请填写文号"
    assert "身份号码" in number_problem("130102198001020011")
    assert number_problem("长" * 129) is not None


def known(**serials):
    return {DocumentNumber("长住建罚", 2026, int(serial[1:])): settled for serial, settled in serials.items()}


def test_thirteen_between_twelve_and_fourteen_is_a_gap():
    (gap,) = find_gaps(known(n12=True, n14=True))
    assert (gap.first, gap.last, gap.kind, gap.numbers) == (13, 13, MISSING, 1)
    assert gap.title == "长住建罚〔2026〕13号"


def test_an_explained_number_closes_the_gap_and_a_concealed_one_opens_one():
    assert find_gaps(known(n12=True, n13=True, n14=True)) == []
    (gap,) = find_gaps(known(n12=True, n13=False, n14=True))
    assert (gap.first, gap.kind) == (13, UNPUBLISHED)


def test_runs_and_series_are_kept_apart():
    numbers = known(n3=True, n9=True) | {DocumentNumber("长住建罚", 2025, 20): True}
    (gap,) = find_gaps(numbers)
    assert (gap.year, gap.first, gap.last, gap.title) == (2026, 4, 8, "长住建罚〔2026〕4—8号")


@pytest.mark.parametrize(
    ("published", "explained", "today", "status"),
    [
        (date(2026, 11, 11), False, TODAY, "on-time"),
        (date(2026, 11, 12), False, TODAY, "late"),
        (date(2026, 11, 12), True, TODAY, "late"),
        (None, True, TODAY, "explained"),
        (None, False, date(2026, 11, 11), "pending"),
        (None, False, date(2026, 11, 12), "concealed"),
    ],
)
def test_where_a_decision_stands(published, explained, today, status):
    due = date(2026, 11, 11)
    assert decision_status(due=due, published_on=published, explained=explained, today=today) == status


def test_ledger_rates():
    found = compliance_of(["on-time"] * 6 + ["late"] * 2 + ["concealed", "explained", "pending"])
    assert found.total == 11
    assert (found.concealment, found.lateness, found.compliance) == (Rate(1, 9), Rate(2, 8), Rate(7, 10))


def test_a_share_below_the_whole_is_never_shown_as_whole():
    assert Rate(9999, 10000).text == "99.9%"
    assert Rate(10, 10).text == "100.0%"
    assert Rate(0, 0).text == "—"


def test_durations():
    assert median_hours([3600, 7200, 10800]) == Decimal("2.00")
    assert worst_tenth_hours([3600.0 * n for n in range(1, 11)]) == Decimal("9.00")
    assert median_hours([]) is None
    told = [duration_text(each) for each in (0.2, 12, 60, 192, 7200, 9000, 90_000)]
    assert told == ["不到1秒", "12秒", "1分钟", "3分12秒", "2小时", "2小时30分钟", "1天1小时"]


def test_what_waits_for_a_person_or_is_under_way_has_no_outcome_yet():
    pushes = Pushes()
    for state in ("acknowledged", "rejected", "awaiting-hand", "sending"):
        pushes.add(state, late=False, seconds=5.0)
    pushes.add("accepted", late=True, seconds=5.0)
    assert pushes.success == Rate(1, 3)
    assert (pushes.by_hand, pushes.under_way, pushes.late) == (1, 1, 1)


def test_the_draw_depends_on_the_seed_alone():
    ids = [f"case-{n}" for n in range(50)]
    first = draw(ids, 5, "seed")
    assert draw(list(reversed(ids)), 5, "seed") == first
    assert draw(ids, 5, "other") != first
    assert len(set(first)) == 5
    assert population_digest(ids) == population_digest(set(ids)) != population_digest(ids[1:])


def rates(**given):
    return {item.indicator: given.get(item.indicator, Rate(0, 0)) for item in scheme().items}


def test_the_sheet_weighs_at_least_four_percent_and_adds_up():
    laid_down = scheme()
    assert laid_down.share >= 4
    assert sum(item.weight for item in laid_down.items) == 100
    assert {"公开情况", "公开时效", "平台报送"} <= {item.group for item in laid_down.items}


def test_items_without_cases_do_not_count_and_deductions_do():
    counts = {"concealed": 3, "late_rectifications": 1}
    sheet = fill_sheet(scheme(), rates(publication=Rate(9, 10), timely_7=Rate(5, 5)), counts)
    assert sheet.reached == Decimal("94.55"), "27 of 30 and 25 of 25"
    assert sheet.deducted == Decimal(5)
    assert sheet.total == Decimal("89.55")
    assert sheet.yearly_points == Decimal("3.58")


def test_a_department_without_cases_has_no_score():
    sheet = fill_sheet(scheme(), rates(), {"concealed": 0, "late_rectifications": 0})
    assert (sheet.reached, sheet.total, sheet.yearly_points) == (None, None, None)


def test_a_sheet_that_does_not_hold_together_is_refused():
    import tomllib

    content = tomllib.loads(assessment._FILE.read_text("utf-8"))
    light = deepcopy(content)
    light["yearly"]["share_percent"] = "3"
    with pytest.raises(ValueError, match="at least 4"):
        read_scheme(light)
    odd = deepcopy(content)
    odd["item"][0]["weight"] = "31"
    with pytest.raises(ValueError, match="101"):
        read_scheme(odd)
    unsaid = deepcopy(content)
    unsaid["item"][0]["status"] = "guessed"
    with pytest.raises(ValueError, match="verified or assumed"):
        read_scheme(unsaid)


def test_a_ledger_sheet_names_each_bad_cell():
    rows = [
        ["2026年决定台账"],
        ["序号", "文号", "决定日期", "决定机关"],
        ["1", "长住建罚〔2026〕12号", "2026-11-02", "长安区住建局"],
        ["2", "长住建罚[2026]12号", "2026/11/3", "长安区住建局"],
        ["3", "", "2026年13月1日", ""],
        [None, None, None, None],
    ]
    good, twice, bad = read_ledger(rows, TODAY)
    assert (good.number, good.decided_on, good.errors) == ("长住建罚〔2026〕12号", date(2026, 11, 2), [])
    assert twice.errors == [{"cell": "B4", "column": "文号", "message": "与第 3 行文号重复"}]
    assert [each["cell"] for each in bad.errors] == ["B5", "C5", "D5"]


def test_a_ledger_sheet_without_a_heading_says_what_is_missing():
    with pytest.raises(NoHeading, match="决定机关"):
        read_ledger([["文号", "决定日期"], ["a", "b"]], TODAY)
    with pytest.raises(NoHeading, match="文号"):
        read_ledger([["x"]] * 8, TODAY)
