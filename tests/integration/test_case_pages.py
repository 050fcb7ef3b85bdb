"""Every step of the law is reachable from the pages: each action of the table has its form, and the overlays,
links, covered texts and numbers go through them.
"""

import io
import re
from datetime import UTC, datetime
from itertools import count

import pytest

from services.blacklist.cases.domain.table import TRANSITIONS
from services.blacklist.web.steps import CORRECTABLE, INPUTS, asked
from tests.integration.test_blacklist_pages import Site, person
from tests.unit.blacklist.case_office import FILING

DAY = "2026-11-03"
MOVED = "2027-04-01"
NUMBERS = count(1000)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    made = Site(tmp_path_factory.mktemp("site"))
    yield made
    made.deps.db.close()


class Counter:
    """Browsers of each role and the verbs of a day."""

    def __init__(self, site):
        self.site = site
        self.who = {role: site.client(role) for role in ("clerk", "reviewer", "decider")}

    def file(self, **changes):
        given = {}
        for name, group in FILING.items():
            given |= (
                {f"{name}.{k}": v for k, v in group.items()} if isinstance(group, dict) else {name: group}
            )
        given["document.number"] = f"长住建罚〔2026〕{next(NUMBERS)}号"  # a document is published once
        answer = self.who["clerk"].post("/cases/new", data=given | changes)
        assert answer.status_code == 303, answer.text
        return answer.headers["Location"].split("?")[0]

    def version(self, place):
        return re.search(r"版本 (\d+)", self.page(place))[1]

    def page(self, place, by="clerk"):
        answer = self.who[by].get(place)
        assert answer.status_code == 200, answer.text
        return answer.text

    def do(self, place, action, by, /, status=303, **inputs):
        form = self.who[by].get(f"{place}/actions/{action}")
        assert form.status_code == 200
        given = {"version": self.version(place), **{k.replace("__", "."): v for k, v in inputs.items()}}
        answer = self.who[by].post(f"{place}/actions/{action}", data=given)
        assert answer.status_code == status, answer.text
        return answer

    def walk(self, place, until="publish"):
        for action, by, inputs in (
            ("submit", "clerk", {}),
            ("approve_notice", "reviewer", {"notice_number": "长住建告〔2026〕3号"}),
            ("record_statement", "clerk", {"waived": "true", "hearing_waived": "true"}),
            ("decide", "decider", {"severity": "general", "publicity_months": "12"}),
            ("record_service", "clerk", {"method": "direct", "served_on": DAY}),
            ("publish", "decider", {}),
        ):
            self.do(place, action, by, **inputs)
            if action == until:
                break
        return place


@pytest.fixture
def counter(site):
    site.clock.set(datetime(2026, 11, 3, 2, tzinfo=UTC))
    return Counter(site)


REQUEST = {"received_at": DAY, "evidence": "缴款凭证"}


@pytest.mark.parametrize("row", [row for row in TRANSITIONS if row.roles], ids=lambda row: row.action)
def test_every_action_asks_for_everything_it_takes(row):
    assert {name for name, *_ in asked(row)} == {*row.required, *row.optional}
    assert set(row.required) <= set(INPUTS)


@pytest.mark.parametrize("channel", ["credit-china", "window", "direct"])
def test_a_repair_comes_by_each_channel_and_its_answer_goes_back(counter, channel):
    place = counter.walk(counter.file())
    counter.site.clock.set(datetime(2027, 4, 1, 2, tzinfo=UTC))
    counter = Counter(counter.site)  # sessions have ended meanwhile
    given = {"channel": channel, "ticket": "XYZG-7", "received_at": MOVED, "evidence": "凭证"}
    counter.do(place, "open_repair", "clerk", **given, commitment="承诺守信")
    counter.do(place, "request_material", "clerk", reason="补充缴款凭证")
    counter.do(place, "receive_material", "clerk", content="已补充")
    counter.do(place, "accept_repair", "clerk")
    counter.do(place, "extend_repair", "clerk", reason="情况复杂")
    counter.do(place, "settle_repair", "decider", granted="true", reason="已纠正")
    page = counter.page(place)
    for words in ("XYZG-7", "准予修复", "要求补正：补充缴款凭证", "已延长：情况复杂", "答复转回"):
        assert words in page
    paper = {"document__number": "核〔2027〕1号", "document__date": MOVED}
    counter.do(place, "restore", "decider", reason="材料虚假", **paper)
    assert "公示中" in counter.page(place)


def test_an_objection_is_rejected_or_upheld_without_touching_the_text(counter):
    place = counter.walk(counter.file())
    unchanged = {"changes__subject__name": FILING["subject"]["name"]}
    counter.do(place, "open_objection", "clerk", channel="window", **REQUEST)
    assert "异议处理中" in counter.page(place)
    counter.do(place, "accept_objection", "reviewer")
    counter.do(place, "settle_objection", "decider", upheld="false", reason="查无实据", **unchanged)
    counter.do(place, "open_objection", "clerk", channel="direct", **REQUEST)
    counter.do(place, "accept_objection", "reviewer")
    counter.do(place, "settle_objection", "decider", upheld="true", reason="主体有误", **unchanged)
    assert "已撤销" in counter.page(place)


@pytest.mark.parametrize(
    "odd",
    [{"changes": "x"}, {"changes.document": "x"}, {"changes.x": "y"}, {"changes.document.number.x": "y"}],
)
def test_a_correction_of_no_shape_is_refused_not_an_error(counter, odd):
    place = counter.walk(counter.file())
    counter.do(place, "correct", "decider", 422, reason="笔误", **odd)


@pytest.mark.parametrize("odd", ["disclosure", "document", "misconduct", "subject"])
def test_a_filing_of_no_shape_is_refused_not_an_error(counter, odd):
    place = counter.file()
    given = {"version": counter.version(place), odd: "x"}
    assert (
        counter.who["clerk"].post(f"{place}/edit", data={**given, "document.number": ""}).status_code == 422
    )
    assert counter.who["clerk"].post("/cases/new", data=given).status_code == 422


def test_a_correction_reaches_every_field_the_api_corrects(counter):
    place = counter.walk(counter.file(**{"subject.former_names": "石门旧名公司\n\n石门更旧公司"}))
    form = counter.page(f"{place}/actions/correct", "decider")
    assert {f"changes.{name}" for name in CORRECTABLE} <= set(re.findall(r'name="(changes[.a-z_]+)"', form))
    given = {
        "region": "130102", "document__organ": "长安区城市管理局", "document__date": "2026-11-01",
        "subject__legal_representative": "钱某", "domain": "government-procurement", "document__fine_wan": "",
        "subject__former_names": "", "subject__short_names": "石门建工\r\n",
    }  # fmt: skip
    changed = {f"changes__{name}": value for name, value in given.items()}
    counter.do(place, "correct", "decider", 422, reason="录入有误", **changed)
    counter.do(place, "correct", "decider", reason="录入有误", changed_on=DAY, **changed)
    page = counter.page(place)
    for words in ("长安区城市管理局", "2026年11月1日", "钱某", "石门建工"):
        assert words in page, words
    for words in ("罚款金额", "石门旧名公司"):
        assert words not in page, words


def test_a_draft_takes_every_field_of_its_document(counter):
    more = {"document.confiscated_wan": "1.5", "document.licence": "施工许可证"}
    more["document.valid_until"] = "2027-11-02"
    place = counter.file(
        **more, **{"subject.former_names": "石门旧名公司", "subject.short_names": "石门旧名"}
    )
    form = counter.page(f"{place}/edit")
    for value in (*more.values(), "石门旧名公司"):
        assert value in form
    emptied = dict.fromkeys((*more, "subject.former_names", "subject.short_names"), "")
    saved = counter.who["clerk"].post(f"{place}/edit", data={"version": counter.version(place), **emptied})
    assert saved.status_code == 303
    for value in (*more.values(), "石门旧名"):
        assert value not in counter.page(f"{place}/edit")


def test_suspension_in_two_steps_and_shield(counter):
    place = counter.walk(counter.file())
    counter.do(place, "suspend", "clerk", reason="举报核实")
    assert counter.do(place, "confirm_suspension", "clerk", 403)
    counter.do(place, "confirm_suspension", "reviewer")
    counter.do(place, "lift_suspension", "decider", reason="查无实据")
    paper = {
        "document__number": "（2026）冀破1号",
        "document__date": DAY,
        "document__organ": "长安区人民法院",
    }
    counter.do(place, "shield", "reviewer", 422, reason="reorganisation", until="2026-12-31")
    counter.do(place, "shield", "reviewer", reason="reorganisation", until="2026-12-31", **paper)
    assert "破产重整" in counter.page(place)
    counter.do(place, "unshield", "decider", reason="重整终结")


def test_cases_are_linked_and_unlinked(counter):
    parent, child = counter.file(), counter.file()
    given = {"parent_id": parent.rsplit("/", 1)[1], "relation": "affiliate", "note": "同一实际控制人"}
    wrong = counter.who["clerk"].post(f"{child}/links", data=given | {"parent_id": "x"})
    assert wrong.status_code == 422
    assert "主案编号" in wrong.text
    assert counter.who["clerk"].post(f"{child}/links", data=given).status_code == 303
    page = counter.page(child)
    assert "关联企业" in page
    assert "从案" in counter.page(parent)
    remove = re.search(r'action="(/cases/[^"]+/links/[^"]+/remove)"', page)[1]
    assert counter.who["clerk"].post(remove).status_code == 303
    assert "没有关联案件" in counter.page(child)


def test_covered_texts_go_through_the_preview(counter):
    facts = "骗取中标，报价方案为甲三乙四。"
    given = {
        "misconduct.facts": facts, "disclosure.reason": "涉及报价", "disclosure.exceptions": "trade-secret",
    }  # fmt: skip
    refused = counter.who["clerk"].post(
        "/cases/new", data={**_flat(), **given, "disclosure.covered": "没有这句"}
    )
    assert refused.status_code == 422
    assert "请按原文填写" in refused.text
    place = counter.file(**given, **{"disclosure.covered": "报价方案为甲三乙四"})
    assert "商业秘密" in counter.page(place)
    counter.walk(place, "record_service")
    assert "须先由另一名工作人员审核公示预览" in counter.page(place, "decider")
    form = counter.page(f"{place}/actions/approve_redaction", "reviewer")
    assert "骗取中标，***。" in form
    assert "报价方案为甲三乙四" not in form
    counter.do(place, "approve_redaction", "reviewer")
    counter.do(place, "publish", "decider")
    assert "已由另一名工作人员审核" in counter.page(f"{place}/public-preview")


def _flat():
    given = {}
    for name, group in FILING.items():
        given |= {f"{name}.{k}": v for k, v in group.items()} if isinstance(group, dict) else {name: group}
    return given


def test_a_declared_birth_date_of_a_minor_stops_the_case(counter):
    changes = {
        "subject.id_type": "passport",
        "subject.id_number": "E12345678",
        "subject.birth_on": "2010-05-01",
    }
    filed = counter.who["clerk"].post("/cases/new", data=person(**changes))
    place = filed.headers["Location"].split("?")[0]
    assert "2010年5月1日" in counter.page(place)
    counter.do(place, "submit", "clerk", 409)


def test_the_clash_of_service_and_duty_stands_on_the_case(counter):
    place = counter.walk(counter.file(), "decide")
    counter.do(place, "record_service", "clerk", 422, method="public-notice", served_on=DAY)
    where = {"proof": "《河北日报》2026年11月3日第4版"}
    counter.do(place, "record_service", "clerk", method="public-notice", served_on=DAY, **where)
    page = counter.page(place)
    assert "期限冲突" in page
    assert "公告送达" in page


def test_letter_series_are_set_by_the_decider_only(counter):
    page = counter.page("/letter-series")
    assert "政府信息公开申请答复书" in page
    assert "由负责人设定" in page
    pattern = {"pattern": "长住建告字〔{year}〕{n}号"}
    assert counter.who["clerk"].post("/letter-series/notice", data=pattern).status_code == 403
    assert counter.who["decider"].post("/letter-series/notice", data={"pattern": "一号"}).status_code == 422
    assert counter.who["decider"].post("/letter-series/nothing", data=pattern).status_code == 404
    assert counter.who["decider"].post("/letter-series/notice", data=pattern).status_code == 303
    assert "长住建告字〔2026〕1号" in counter.page("/letter-series")


def test_a_hearing_is_told_held_and_kept_through_the_pages(counter):
    place = counter.walk(counter.file(), "approve_notice")
    given = {"held_on": "2026-11-11", "held_time": "9点", "place": "三楼听证室", "presider": "王法制"}
    page = counter.do(place, "open_hearing", "clerk", 422, **given).text
    assert "应为24小时制的时间" in page
    page = counter.do(place, "open_hearing", "clerk", 422, **given | {"held_time": "09:30"}).text
    assert "最早可于2026年11月12日举行" in page
    told = given | {"held_on": "2026-11-12", "held_time": "09:30", "openness": "personal-privacy"}
    counter.do(place, "open_hearing", "clerk", **told)
    page = counter.page(place)
    for words in ("2026年11月12日 09:30，三楼听证室", "王法制", "不公开举行：涉及个人隐私", "听证中"):
        assert words in page
    counter.site.clock.set(datetime(2026, 11, 12, 8, tzinfo=UTC))
    counter = Counter(counter.site)
    held = {"outcome": "held", "held_on": "2026-11-12", "reason": "证据确凿"}
    page = counter.do(place, "close_hearing", "clerk", 422, **held).text
    assert "写明当事人在听证中提出的意见是否采纳" in page
    counter.do(place, "close_hearing", "clerk", **held, acceptance="partly")
    page = counter.page(place)
    for words in ("缺少听证笔录", "部分采纳：证据确凿", '<option value="hearing-record" selected>'):
        assert words in page
    file = (io.BytesIO(b"%PDF-1.4 record"), "听证笔录.pdf")
    sent = counter.who["clerk"].post(f"{place}/attachments", data={"kind": "hearing-record", "file": file})
    assert sent.status_code == 303
    page = counter.page(place)
    assert "缺少听证笔录" not in page
    assert page.count("听证笔录.pdf") == 2
