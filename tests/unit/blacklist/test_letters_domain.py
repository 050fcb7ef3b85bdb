"""Letters' pure parts: templates, numbers, words as papers write them, service days, the clash, scans."""

from datetime import date
from itertools import pairwise

import pytest

from services.blacklist.cases.domain.serving import effective_on, methods, service_problems
from services.blacklist.cases.domain.table import ALL, STATES, TRANSITIONS
from services.blacklist.letters.domain.clash import service_clash
from services.blacklist.letters.domain.numbering import (
    default_pattern,
    number_problem,
    pattern_problem,
    series_of,
)
from services.blacklist.letters.domain.scans import scan_problem
from services.blacklist.letters.domain.templates import KINDS, Piece, Text, filled, templates
from services.blacklist.letters.domain.wording import bare, chinese_day, grouped, sentence, tidy


@pytest.mark.parametrize("kind", KINDS)
def test_templates_are_whole(kind):
    template = templates()[kind]
    actions = {row.action for row in TRANSITIONS}
    assert template.name
    assert template.dated in ("step", "issue")
    assert set(template.actions) <= actions
    assert set(template.states) <= set(STATES)
    assert set(template.procedures) <= set(ALL)
    assert template.actions or template.states
    spans = [(each.valid_from, each.valid_to or date.max) for each in template.versions]
    assert all(start < end for start, end in spans)
    assert all(former[1] == later[0] for former, later in pairwise(spans))
    assert spans[-1][1] == date.max, "the newest text has no end"
    assert all(each.status in ("verified", "assumed") and each.source for each in template.versions)
    assert all(piece.text for each in template.versions for piece in each.body)


def test_words_and_names_are_distinct():
    known = templates().values()
    assert len({each.word for each in known}) == len({each.name for each in known}) == len(KINDS)


def test_decision_has_its_five_parts():
    for version in templates()["decision"].versions:
        headings = [piece.text for piece in version.body if piece.heading]
        assert headings == ["一、事由", "二、依据", "三、惩戒措施提示", "四、移出条件和程序", "五、救济途径"]


def test_a_template_changes_with_the_law():
    notice = templates()["repair-notice"]
    assert "第36号" not in "".join(piece.text for piece in notice.on(date(2026, 3, 31)).body)
    assert "第36号" in "".join(piece.text for piece in notice.on(date(2026, 4, 1)).body)
    assert notice.on(date(1999, 1, 1)) is None


def test_conditions_choose_paragraphs():
    pieces = (Piece("一", True), Piece("{a}", when="x"), Piece("乙", when="!x"))
    text = Text("1", date(2020, 1, 1), None, "assumed", "s", "t", pieces)
    assert filled(text, {"a": "甲"}, {"x"}) == [("一", True), ("甲", False)]
    assert filled(text, {}, set()) == [("一", True), ("乙", False)]
    with pytest.raises(KeyError):
        filled(text, {}, {"x"})


def test_series_counts_and_knows_its_own():
    series = series_of("长住建信告〔{year}〕{n}号", 2026)
    assert series.number(7) == "长住建信告〔2026〕7号"
    assert series.running("长住建信告〔2026〕12号") == 12
    for other in (
        "长住建信告〔2025〕1号",
        "长住建信告〔2026〕01号",
        "长住建信告〔2026〕号",
        "长住建信告〔2026〕1号附",
    ):
        assert series.running(other) is None


BAD_PATTERNS = (
    "告{year}{n}",
    "告〔{year}〕号",
    "告〔{year}〕{n}{n}号",
    "{n}告〔{year}〕",
    "告〔{year}〕{n}{x}",
    "告〔{year}〕{n}}",
    "长" * 101 + "〔{year}〕{n}号",
)


@pytest.mark.parametrize("pattern", BAD_PATTERNS)
def test_patterns_that_cannot_number(pattern):
    assert pattern_problem(pattern)


def test_patterns_and_numbers_that_can():
    assert pattern_problem("长住建信告〔{year}〕{n}号") is None
    assert default_pattern("130102-housing", "区住建局", "告") == "长住建信告〔{year}〕{n}号"
    assert default_pattern("x", "区{住}建局", "告") == "区住建局告〔{year}〕{n}号"
    assert number_problem("长住建告〔2026〕3号") is None
    assert number_problem("长住建告(2026)3号")
    assert number_problem("第3号")


def test_words_as_papers_write_them():
    assert chinese_day(date(2026, 11, 3)) == chinese_day("2026-11-03") == "2026年11月3日"
    assert chinese_day(None) == ""
    assert tidy("罚款2.5万元,没收(违法所得);完") == "罚款2.5万元，没收（违法所得）；完"
    assert tidy("《方案》(长安区 2018);《意见》") == "《方案》（长安区 2018）；《意见》"
    assert tidy("a, b (c)") == "a, b (c)"
    assert sentence("甲;") == sentence("甲") == sentence("甲。") == "甲。"
    assert sentence("") == ""
    assert bare("甲。") == "甲"
    assert grouped("ABCDEFGH") == "ABCD-EFGH"


def test_a_public_notice_counts_after_its_days():
    assert methods()["public-notice"].days == 30
    assert "三十日" in methods()["public-notice"].rule
    assert effective_on("public-notice", date(2026, 1, 31)) == date(2026, 3, 2)
    assert effective_on("direct", date(2026, 1, 31)) == date(2026, 1, 31)
    assert {"direct", "post", "public-notice"} <= set(methods())


def test_service_names_what_it_lacks():
    def found(**given):
        asked = {"method": "direct", "served_on": date(2026, 11, 3), "outcome": "served"} | given
        return {pointer for pointer, _ in service_problems(asked, date(2026, 11, 2), date(2026, 11, 4))}

    assert found() == {"/recipient"}
    assert found(recipient="张三") == set()
    assert found(method="post") == {"/tracking_number"}
    assert found(method="public-notice") == {"/place"}
    assert found(outcome="failed") == {"/note"}
    assert found(outcome="failed", note="查无此人") == set()
    assert found(recipient="张三", served_on=date(2026, 11, 5)) == {"/served_on"}
    assert found(recipient="张三", served_on=date(2026, 11, 1)) == {"/served_on"}


def test_clash_of_service_and_publication():
    given = {"duty_rule": "七个工作日", "today": date(2026, 11, 2), "due": date(2026, 11, 11)}
    ahead = service_clash(**given, served=None)
    assert ahead
    assert (ahead.certain, ahead.effective_on) == (False, date(2026, 12, 2))
    assert service_clash(**given, served=("direct", date(2026, 11, 11))) is None
    certain = service_clash(**given, served=("public-notice", date(2026, 12, 2)))
    assert certain
    view = certain.view()
    assert (view["certain"], view["days_late"]) == (True, 21)
    assert "2026年12月2日" in view["text"]
    assert view["rules"][1] == "七个工作日"
    assert service_clash(**given | {"due": None}, served=None) is None


PNG = b"\x89PNG\r\n\x1a\n" + b"x" * 9 + b"IEND\xaeB`\x82"


@pytest.mark.parametrize(
    ("name", "content", "fits"),
    [
        ("a.pdf", b"%PDF-1.4 ... %%EOF\n", True),
        ("a.PNG", PNG, True),
        ("a.jpg", b"\xff\xd8\xff....\xff\xd9", True),
        ("a.pdf", b"", False),
        ("a.pdf", b"%PDF-1.4 cut off", False),
        ("a.pdf", b"%PDF-1.4 /S /JavaScript %%EOF", False),
        ("a.jpg", PNG, False),
        ("a.docx", b"PK\x03\x04", False),
        ("a.pdf", b"%PDF-" + b"0" * 200 + b"%%EOF", False),
    ],
)
def test_scans_are_what_they_say(name, content, fits):
    assert (scan_problem(name, content, 100) is None) is fits
