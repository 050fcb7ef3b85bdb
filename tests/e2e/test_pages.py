"""The pages in a real browser: a whole case without JavaScript, one sign-in everywhere, nothing blocked."""

import re

import pytest

from shared.identifiers import make_uscc
from tests.e2e.browser import Visitor, chromium
from tests.harness.wait import until

PUBLIC = (
    "/",
    "/?q=示例",
    "/persons",
    "/lists",
    "/items",
    "/items/board",
    "/listing-board",
    "/reports/new",
    "/annual-reports",
    "/lists/work-safety-serious",
    "/sitemap",
    "/sign-in",
    "/docs",
    "/problems/",
)
NASTY = "<script>alert(1)</script><img src=x onerror=alert(2)>公司"


@pytest.fixture(scope="module")
def browser(world):
    with chromium() as started:
        yield started


@pytest.fixture
def visit(browser, world):
    visitors = []

    def arrive(role: str | None = None, region: str = "130102", **options) -> Visitor:
        visitor = Visitor(browser, world.base, **options)
        visitors.append(visitor)
        if role:
            visitor.sign_in(next(a for a in world.accounts if a["roles"] == [role] and a["region"] == region))
        return visitor

    yield arrive
    for visitor in visitors:
        visitor.context.close()
        assert visitor.complaints == []


def file_case(clerk: Visitor, name: str, serial: int) -> str:
    clerk.go("/cases/new")
    clerk.choose(
        list_code="public-resource-blacklist",
        domain="engineering-tendering",
        document__kind="penalty-decision",
    )
    clerk.fill(
        subject__name=name,
        subject__uscc=make_uscc("91130102", serial),
        misconduct__category="弄虚作假骗取中标",
        misconduct__facts="在投标中提供虚假业绩材料。",
        document__number=f"长住建罚〔2026〕页{serial}号",
        document__date="2026-11-02",
        document__basis="《中华人民共和国招标投标法》第五十四条",
        document__content="处以罚款。",
        document__fine_wan="2.5",
    )
    clerk.send()
    assert "已办理" in clerk.text()
    return re.search(r"/cases/[0-9a-f-]{36}", clerk.page.url)[0]


def act(visitor: Visitor, case: str, action: str, **values: str) -> None:
    visitor.go(f"{case}/actions/{action}")
    visitor.fill(**{name: value for name, value in values.items() if name not in ("severity", "method")})
    visitor.choose(**{name: value for name, value in values.items() if name in ("severity", "method")})
    visitor.send()
    assert "已办理" in visitor.text(), visitor.text()


def test_a_whole_case_without_javascript(visit):
    name = "石家庄页面走查建设有限公司"
    clerk, reviewer, decider = (visit(role, scripts=False) for role in ("clerk", "reviewer", "decider"))
    case = file_case(clerk, name, 900_001)
    act(clerk, case, "submit")
    assert (
        "须由另一名" in clerk.go(case).text()
        or "不得审核" in reviewer.go(case).text()
        or "通过" in reviewer.text()
    )
    act(reviewer, case, "approve_notice", notice_number="长住建告〔2026〕页1号")
    assert "陈述申辩期未满" in decider.go(case).text(), "a blocked action says why"
    assert "最早可于" in decider.text()
    clerk.go(f"{case}/actions/record_statement").page.locator("[name=waived]").check()
    clerk.page.locator("[name=hearing_waived]").check()
    clerk.send()
    act(decider, case, "decide", severity="general", publicity_months="12")
    act(clerk, case, "record_service", method="direct", served_on=today(clerk), recipient="张某")
    act(decider, case, "publish")

    public = visit(scripts=False).go(f"/?q={name}")
    public.follow(name, "main")
    assert "公示中" in public.text()
    until(lambda: "已公示" in public.go(public.page.url.removeprefix(public.base)).text(), 20)
    message = visit("supervisor", scripts=False)
    until(lambda: name in message.go("/notices/").text(), 20)

    act(
        decider,
        case,
        "revoke",
        reason="原决定被撤销",
        document__number="长复决〔2026〕页1号",
        document__date=today(clerk),
        document__organ="（示例）行政复议机关",
    )
    assert "没有查到" in public.go(f"/?q={name}").text()


def today(visitor: Visitor) -> str:
    """Business date, as the page of the case shows it."""
    year, month, day = re.findall(r"(\d{4})年(\d+)月(\d+)日", visitor.text())[-1]
    return f"{year}-{int(month):02}-{int(day):02}"


def test_a_refused_form_keeps_what_was_typed_and_names_the_fields(visit):
    clerk = visit("clerk").go("/cases/new").fill(subject__name="待改公司", subject__uscc="123")
    clerk.send()
    assert clerk.page.locator("[name='subject.name']").input_value() == "待改公司"
    summary = clerk.page.locator(".govuk-error-summary")
    assert "统一社会信用代码：" in summary.inner_text()
    summary.get_by_role("link", name="名单").first.click()
    assert clerk.page.evaluate("document.activeElement.id") == "list_code"


def test_one_sign_in_for_all_three_services(visit):
    supervisor = visit("supervisor")
    for link, heading in (
        ("案件", "案件"),
        ("推送监控", "推送监控"),
        ("消息", "消息"),
        ("公开查询", "公开查询"),
    ):
        supervisor.follow(link, "nav.cb-nav")
        assert heading in supervisor.page.locator("h1").inner_text()
        assert supervisor.page.locator("nav.cb-nav [aria-current]").inner_text() == link
    with supervisor.page.expect_navigation():
        supervisor.page.get_by_role("button", name="退出登录").click()
    supervisor.go("/notices/")
    assert "/sign-in?next=" in supervisor.page.url


def test_a_wrong_password_says_nothing_more(visit, world):
    account = next(a for a in world.accounts if a["roles"] == ["auditor"])
    stranger = visit().sign_in({"username": account["username"], "password": "wrong-password"})
    unknown = visit().sign_in({"username": "nobody-at-all", "password": "wrong-password"})
    first, second = (v.page.locator(".govuk-error-summary").inner_text() for v in (stranger, unknown))
    assert first == second
    assert "不正确" in first


def test_a_page_of_another_role_is_refused_in_words(visit):
    assert "没有权限" in visit("clerk").go("/push/").text()
    assert "没有权限" in visit("system-admin").go("/cases").text()


def test_what_people_type_is_text_everywhere(visit):
    clerk = visit("clerk")
    case = file_case(clerk, NASTY, 900_002)
    for path in (case, "/cases", f"{case}/edit", f"{case}/actions/submit", "/?q=<script>alert(3)</script>"):
        clerk.go(path)
        assert clerk.page.locator("main script, main img").count() == 0
    assert NASTY in clerk.go(case).text()


@pytest.mark.parametrize("path", PUBLIC)
def test_public_pages_are_complete_and_fit_a_telephone(visit, path):
    visitor = visit(width=390).go(path)
    page = visitor.page
    assert page.locator("html").get_attribute("lang") == "zh-CN"
    for name in ("SiteName", "SiteDomain", "SiteIDCode", "ColumnName"):
        assert page.locator(f"meta[name={name}]").get_attribute("content")
    for part in ("主办单位", "网站标识码", "ICP备", "公网安备", "联系方式"):
        assert part in page.locator("footer").inner_text()
    assert page.locator("h1").count() == 1
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    unlabelled = "[...document.querySelectorAll('main input:not([type=hidden]), main select, main textarea')]"
    assert page.evaluate(f"{unlabelled}.filter(each => !each.labels.length).map(each => each.name)") == []


def test_the_keyboard_reaches_the_text_first_and_focus_is_seen(visit):
    page = visit().go("/").page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "govuk-skip-link"
    page.keyboard.press("Enter")
    page.wait_for_url("**/#main-content")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.name") == "q"
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_the_elder_version_is_larger(visit):
    visitor = visit().go("/lists")
    page = visitor.page
    size = "parseFloat(getComputedStyle(document.querySelector('main p')).fontSize)"
    assert page.evaluate(size) == 16
    visitor.follow("长辈版")
    assert page.evaluate(size) >= 18
    assert page.url.endswith("/lists")
    visitor.follow("标准版")
    assert page.evaluate(size) == 16
