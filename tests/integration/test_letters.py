"""Letters of a case: every kind from its facts, numbers without gaps, masks, service, verification."""

import hashlib
import re
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from services.blacklist.audit.models import AuditEntry
from services.blacklist.cases.models import Case
from services.blacklist.letters import models as _tables  # noqa: F401
from services.blacklist.letters.domain.templates import KINDS, templates
from services.blacklist.letters.models import Letter, LetterCopy
from services.blacklist.letters.queries import case_letters, verification
from services.blacklist.letters.usecases import (
    Wish,
    add_scan,
    add_seal,
    issue_letter,
    open_copy,
    open_letter,
    open_proof,
    preview_letter,
    record_service,
    set_series,
)
from services.blacklist.letters.usecases.seals import Ed25519Seal, Signature
from services.blacklist.letters.usecases.serving import Proof
from services.blacklist.rules.queries import measure
from shared.clock import FixedClock
from shared.errors import Conflict, DomainError, Invalid, NotFound
from tests.integration.test_letters_typesetting import pdf_text
from tests.unit.blacklist.case_office import (
    PERSON_ID,
    add_department,
    filing,
    memory_database,
    officer,
    open_office,
    person_filing,
)
from tests.unit.blacklist.hearings import heard, opening, withdrawn

SCAN = b"%PDF-1.4 stamped %%EOF"
DAY = date(2026, 11, 2)
ORIGIN = "https://credit.example.gov.cn"


class Desk:
    """The office with the verbs of letters."""

    def __init__(self, office):
        self.office, self.clock = office, office.clock

    def issue(self, case, kind, by="clerk", **wish):
        with self.office.deps.db.write() as session:
            return issue_letter(
                session, self.office.deps, case.id, Wish(kind, **wish), origin=ORIGIN,
                actor=self.office.people[by], at=self.clock.now(),
            )  # fmt: skip

    def text(self, letter, by="clerk"):
        with self.office.deps.db.write() as session:
            _, content = open_letter(
                session, self.office.deps, letter.id, who=self.office.people[by], at=self.clock.now()
            )
        return "".join(pdf_text(content).split())

    def serve(self, letter, proof=None, **given):
        asked = {"method": "direct", "served_on": DAY, "outcome": "served", "recipient": "张三"} | given
        with self.office.deps.db.write() as session:
            return record_service(
                session, self.office.deps, letter.id, asked, proof,
                actor=self.office.people["clerk"], at=self.clock.now(),
            )  # fmt: skip

    def scan(self, letter, content=SCAN, name="盖章.pdf"):
        with self.office.deps.db.write() as session:
            return add_scan(
                session, self.office.deps, letter.id, name, content,
                actor=self.office.people["clerk"], at=self.clock.now(),
            )  # fmt: skip

    def listed(self, case):
        with self.office.deps.db.read() as session:
            return case_letters(session, session.get_one(Case, case.id), self.clock.today())

    def verify(self, code, digest=None):
        with self.office.deps.db.read() as session:
            return verification(session, code, self.clock.today(), digest)


@pytest.fixture
def desk(tmp_path):
    db = memory_database()
    yield Desk(open_office(db, tmp_path, FixedClock(datetime(2026, 11, 2, 2, 0, tzinfo=UTC))))
    db.close()


def decided(desk, content=None):
    case = desk.office.file(content)
    for action, by, inputs in (
        ("submit", "clerk", {}),
        ("approve_notice", "reviewer", {"notice_number": "长住建告〔2026〕3号"}),
        ("record_statement", "clerk", {"content": "未参与", "answer": "证据确凿"}),
        ("decide", "decider", {"severity": "serious", "publicity_months": 12}),
    ):
        case = desk.office.take(case, action, by, **inputs)
    return case


def published(desk, content=None):
    case = decided(desk, content)
    case = desk.office.take(case, "record_service", "clerk", method="direct", served_on=DAY)
    return desk.office.take(case, "publish", "decider")


def test_notice_takes_the_number_and_dates_of_the_act(desk):
    case = desk.office.file()
    case = desk.office.take(case, "submit", "clerk")
    with pytest.raises(Conflict) as refused:
        desk.issue(case, "notice")
    assert refused.value.slug == "letter-not-due"
    case = desk.office.take(case, "approve_notice", "reviewer", notice_number="长住建告〔2026〕3号")
    letter = desk.issue(case, "notice")
    assert (letter.number, letter.dated, letter.version) == ("长住建告〔2026〕3号", DAY, 1)
    text = desk.text(letter)
    for part in (
        "以虚假材料骗取中标",
        "《招标投标法》第五十四条",
        "自收到本告知书（公告送达的，自视为送达）之日起5个工作日内",
        "有权要求听证",
        "提交地址：",
        "轻微的最长3个月，可以随时申请信用修复",
        case.uscc,
    ):
        assert part in text, part


def test_decision_and_repair_notice_go_together(desk):
    case = decided(desk)
    with pytest.raises(Conflict) as early:
        desk.issue(case, "repair-notice")
    assert early.value.slug == "letters-together"
    decision = desk.issue(case, "decision")
    with pytest.raises(Conflict) as alone:
        desk.serve(decision)
    assert alone.value.slug == "letters-together"
    notice = desk.issue(case, "repair-notice")
    assert decision.number in desk.text(notice)
    with pytest.raises(Conflict):
        desk.serve(notice)
    rows = desk.serve(decision, Proof("回证.pdf", SCAN), recipient=f"李四 {PERSON_ID}")
    assert {row.letter_id for row in rows} == {decision.id, notice.id}
    assert PERSON_ID not in str([row.recipient for row in rows])
    text = desk.text(decision)
    for part in (
        "一、事由",
        "二、依据",
        "三、惩戒措施提示",
        "四、移出条件和程序",
        "五、救济途径",
        "六十日内向石家庄市长安区人民政府申请行政复议",
        "六个月内向有管辖权的人民法院提起行政诉讼",
    ):
        assert part in text, part
    assert "《石家庄市长安区推进公共资源配置领域政府信息公开实施方案》" in text
    assert "石家庄市长安区2018" not in text, "a place and a year are no document number"
    with desk.office.deps.db.read() as session:
        _, proof = open_proof(
            session, desk.office.deps, decision.id, rows[0].id, desk.office.people["auditor"]
        )
    assert proof == SCAN


@pytest.mark.parametrize(
    ("domain", "said"), [("work-safety", "12个月，公示期不因"), ("other", "3个月，满最短")]
)
def test_the_repair_notice_tells_the_minimum_of_the_domain(desk, domain, said):
    case = desk.office.file(filing(list_code="penalty-publication", domain=domain))
    case = desk.office.take(case, "submit", "clerk")
    case = desk.office.take(case, "confirm_decision", "reviewer")
    assert f"最短公示期为{said}" in desk.text(desk.issue(case, "repair-notice"))


MEASURES = [{"code": "ban-bidding", "basis": "《招标投标法》第五十四条"}]


ACCEPTED = ("根据听证笔录，本机关对当事人在听证中提出的意见不采纳。", "理由如下：合同印章系伪造。")


def test_a_decision_tells_both_statement_and_hearing(desk):
    case = desk.office.file()
    for action, by, inputs in (
        ("submit", "clerk", {}),
        ("approve_notice", "reviewer", {"notice_number": "长住建告〔2026〕3号"}),
        ("record_statement", "clerk", {"content": "未参与", "answer": "经核实证据确凿"}),
    ):
        case = desk.office.take(case, action, by, **inputs)
    case = heard(desk.office, case, opinion="当事人的意见不成立", reason="合同印章系伪造")
    decided = {"severity": "serious", "publicity_months": 12, "measures": MEASURES}
    case = desk.office.take(case, "decide", "decider", **decided)
    text = desk.text(desk.issue(case, "decision"))
    for part in ("经核实证据确凿", "依法举行了听证", "当事人的意见不成立", "采取下列措施：", *ACCEPTED):
        assert part in text, part
    assert text.count(measure("ban-bidding", DAY).name) == 1, "a measure is told once"
    assert "施行的《全国失信惩戒措施基础清单（2025年版）》" in text, "the edition decided under"


def test_identity_numbers_are_masked_unless_an_officer_says_why(desk):
    case = decided(desk, person_filing())
    masked = desk.issue(case, "decision")
    assert "1301" + "*" * 14 in desk.text(masked)
    assert PERSON_ID not in desk.text(masked)
    shown = desk.issue(case, "decision", identity_reason="须区分同名人员")
    assert (shown.version, shown.number) == (2, masked.number)
    assert PERSON_ID in desk.text(shown)
    with desk.office.deps.db.read() as session:
        trail = [entry.detail for entry in session.scalars(select(AuditEntry))]
        row = session.get_one(Letter, masked.id)
    assert any("须区分同名人员" in detail for detail in trail)
    assert PERSON_ID not in "".join(trail)
    assert row.superseded_at is not None
    files = list((desk.office.deps.data_dir / "letters").rglob("*.sealed"))
    assert files
    assert all(PERSON_ID.encode() not in path.read_bytes() for path in files)


def test_no_reason_where_there_is_no_number(desk):
    with pytest.raises(Invalid):
        desk.issue(decided(desk), "decision", identity_reason="x")


def test_numbers_run_without_gaps_also_after_refusals(desk):
    numbers = []
    for _ in range(3):
        case = decided_again(desk)
        numbers.append(desk.issue(case, "decision").number)
        with pytest.raises(DomainError):
            desk.issue(case, "revocation")
        with pytest.raises(Conflict) as gap:
            desk.issue(decided_again(desk), "decision", number="区住建局决〔2026〕9号")
        assert gap.value.slug == "letter-number-gap"
        assert gap.value.extra["next"] == f"区住建局决〔2026〕{len(numbers) + 1}号"
    assert numbers == [f"区住建局决〔2026〕{n}号" for n in (1, 2, 3)]


def decided_again(desk):
    """Another decided case with a notice number of its own."""
    decided_again.count += 1
    number = f"长住建告〔2026〕{decided_again.count}号"
    case = desk.office.file(filing(document={"number": f"长住建罚〔2026〕{decided_again.count}号"}))
    case = desk.office.take(case, "submit", "clerk")
    case = desk.office.take(case, "approve_notice", "reviewer", notice_number=number)
    case = desk.office.take(case, "record_statement", "clerk", waived=True)
    return desk.office.take(case, "decide", "decider", severity="serious", publicity_months=12)


decided_again.count = 100


def test_own_numbers_and_own_series(desk):
    with desk.office.deps.db.write() as session:
        set_series(
            session, "decision", "长住建信决〔{year}〕{n}号",
            actor=desk.office.people["decider"], at=desk.clock.now(),
        )  # fmt: skip
    first = desk.issue(decided_again(desk), "decision", number="长住建信决〔2026〕1号")
    second = desk.issue(decided_again(desk), "decision")
    own = desk.issue(decided_again(desk), "decision", number="长政办决〔2026〕88号")
    assert [each.number for each in (first, second, own)] == [
        "长住建信决〔2026〕1号", "长住建信决〔2026〕2号", "长政办决〔2026〕88号",
    ]  # fmt: skip
    with pytest.raises(Conflict) as taken:
        desk.issue(decided_again(desk), "decision", number="长政办决〔2026〕88号")
    assert taken.value.slug == "letter-number-taken"
    with pytest.raises(Invalid):
        desk.issue(decided_again(desk), "decision", number="88号")


def test_what_is_stamped_or_served_stands(desk):
    case = decided(desk)
    first = desk.issue(case, "decision")
    second = desk.issue(case, "decision")
    assert second.version == 2
    with pytest.raises(Conflict) as old:
        desk.scan(first)
    assert old.value.slug == "letter-superseded"
    desk.scan(second)
    with pytest.raises(Conflict) as stamped:
        desk.issue(case, "decision")
    assert stamped.value.slug == "letter-issued"


def test_scans_are_sealed_and_come_back(desk):
    letter = desk.issue(decided(desk), "decision")
    row = desk.scan(letter, name="..\\扫描/盖章.pdf")
    assert row.file_name == "盖章.pdf"
    with desk.office.deps.db.read() as session:
        _, content = open_copy(session, desk.office.deps, letter.id, row.id, desk.office.people["reviewer"])
        assert content == SCAN
    with pytest.raises(Invalid):
        desk.scan(letter, content=b"%PDF-1.4")
    for _ in range(4):
        desk.scan(letter)
    with pytest.raises(Conflict) as full:
        desk.scan(letter)
    assert full.value.slug == "letter-copies-full"


def test_electronic_seal_signs_exactly_the_letter(desk):
    letter = desk.issue(decided(desk), "decision")
    seal, people = Ed25519Seal(desk.office.deps.keyring), desk.office.people
    with desk.office.deps.db.write() as session:
        row = add_seal(
            session, desk.office.deps, letter.id, seal, actor=people["decider"], at=desk.clock.now()
        )
    with desk.office.deps.db.read() as session:
        row, content = open_copy(session, desk.office.deps, letter.id, row.id, people["clerk"])
        signature = Signature(row.algorithm, row.key_id, row.public_key, row.signature)
    assert row.sha256 == letter.sha256
    desk.office.deps.keyring.rotate("letter")
    assert seal.verify(content, signature)
    assert not seal.verify(content + b"x", signature)
    assert not Ed25519Seal(desk.office.deps.keyring).verify(
        content, Signature("ed25519", "l0000", row.public_key, row.signature)
    )


def test_public_notice_counts_from_its_end_and_clashes(desk):
    case = decided(desk)
    decision = desk.issue(case, "decision")
    desk.issue(case, "repair-notice")
    forecast = desk.listed(case)["clash"]
    assert forecast["certain"] is False
    assert "公示" in forecast["rules"][1]
    rows = desk.serve(
        decision, method="public-notice", recipient=None, place="区政府网站 https://gov.example/gg/1"
    )
    assert {row.effective_on for row in rows} == {date(2026, 12, 2)}
    clash = desk.listed(case)["clash"]
    assert clash["certain"] is True
    assert clash["effective_on"] == "2026-12-02"
    assert clash["days_late"] == 21


def test_failed_attempts_are_kept_beside_the_one_that_served(desk):
    case = decided(desk)
    letter = desk.issue(case, "notice")
    desk.serve(letter, method="post", tracking_number="EMS1", outcome="failed", note="查无此人")
    assert desk.listed(case)["items"][0]["served_on"] is None
    desk.serve(letter)
    shown = desk.listed(case)["items"][0]
    assert [each["outcome"] for each in shown["services"]] == ["failed", "served"]
    assert shown["served_on"] == DAY.isoformat()


def test_every_kind_can_be_made_from_a_life_of_a_case(desk):
    made = set()
    for content, walk in ((None, _repaired), (filing(document={"number": "长住建罚〔2026〕14号"}), _revoked)):
        case = desk.office.file(content)
        made |= walk(desk, case)
    assert made == set(KINDS)


def _step(desk, case, action, by, kinds=(), **inputs):
    case = desk.office.take(case, action, by, **inputs)
    for kind in kinds:
        letter = desk.issue(case, kind)
        text = desk.text(letter)
        assert templates()[kind].versions[-1].title in text
        assert not re.search(r"[{}]|None|（未载明）", text), text
    return case


def _repaired(desk, case):
    asked = {"channel": "credit-china", "evidence": "e", "commitment": "c", "ticket": "T-1"}
    case = _step(desk, case, "submit", "clerk")
    case = _step(desk, case, "approve_notice", "reviewer", ["notice"], notice_number="长住建告〔2026〕5号")
    hearing = opening(date(2026, 11, 12), openness="trade-secret")
    case = _step(desk, case, "open_hearing", "clerk", ["hearing-notice"], **hearing)
    notice = desk.text(desk.issue(case, "hearing-notice"))
    for part in ("时间：2026年11月12日09:30。地点：三楼听证室。", "涉及商业秘密", "听证由王法制主持"):
        assert part in notice, part
    case = withdrawn(desk.office, case)
    case = _step(desk, case, "record_statement", "clerk", waived=True)
    case = _step(desk, case, "decide", "decider", ["decision", "repair-notice"], severity="general",
                 publicity_months=12)  # fmt: skip
    case = _step(desk, case, "record_service", "clerk", method="direct", served_on=DAY)
    case = _step(desk, case, "publish", "decider")
    case = _step(desk, case, "open_objection", "clerk", received_at=DAY, **asked)
    case = _step(desk, case, "refuse_objection", "reviewer", ["objection-refused"], reason="没有证明材料")
    case = _step(desk, case, "open_objection", "clerk", received_at=DAY, **asked)
    case = _step(desk, case, "accept_objection", "clerk")
    case = _step(
        desk, case, "settle_objection", "decider", ["objection-result"], upheld=False, reason="事实清楚"
    )
    case = _step(desk, case, "open_repair", "clerk", received_at=DAY, **asked)
    case = _step(desk, case, "refuse_repair", "reviewer", ["repair-refused"], reason="未满最短公示期")
    desk.clock.advance(timedelta(days=100))
    case = _step(desk, case, "open_repair", "clerk", received_at=desk.clock.today(), **asked)
    case = _step(desk, case, "accept_repair", "reviewer", ["repair-accepted"])
    _step(
        desk,
        case,
        "settle_repair",
        "decider",
        ["repair-result", "removal-notice"],
        granted=True,
        reason="已履行",
    )
    return set(KINDS) - {"revocation"}


def _revoked(desk, case):
    desk.clock.set(datetime(2026, 11, 2, 2, 0, tzinfo=UTC))
    case = desk.office.walk(case, "published")
    document = {"number": "长住建信撤〔2026〕7号", "date": DAY}
    case = _step(
        desk, case, "revoke", "decider", ["revocation"], reason="原处罚决定被撤销", document=document
    )
    assert desk.listed(case)["items"][-1]["number"] == "长住建信撤〔2026〕7号"
    return {"revocation"}


def test_a_returned_case_needs_its_letters_anew(desk):
    case = desk.office.file()
    case = desk.office.take(case, "submit", "clerk")
    case = desk.office.take(case, "approve_notice", "reviewer", notice_number="长住建告〔2026〕3号")
    desk.issue(case, "notice")
    case = desk.office.take(case, "return_for_revision", "reviewer", reason="事实有误")
    assert desk.listed(case)["available"] == []
    case = desk.office.take(case, "submit", "clerk")
    case = desk.office.take(case, "approve_notice", "reviewer", notice_number="长住建告〔2026〕4号")
    assert desk.issue(case, "notice").version == 1


def test_preview_keeps_nothing(desk):
    case = decided(desk)
    with desk.office.deps.db.read() as session:
        content = preview_letter(
            session, desk.office.deps, case.id, "decision", who=desk.office.people["reviewer"], today=DAY
        )
    marked = {sign for line in pdf_text(content).split() if len(line) <= 2 for sign in line}
    assert {"预", "览"} <= marked  # the signs of a mark across the page are read apart
    assert desk.listed(case)["items"] == []


def test_verification_tells_no_more_than_is_public(desk):
    case = published(desk)
    letter = desk.issue(case, "decision")
    copy = desk.scan(letter)
    found = desk.verify(letter.code.lower(), letter.sha256)
    assert found["status"] == "current"
    assert (found["kind"], found["number"]) == ("列入决定书", letter.number)
    assert found["file"] == {"matches": True, "what": "original", "sha256": letter.sha256}
    assert desk.verify(letter.code, copy.sha256)["file"]["what"] == "sealed-copy"
    assert desk.verify(letter.code, hashlib.sha256(b"x").hexdigest())["file"]["matches"] is False
    assert case.subject_name not in str(found)
    desk.office.take(case, "suspend", "reviewer", reason="核查")
    hidden = desk.verify(letter.code, letter.sha256)
    assert set(hidden) == {"genuine", "status", "statement"}
    assert hidden["status"] == "changed"
    with pytest.raises(NotFound):
        desk.verify("ABCD")


def test_others_see_no_letters(desk):
    letter = desk.issue(decided(desk), "decision")
    desk.office.people["foreign"] = officer(add_department(desk.office.deps.db, region="350524"), "clerk")
    with pytest.raises(NotFound) as refused:
        desk.text(letter, by="foreign")
    assert refused.value.slug == "letter-not-found"
    with desk.office.deps.db.read() as session:
        assert session.scalars(select(LetterCopy)).first() is None


def test_an_objection_not_accepted_is_told_why_and_who_reviews(desk):
    case = published(desk)
    asked = {"channel": "window", "received_at": DAY, "evidence": "e"}
    case = desk.office.take(case, "open_objection", "clerk", **asked)
    case = desk.office.take(case, "refuse_objection", "reviewer", reason="没有提交证明材料")
    letter = desk.issue(case, "objection-refused")
    text = desk.text(letter)
    for told in ("没有提交证明材料", "第36号", "石家庄市长安区人民政府申请行政复议", letter.number):
        assert told in text
    assert [each["kind"] for each in desk.listed(case)["items"]] == ["objection-refused"]


SPANS = [
    ("minor", 0, "决定不予公示，不设公示期"),
    ("general", 3, "公示期不因信用修复提前结束"),
    ("general", 12, "最短公示期为3个月，满最短公示期"),
]


@pytest.mark.parametrize(("severity", "months", "told"), SPANS)
def test_the_repair_notice_words_the_publicity_right(desk, severity, months, told):
    case = desk.office.file()
    case = desk.office.take(case, "submit", "clerk")
    case = desk.office.take(case, "approve_notice", "reviewer", notice_number="长住建告〔2026〕3号")
    case = desk.office.take(case, "record_statement", "clerk", waived=True)
    case = desk.office.take(case, "decide", "decider", severity=severity, publicity_months=months)
    decision = desk.issue(case, "decision")
    text = desk.text(desk.issue(case, "repair-notice"))
    assert told in text
    assert "0个月" not in text
    assert ("向社会公示" in desk.text(decision)) == bool(months)
