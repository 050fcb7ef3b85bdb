"""The pages of openness as people without JavaScript use them: draft, approve, read, report, answer."""

import re

import pytest

from tests.integration.test_disclosure_pages import SAME, page, site

__all__ = ["site"]


@pytest.fixture(scope="module")
def people(site):
    return {role: site.browser(role) for role in ("clerk", "decider", "supervisor")}


def post(client, path, status=303, **form):
    answer = client.post(path, data=form, headers=SAME)
    assert answer.status_code == status, answer.text
    return answer.headers.get("Location", "") if status == 303 else answer.text


def edition(text):
    return re.search(r'name="edition" value="(\d+)"', text)[1]


def act(people, who, place, action, status=303, **form):
    seen = page(people[who], place)
    return post(people[who], f"{place}/actions/{action}", status, edition=edition(seen), **form)


def drafted(people, **changes):
    form = {
        "catalogue_code": "R47-allocation", "kind": "result", "title": "公租房分配结果<b>",
        "body": "分配86套。", "formed_on": "2026-11-02", "attribute": "proactive",
    } | changes  # fmt: skip
    return post(people["clerk"], "/openness-desk/new", **form)


def published(people, **changes):
    place = drafted(people, **changes)
    act(people, "clerk", place, "submit")
    act(people, "decider", place, "approve")
    return place


def test_an_item_goes_from_form_to_public_page_and_board(site, people):
    anyone = site.browser()
    form = page(people["clerk"], "/openness-desk/new")
    assert "保障性住房分配" in form
    assert "政府采购项目" not in form, "another department's entry"
    wrong = post(people["clerk"], "/openness-desk/new", 422, title="x", kind="result")
    assert "形成日期" in wrong
    place = published(people)
    number = re.search(r"GK130102-2026-\d{5}", page(people["clerk"], place))[0]
    shown = page(anyone, "/items?q=" + number)
    assert "公租房分配结果&lt;b&gt;" in shown
    item = place.replace("/openness-desk/", "/items/")
    assert "此件公开发布" in page(anyone, item)
    board = page(anyone, "/items/board?region=130102")
    assert "公开栏" in board
    assert "分配86套。" in board
    page(anyone, "/items?region=999", 200)


def test_the_decider_is_told_of_private_things_and_may_return(people):
    place = drafted(people, body="联系人电话13900000000")
    act(people, "clerk", place, "submit")
    seen = page(people["decider"], place)
    assert "可能有不宜公开的电话号码" in seen
    refused = act(people, "decider", place, "return", 422)
    assert "理由" in refused
    act(people, "decider", place, "return", reason="请删去电话")
    assert "请删去电话" in page(people["clerk"], place)
    changed = {
        "edition": edition(page(people["clerk"], f"{place}/edit")), "catalogue_code": "R47-allocation",
        "kind": "result", "title": "改", "body": "已删", "formed_on": "2026-11-02", "attribute": "proactive",
    }  # fmt: skip
    assert post(people["clerk"], f"{place}/edit", **changed) == place
    assert "已删" in page(people["clerk"], place)


def test_a_correction_shows_on_the_public_page(site, people):
    place = published(people, title="更正样例")
    act(people, "clerk", place, "correct", reason="漏计", body="分配87套。")
    act(people, "decider", place, "approve_change")
    shown = page(site.browser(), place.replace("/openness-desk/", "/items/"))
    assert "这条信息已经更正" in shown
    assert "漏计" in shown
    assert "更正之前的内容" in shown


def test_a_text_for_weibo_is_copied_approved_and_marked_as_sent(people):
    place = published(people, title="发布样例")
    post(people["clerk"], f"{place}/channel-drafts", channel="weibo")
    seen = page(people["decider"], place)
    assert "【发布样例】" in seen
    draft = re.search(r"/channel-drafts/[0-9a-f-]{36}", seen)[0]
    post(people["decider"], f"{draft}/approve")
    post(people["clerk"], f"{draft}/sent", 422, sent_to="https://weibo.invalid/1")
    post(people["clerk"], f"{draft}/sent", sent_at="2026-11-02T10:00", sent_to="https://weibo.invalid/1")
    assert "https://weibo.invalid/1" in page(people["clerk"], place)


def test_an_opinion_from_record_to_end(people):
    form = {
        "title": "关注分房", "summary": "质疑抽签", "source": "论坛", "level": "major",
        "reported_at": "2026-11-02T09:00",
    }  # fmt: skip
    assert "发现时间" in post(people["clerk"], "/opinions", 422, **{**form, "reported_at": "x"})
    place = post(people["clerk"], "/opinions", **form)
    seen = page(people["clerk"], place)
    assert "2026年11月2日 14:00" in seen
    related = place.rsplit("/", 1)[1]
    assert related in page(people["clerk"], f"/openness-desk/new?kind=opinion-response&related_id={related}")
    published(people, catalogue_code="R29-opinion", kind="opinion-response", title="说明", related_id=related)
    post(people["clerk"], f"{place}/press", held_at="2026-11-02T09:30", note="新闻发布厅")
    post(people["decider"], f"{place}/close")
    assert "已办结" in page(people["supervisor"], place)
    seen = page(people["clerk"], "/opinions?state=closed")
    assert "应当监测" in seen
    assert "监测范围" in post(people["clerk"], "/opinion-rounds", 422, sources="", found="x")
    post(people["clerk"], "/opinion-rounds", sources="本地论坛", found="0")
    seen = page(people["clerk"], "/opinions")
    assert "本地论坛" in seen
    assert "应当监测" not in seen


def test_a_report_from_form_to_answer(site, people):
    anyone = site.browser()
    offered = page(anyone, "/services?region=350524")
    assert "泉州市公共资源交易平台" in offered
    assert "石家庄市公共资源交易平台" not in offered
    assert "selected>业务咨询" in page(anyone, "/reports/new?topic=consultation")
    form = page(anyone, "/reports/new?about=GK130102-2026-00001")
    department = re.search(r'value="([0-9a-f-]{36})">石家庄市长安区住房和城乡建设局<', form)[1]
    told = {"department_id": department, "topic": "late", "text": "逾期没有公开"}
    wrong = post(anyone, "/reports/new", 422, **told, **{"reporter.name": "王小二"})
    assert "电话或者电子邮箱" in wrong
    receipt = post(
        anyone, "/reports/new", 201, **told, **{"reporter.name": "王小二", "reporter.phone": "13900000000"}
    )
    code = re.search(r"[2-9A-Z]{4}(?:-[2-9A-Z]{4}){3}", receipt)[0]
    place = re.search(r"/reports-desk/[0-9a-f-]{36}", page(people["clerk"], "/reports-desk"))[0]
    assert "王小二" not in page(people["clerk"], place)
    assert "王小二" in post(people["clerk"], f"{place}/reporter", 200, purpose="核实")
    post(people["clerk"], f"{place}/actions/accept")
    post(people["clerk"], f"{place}/actions/draft", content="已经公开。")
    post(people["decider"], f"{place}/actions/answer")
    assert "已经公开。" in post(anyone, "/reports", 200, code=code)
    assert "没有查到" in post(anyone, "/reports", 404, code="AAAA-BBBB-CCCC-DDDD")


def test_supervisors_see_who_published_in_time_and_put_the_year_forward(people):
    board = page(people["supervisor"], "/supervision")
    assert "信息按期率" in board
    assert "舆情按时率" in page(people["supervisor"], "/supervision")
    page(people["supervisor"], "/supervision/duties?measure=items&period=2026")
    assert "本年度尚未结束" in post(people["supervisor"], "/supervision/annual-reports", 422, year="2026")
    post(people["supervisor"], "/supervision/annual-reports", year="2025")
    assert "待审批" in page(people["supervisor"], "/supervision/annual-reports")


def test_public_pages_open_for_anyone(site):
    for path in (
        "/items",
        "/items/board",
        "/reports/new",
        "/reports",
        "/annual-reports",
        "/disclosure-catalogue",
    ):
        page(site.browser(), path)
    page(site.browser(), "/items/0199a000-0000-7000-8000-000000000000", 404)
