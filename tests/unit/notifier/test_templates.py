"""The texts: one for every route, only with allowed variables, safe against what data may contain."""

import pytest

from services.notifier.routing import routing
from services.notifier.templates import BadTemplate, Text, all_texts, compile_texts, render, render_mail

FACTS = {
    "subject_name": "华景建设工程有限公司",
    "list_name": "公共资源配置领域黑名单",
    "document_number": "长住建罚〔2026〕12号",
    "due": "2026年11月11日",
    "duty_name": "公布列入信息",
    "platform_name": "信用泉州",
    "operation_name": "公示",
}


@pytest.mark.parametrize("route", routing().routes, ids=lambda route: route.event)
def test_every_route_has_a_text(route):
    text = render(route.event, FACTS)
    assert text.title
    assert text.body
    assert "{{" not in text.title + text.body
    assert "\n" not in text.title


@pytest.mark.parametrize("event", sorted(all_texts()))
def test_every_text_stands_even_without_facts(event):
    text = render(event, {})
    assert text.title
    assert text.body


def test_every_text_belongs_to_a_route_or_is_our_own():
    routes = {route.event for route in routing().routes}
    texted = {f"sms.{route.event}" for route in routing().routes if "sms" in route.channels}
    assert {name for name in all_texts() if name.startswith("sms.")} == texted | {"sms.party.letter"}
    assert set(all_texts()) - routes - texted == {"webhook.test", "notice.digest", "notice.handover"} | {
        f"watch.{kind}" for kind in ("confirm", "standing", "renew", "listed", "lifted")
    } | {"party.letter", "sms.party.letter"} | {
        f"listing.{kind}" for kind in ("published", "corrected", "lifted")
    } | {f"outside.{kind}" for kind in ("approved", "refused", "failing", "disabled")}


def test_a_variable_that_is_not_allowed_is_refused_at_loading():
    raw = {"variables": ["name"], "x.y": {"title": "{{ name }}", "body": "{{ id_number }}"}}
    with pytest.raises(BadTemplate, match="id_number"):
        compile_texts(raw)


@pytest.mark.parametrize(
    "attack",
    [
        "{{ name.__class__.__mro__ }}",
        "{{ ''.__class__.__base__.__subclasses__() }}",
        "{{ name.format }}",
        "{{ name * 1000000 }}",
        "{% for a in name %}{{ a }}{% endfor %}",
        "{{ name | safe }}",
        "{{ name() }}",
        "{% set a = name %}",
        "{% include 'mail.html' %}",
        "{% macro a() %}{% endmacro %}",
        "{{ name[0] }}",
    ],
)
def test_a_text_cannot_climb_out_of_the_sandbox(attack):
    with pytest.raises(BadTemplate, match="不允许的写法"):
        compile_texts({"variables": ["name"], "x.y": {"title": "t", "body": attack}})


@pytest.mark.parametrize(
    "condition", ["name > 1", "1 in 5", "1 in name", "name in 5", 'name in "a" in 5', "(name == 1) in name"]
)
def test_a_comparison_that_could_fail_is_refused(condition):
    with pytest.raises(BadTemplate, match="不允许的比较"):
        compile_texts({"variables": ["name"], "x.y": {"title": "t", "body": f"{{{{ {condition} }}}}"}})


@pytest.mark.parametrize("number", ["9" * 5000, "0x" + "f" * 5000])
def test_a_number_that_cannot_be_written_out_is_refused(number):
    raw = {
        "variables": ["name"],
        "x.y": {"title": "t", "body": f"{{% if name %}}{{{{ {number} }}}}{{% endif %}}"},
    }
    with pytest.raises(BadTemplate, match="数字过长"):
        compile_texts(raw)


def test_comparisons_with_text_are_allowed():
    body = '{% if name == "甲" or "公司" in name and name not in "乙丙" %}是{% endif %}'
    assert compile_texts({"variables": ["name"], "x.y": {"title": "t", "body": body}})


def test_an_own_text_that_fails_gives_way_to_the_shipped_one():
    own = Text("标题", "{% if subject_name > 1 %}x{% endif %}", frozenset(FACTS))
    assert render("case.published", FACTS, {"case.published": own}) == render("case.published", FACTS)


def test_facts_are_never_evaluated():
    text = render("case.published", {**FACTS, "subject_name": "{{ 7*7 }}公司"})
    assert "{{ 7*7 }}公司" in text.title


def test_facts_that_the_text_does_not_allow_do_not_arrive():
    text = render("case.published", {**FACTS, "id_number": "110101199003070000"})
    assert "110101" not in text.title + text.body


def test_line_breaks_in_a_name_cannot_break_the_title():
    text = render("case.published", {**FACTS, "subject_name": "甲\r\nBcc: all@example.gov.cn\u2028乙"})
    assert "\n" not in text.title
    assert "\r" not in text.title
    assert "\u2028" not in text.title


def test_the_mail_page_escapes_everything():
    page = render_mail("<b>标题</b>", "第一行\n<script>alert(1)</script>", 'https://x/"onload="', "页脚")
    assert "<script>" not in page
    assert "<b>" not in page
    assert '"onload="' not in page
