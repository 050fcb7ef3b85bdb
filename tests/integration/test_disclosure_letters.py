"""答复书 as PDF letters: the department's number or the next of its series, verifiable by anyone."""

import hashlib

from services.blacklist.audit.models import AuditEntry
from services.blacklist.letters.models import Letter
from services.blacklist.letters.queries import verification
from services.blacklist.letters.usecases import set_series
from tests.integration.test_disclosure_requests import act, call, office, send
from tests.integration.test_letters_typesetting import pdf_text

__all__ = ["call", "office"]  # fixtures


def answered(call, office, **issue):
    receipt, row = send(call, office)
    act(call, "clerk", row, "draft", answer_type="granted", content="汇总表共三页。\n第二页起为明细。")
    done = act(call, "decider", row, "issue", **issue)
    return receipt, row, done


def letter_of(office, row):
    with office.deps.db.read() as session:
        return session.query(Letter).filter_by(request_id=row.id).one()


def test_the_applicant_opens_the_letter_with_the_code(call, office):
    receipt, row, done = answered(call, office)
    number = done["answer"]["letter_number"]
    assert number == "区住建局公开答〔2026〕1号"
    pdf = call(None, "GET", f"/disclosure-requests/{receipt['code']}/letter.pdf")
    assert pdf.headers["Cache-Control"] == "no-store"
    text = "".join(pdf_text(pdf.data).split())
    for words in (
        "政府信息公开申请答复书（予以公开）",
        number,
        "王小二：",
        "汇总表共三页",
        "核验码",
        "您申请公开的信息",
    ):
        assert words in text
    assert "六十日内向石家庄市长安区人民政府申请行政复议" in text
    assert "贵单位" not in text
    letter = letter_of(office, row)
    assert hashlib.sha256(pdf.data).hexdigest() == letter.sha256
    assert number in call(None, "GET", f"/disclosure-requests/{receipt['code']}")["letter"]


def test_anyone_verifies_it_and_learns_nothing_of_the_applicant(call, office):
    _, row, done = answered(call, office)
    letter = letter_of(office, row)
    with office.deps.db.read() as session:
        found = verification(session, letter.code, office.clock.today(), letter.sha256)
    assert (found["status"], found["number"]) == ("current", done["answer"]["letter_number"])
    assert found["file"]["matches"]
    assert "王小二" not in str(found)
    assert letter.address.endswith(f"/verify/letters/{letter.code}")


def test_numbers_follow_the_departments_series(call, office):
    with office.deps.db.write() as session:
        set_series(
            session, "disclosure-answer", "长住建公开〔{year}〕{n}号",
            actor=office.people["decider"], at=office.clock.now(),
        )  # fmt: skip
    numbers = [answered(call, office)[2]["answer"]["letter_number"] for _ in range(2)]
    assert numbers == ["长住建公开〔2026〕1号", "长住建公开〔2026〕2号"]
    _, row = send(call, office)
    act(call, "clerk", row, "draft", answer_type="granted", content="x")
    wrong = act(call, "decider", row, "issue", 422, letter_number="一号")
    assert wrong["fields"][0]["pointer"] == "/letter_number"
    act(call, "decider", row, "issue", 409, letter_number="长住建公开〔2026〕2号")
    act(call, "decider", row, "issue", 409, letter_number="长住建公开〔2026〕9号")
    done = act(call, "decider", row, "issue", letter_number="长住建公开〔2026〕3号")
    assert done["answer"]["letter_number"] == "长住建公开〔2026〕3号"


def test_officers_see_their_own_and_leave_a_trace(call, office):
    _, row, _ = answered(call, office)
    call("clerk", "GET", f"/disclosure-requests/{row.id}/letter.pdf")
    call("foreign", "GET", f"/disclosure-requests/{row.id}/letter.pdf", 404)
    call(None, "GET", f"/disclosure-requests/{row.id}/letter.pdf", 404)
    with office.deps.db.read() as session:
        reads = session.query(AuditEntry).filter_by(action="letter.read", object_id=row.id).all()
    assert [entry.actor_name for entry in reads] == ["clerk"]


def test_there_is_none_before_the_answer(call, office):
    receipt, _ = send(call, office)
    call(None, "GET", f"/disclosure-requests/{receipt['code']}/letter.pdf", 404)
    call(None, "GET", "/disclosure-requests/AAAA-BBBB-CCCC-DDDD/letter.pdf", 404)
