"""Reading holiday notices: the dates of seven real years in the wordings notices have used, and doubts."""

from datetime import date, timedelta

import pytest

from shared.calendar import WorkingCalendar, builtin_calendar
from shared.calendar.notice import read_notice

NOTICES = {
    2008: """关于2008年部分节假日安排的通知
（一）元旦：2007年12月30日—2008年1月1日放假，共3天。其中1月1日（星期二）为法定节假日；12月29日（星期六）上班。
（二）春节：2月6日—12日放假，共7天。2月2日（星期六）、2月3日（星期日）上班。
（三）清明节：4月4日—6日放假，共3天。
（四）“五一”国际劳动节：5月1日—3日放假，共3天。5月4日（星期日）上班。
（五）端午节：6月7日—9日放假，共3天。
（六）中秋节：9月13日—15日放假，共3天。
（七）国庆节：9月29日—10月5日放假，共7天。9月27日（星期六）、9月28日（星期日）上班。""",
    2012: """2012年部分节假日安排
一、元旦：2012年1月1日至3日放假调休，共3天。2011年12月31日（星期六）上班。
二、春节：1月22日至28日放假调休，共7天。1月21日（星期六）、1月29日（星期日）上班。
三、清明节：4月2日至4日放假调休，共3天。3月31日（星期六）、4月1日（星期日）上班。
四、劳动节：4月29日至5月1日放假调休，共3天。4月28日（星期六）上班。
五、端午节：6月22日至24日放假公休，共3天。
六、中秋节、国庆节：9月30日至10月7日放假调休，共8天。9月29日（星期六）上班。""",
    2018: """各单位：2018年节假日安排如下。
一、元旦:1月1日放假,与周末连休。
二、春节:2月15日至21日放假调休,共7天。2月11日(星期日)、2月24日(星期六)上班。
三、清明节:4月5日至7日放假调休,共3天。4月8日(星期日)上班。
四、劳动节:4月29日至5月1日放假调休,共3天。4月28日(星期六)上班。
五、端午节:6月18日放假,与周末连休。
六、中秋节:9月24日放假,与周末连休。
七、国庆节:10月1日至7日放假调休,共7天。9月29日(星期六)、9月30日(星期日)上班。""",
    2023: """关于2023年部分节假日安排的通知 国办发明电[2022]16号
一、元旦：2022年12月31日至2023年1月2日放假调休，共3天。
二、春节：1月21日至27日放假调休，共7天。1月28日（星期六）、29日（星期日）上班。
三、清明节：4月5日放假，共1天。
四、劳动节：4月29日至5月3日放假调休，共5天。4月23日（星期日）、5月6日（星期六）上班。
五、端午节：6月22日至24日放假调休，共3天。6月25日（星期日）上班。
六、中秋节、国庆节：9月29日至10月6日放假调休，共8天。10月7日（星期六）、10月8日（星期日）上班。""",
    2024: """2024年部分节假日安排
一、元旦：1月1日放假，与周末连休。
二、春节：2月10日至17日放假调休，共8天。2月4日（星期日）、2月18日（星期日）上班。提倡用人单位让职工在除夕（2月9日）休息。
三、清明节：4月4日至6日放假调休，共3天。4月7日（星期日）上班。
四、劳动节：5月1日至5日放假调休，共5天。4月28日（星期日）、5月11日（星期六）上班。
五、端午节：6月10日放假，与周末连休。
六、中秋节：9月15日至17日放假调休，共3天。9月14日（星期六）上班。
七、国庆节：10月1日至7日放假调休，共7天。9月29日（星期日）、10月12日（星期六）上班。""",
    2025: """2025年节假日安排
一、元旦：1月1日（周三）放假1天，不调休。
二、春节：1月28日（农历除夕、周二）至2月4日（农历正月初七、周二）放假调休，共8天。1月26日（周日）、2月8日（周六）上班。
三、清明节：4月4日（周五）至6日（周日）放假，共3天。
四、劳动节：5月1日（周四）至5日（周一）放假调休，共5天。4月27日（周日）上班。
五、端午节：5月31日（周六）至6月2日（周一）放假，共3天。
六、国庆节、中秋节：10月1日（周三）至8日（周三）放假调休，共8天。9月28日（周日）、10月11日（周六）上班。""",
    2026: """2026年部分节假日安排
一、元旦：1月1日（周四）至3日（周六）放假调休，共3天。1月4日（周日）上班。
二、春节：2月15日（农历腊月二十八、周日）至23日（农历正月初七、周一）放假调休，共9天。2月14日（周六）、2月28日（周六）上班。
三、清明节：4月4日（周六）至6日（周一）放假，共3天。
四、劳动节：5月1日（周五）至5日（周二）放假调休，共5天。5月9日（周六）上班。
五、端午节：6月19日（周五）至21日（周日）放假，共3天。
六、中秋节：9月25日（周五）至27日（周日）放假，共3天。
七、国庆节：10月1日（周四）至7日（周三）放假调休，共7天。9月20日（周日）、10月10日（周六）上班。""",
}
FROM_NEXT_NOTICE = 25
"""From 25 December on, a year's days may be moved by the next year's notice."""


@pytest.mark.parametrize("year", NOTICES)
def test_a_notice_gives_the_year_that_is_known(year):
    reading = read_notice(NOTICES[year])
    assert reading.problems == ()
    assert reading.year == year
    assert reading.calendar_year is not None
    read, known = WorkingCalendar("read", [reading.calendar_year]), builtin_calendar()
    first = min(date(year, 1, 1), *(reading.rest | reading.work))
    last = date(year, 12, FROM_NEXT_NOTICE)
    days = [first + timedelta(days=i) for i in range((last - first).days + 1)]
    assert [day for day in days if read.is_working_day(day) != known.is_working_day(day)] == []


def test_number_and_holidays_are_named():
    reading = read_notice(NOTICES[2023])
    assert reading.number == "国办发明电〔2022〕16号"
    assert reading.holidays[0].name == "元旦"
    assert (reading.holidays[0].start, reading.holidays[0].end) == (date(2022, 12, 31), date(2023, 1, 2))
    assert len(reading.holidays) == 6


def test_signs_and_blanks_do_not_matter():
    half = NOTICES[2024].replace("：", ":").replace("（", "(").replace("）", ")").replace("，", ",")
    spaced = half.replace("月", " 月 ").replace("日", " 日\n")
    assert read_notice(spaced).rest == read_notice(NOTICES[2024]).rest
    assert read_notice(spaced).work == read_notice(NOTICES[2024]).work


@pytest.mark.parametrize(
    ("wrong", "right", "doubt"),
    [
        ("2月4日（星期日）", "2月4日（星期六）", "2024-02-04 是星期日，通知写作星期六"),
        ("共8天", "共7天", "写明共7天，按日期数得8天"),
        ("2月18日（星期日）上班", "2月20日上班", "2024-02-20 不是周末"),
        ("六、中秋节：9月15日至17日放假调休，共3天。9月14日（星期六）上班。\n", "", "没有读到：中秋"),
        ("6月10日放假", "6月31日放假", "日期“6月31日”读不出来"),
        ("5月11日（星期六）上班", "5月4日（星期六）上班", "既放假又上班：2024-05-04"),
    ],
)
def test_doubts_are_named(wrong, right, doubt):
    assert wrong in NOTICES[2024]
    reading = read_notice(NOTICES[2024].replace(wrong, right))
    assert any(doubt in each for each in reading.problems), reading.problems


@pytest.mark.parametrize("text", ["", "关于放假的通知", "一、元旦：1月1日放假。"])
def test_a_text_without_a_year_is_refused(text):
    assert read_notice(text).year is None
    assert read_notice(text).problems


def test_a_year_given_by_hand_counts():
    assert read_notice("一、元旦：1月1日放假。", 2030).rest == {date(2030, 1, 1)}
