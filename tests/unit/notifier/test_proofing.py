"""The check of the texts: silent about what is shipped, and naming file and line of whatever is wrong."""

import json

import pytest
from click.testing import CliRunner

from services.cli import main
from services.notifier.proofing import ROUTING, check_file, check_route, check_texts, line_of, sample_facts
from services.notifier.routing import parse, routing
from services.notifier.templates import LANGUAGES, all_texts, render
from services.notifier.templates.sandbox import problems

FILE = """# a comment
variables = ["subject_name"]

["case.published"]
title = "{{ subject_name }}"
body = \"\"\"
one
two {{ who }}\"\"\"
"""


def test_every_kind_of_message_has_every_text_it_needs():
    assert check_texts() == []
    assert set(all_texts("en")) <= set(all_texts("zh"))


def test_the_tool_says_so():
    answer = CliRunner().invoke(main, ["templates", "check", "--json"])
    assert (answer.exit_code, json.loads(answer.output)) == (0, {"problems": []})


def test_an_unknown_variable_is_named_with_its_line():
    assert list(check_file("x.toml", FILE, {})) == ["x.toml:8: case.published：不能使用变量 who"]
    assert line_of(FILE, "case.published", "title") == 5


def test_a_file_that_cannot_be_read_is_named():
    assert next(check_file("x.toml", "a = ", {})).startswith("x.toml: ")
    assert list(check_file("x.toml", "[a]\ntitle = ''", {})) == ["x.toml: 缺少 body"]


def test_a_title_that_would_be_cut_or_stay_empty_is_named():
    long = FILE.replace("{{ subject_name }}", "{{ subject_name }}" * 20).replace("{{ who }}", "")
    assert "超过 200 字" in next(check_file("x.toml", long, {}))
    empty = FILE.replace('"{{ subject_name }}"', '"{% if not subject_name %}x{% endif %}"').replace(
        "{{ who }}", ""
    )
    assert "为空" in next(check_file("x.toml", empty, {}))


def test_an_english_text_needs_its_chinese_one():
    good = FILE.replace("case.published", "case.nothing").replace("{{ who }}", "")
    found = list(check_file("en/x.toml", good, all_texts("zh")))
    assert found == ["en/x.toml:5: case.nothing：没有同名的中文文字"]


def test_a_route_without_text_or_with_a_label_too_long_for_a_text_message_is_named():
    line = {
        "event": "case.unheard",
        "label": "这是一个超过二十个字因而不能用于短信的消息名称啊",
        "severity": "info",
    }
    raw = {"version": "1", "links": {"": ""}, "route": [{**line, "link": "", "sms": True}]}
    found = list(check_route(parse(raw).routes[0], '\n\nevent = "case.unheard"\n'))
    assert [each.split("：")[0] for each in found] == [f"{ROUTING}:3: case.unheard"] * 3
    assert "短信" in found[2]


@pytest.mark.parametrize(
    "source",
    [
        "{% if a %}" * 120 + "{% endif %}" * 120,
        "{{ " + "(" * 3000 + "a",
        "{{ a",
        "甲\u202e乙",
        "甲\x00",
        "11010519491231002X",
        "x" * 9000,
    ],
)
def test_what_cannot_be_used_is_a_problem_and_never_an_exception(source):
    assert problems(source, {"a"})


@pytest.mark.parametrize("event", [route.event for route in routing().routes])
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_reads_well_with_its_sample(event, language):
    facts = sample_facts(event, frozenset())
    shown = render(event.replace("*", "opened"), facts, language=language)
    assert "〔" not in shown.title.replace("〔2026〕", "")
    assert not any(line.rstrip().endswith(("：", ":", "–")) for line in shown.title.splitlines())
