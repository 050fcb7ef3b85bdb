"""Files that go with an answer: looked through, four eyes, named in the letter, opened with the code."""

import hashlib
import io
import struct
import zipfile

import pytest

from services.blacklist.disclosure.readable import look_through
from services.blacklist.disclosure.usecases import paper_of
from shared.identifiers import mask_id
from shared.sheets import xlsx_file
from tests.integration.test_disclosure_requests import act, call, office, send
from tests.integration.test_letters_typesetting import pdf_text
from tests.unit.blacklist.case_office import PERSON_ID

__all__ = ["call", "office"]  # fixtures
TABLE = "序号,单位,次数\n1,建材公司,2\n".encode()


def upload(call, row, content=TABLE, name="汇总表.txt", status=201, who="clerk", extra=None, **given):
    body = {"file": (io.BytesIO(content), name), **given}
    return call(who, "POST", f"/disclosure-requests/{row.id}/documents", status, data=body, extra=extra,
                content_type="multipart/form-data")  # fmt: skip


def packed(*runs):
    """A .docx whose text stands in several runs."""
    text = "".join(f"<w:r><w:t>{run}</w:t></w:r>" for run in runs)
    return archive(("word/document.xml", f"<w:document><w:p>{text}</w:p></w:document>"))


def archive(*members, way=zipfile.ZIP_STORED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", way) as made:
        for name, content in members:
            made.writestr(name, content)
    return out.getvalue()


def cut_short():
    """The list of members promises more than the member holds."""
    whole = bytearray(packed("没有号码"))
    place = whole.index(b"PK\x01\x02")
    whole[place + 20 : place + 28] = struct.pack("<II", 10**6, 10**6)
    return bytes(whole)


def corrupt():
    """Bytes where the coder's settings should be."""
    whole = bytearray(archive(("word/document.xml", "<w:p>hello world</w:p>" * 99), way=zipfile.ZIP_LZMA))
    whole[47:56] = b"\xff" * 9
    return bytes(whole)


def test_the_letter_names_the_files_and_the_applicant_opens_them(call, office):
    receipt, row = send(call, office)
    kept = upload(call, row)
    assert (kept["identities"], kept["sha256"]) == (0, hashlib.sha256(TABLE).hexdigest())
    place = f"/disclosure-requests/{receipt['code']}/documents/{kept['id']}"
    call(None, "GET", place, 404)  # nothing leaves before the answer is issued
    assert "汇总表.txt" not in str(call(None, "GET", f"/disclosure-requests/{receipt['code']}"))
    act(call, "clerk", row, "draft", answer_type="granted", content="见所附文件。")
    done = act(call, "decider", row, "issue")
    assert [each["file_name"] for each in done["answer"]["documents"]] == ["汇总表.txt"]
    pdf = call(None, "GET", f"/disclosure-requests/{receipt['code']}/letter.pdf")
    text = "".join(pdf_text(pdf.data).split())
    assert "随本答复书提供下列文件，共1份：" in text
    assert "汇总表.txt" in text
    assert kept["sha256"] in text
    file = call(None, "GET", place)
    assert (file.data, file.headers["Cache-Control"]) == (TABLE, "no-store")
    call(None, "GET", f"/disclosure-requests/{row.id}/documents/{kept['id']}", 404)
    call("foreign", "GET", f"/disclosure-requests/{row.id}/documents/{kept['id']}", 404)
    assert call("clerk", "GET", f"/disclosure-requests/{row.id}/documents/{kept['id']}").data == TABLE
    upload(call, row, status=409)


def test_private_data_is_refused_until_accounted_for(call, office):
    _, row = send(call, office)
    refused = upload(call, row, f"张三 {PERSON_ID}".encode(), status=422)
    assert refused["fields"][0]["pointer"] == "/checked"
    assert "证件号码1处" in refused["fields"][0]["message"]
    assert "不能自动检查" in upload(call, row, b"%PDF-1.4 x", "扫描.pdf", 422)["fields"][0]["message"]
    upload(call, row, b"%PDF-1.4 x", "扫描.txt.exe", 422)
    upload(call, row, b"", status=422)
    place = f"/disclosure-requests/{row.id}/documents"
    call("clerk", "POST", place, 422, data={"file": "words"}, content_type="multipart/form-data")
    kept = upload(call, row, f"张三 {PERSON_ID}".encode(), checked=f"申请人本人的证件号码{PERSON_ID}")
    assert kept["identities"] == 1
    assert PERSON_ID not in kept["checked"]


@pytest.mark.parametrize(
    ("name", "content", "identities"),
    [
        ("a.docx", packed("证件号码：", PERSON_ID[:6], PERSON_ID[6:]), 1),
        ("a.docx", packed("没有号码"), 0),
        ("a.docx", b"PK\x03\x04 broken", None),
        ("a.docx", archive(("word/document.xml", "<w:p/>"), ("word/media/image1.png", b"\x89PNG")), None),
        ("a.docx", archive(("word/document.xml", "<w:p/>"), ("word/embeddings/x.xlsx", packed("表"))), None),
        ("a.docx", archive(("word/document.xml", "<w:p/>"), ("word/a.html", PERSON_ID)), None),
        ("a.docx", archive(("word/document.xml", PERSON_ID)), None),
        (
            "a.docx",
            archive(("word/document.xml", f'<!DOCTYPE w [<!ENTITY a "{PERSON_ID}">]><w>&a;</w>')),
            None,
        ),
        ("a.docx", archive(("x.txt", PERSON_ID)), None),
        ("a.docx", archive(), None),
        ("a.docx", archive(("word/document.xml", f"<w:t>{PERSON_ID}</w:t>".encode("utf-16"))), 1),
        ("a.docx", archive(("word/_rels/document.xml.rels", f'<R Target="tel:{PERSON_ID}"/>')), 1),
        ("a.docx", archive(("word/document.xml", f"<w:p descr='{PERSON_ID}'/>")), 1),
        ("a.docx", archive(("word/document.xml", f"<w:t><![CDATA[{PERSON_ID}]]></w:t>")), 1),
        ("a.docx", archive(("word/document.xml", f"<w:t>一<!-- {PERSON_ID} --></w:t>")), 1),
        (
            "a.docx",
            archive(("word/document.xml", f"<w:t>{PERSON_ID[:6]}<!-- 一 -->{PERSON_ID[6:]}</w:t>")),
            1,
        ),
        ("a.txt", PERSON_ID.encode("utf-16"), 1),
        ("a.txt", PERSON_ID.encode("utf-16-le"), None),
        ("a.xlsx", xlsx_file("表", [("序号", "单位"), (1, "建材公司")]), 0),
        ("a.docx", cut_short(), None),
        ("a.docx", corrupt(), None),
        ("a.txt", f"证件 {PERSON_ID}".encode("gb18030"), 1),
        ("a.png", b"\x89PNG", None),
    ],
)
def test_files_are_looked_through(name, content, identities):
    assert look_through(name, content).identities == identities


def test_a_file_is_looked_through_before_the_transaction_and_its_answer_remembered(call, office):
    assert paper_of("a.txt", PERSON_ID.encode(), None).found.identities == 1
    _, row = send(call, office)
    once = {"Idempotency-Key": "paper-1"}
    first, again = (upload(call, row, extra=once) for _ in range(2))
    assert first == again
    assert upload(call, row, b"other", status=422, extra=once)["slug"] == "idempotency-key-reused"


def test_the_file_s_name_tells_no_more_than_the_file(call, office):
    _, row = send(call, office)
    for given, kept in (
        ("13900001234名单.txt", "139********名单.txt"),
        (f"{PERSON_ID}.txt", f"{mask_id(PERSON_ID)}.txt"),
        ("家庭住址：某市某路1号.txt", "家庭住址：***.txt"),
        ("名\u202e单\x07.txt", "名单.txt"),
    ):
        assert upload(call, row, name=given)["file_name"] == kept
    shown = call("clerk", "GET", f"/disclosure-requests/{row.id}")
    assert "13900001234" not in str(shown["steps"])


def test_with_other_files_the_answer_is_drafted_anew(call, office):
    _, row = send(call, office)
    act(call, "clerk", row, "draft", answer_type="granted", content="见所附文件。")
    kept = upload(call, row)
    assert act(call, "decider", row, "issue", 409)["slug"] == "disclosure-no-draft"
    act(call, "clerk", row, "draft", answer_type="granted", content="见所附文件。")
    place = f"/disclosure-requests/{row.id}/documents/{kept['id']}"
    shown = call("clerk", "DELETE", place)
    assert shown["draft"] is None
    assert shown["steps"][-1]["text"] == "汇总表.txt。文件有变动，原拟写的答复作废，请重新拟写"
    act(call, "decider", row, "issue", 409)


def test_who_adds_a_file_does_not_issue_it_and_may_take_it_back(call, office):
    _, row = send(call, office)
    upload(call, row, who="decider", status=403)
    upload(call, row, who="finance", status=404)
    kept = upload(call, row)
    act(call, "clerk", row, "draft", answer_type="nonexistent", reason="查无")
    assert act(call, "decider", row, "issue", 409)["slug"] == "disclosure-documents-unfit"
    place = f"/disclosure-requests/{row.id}/documents/{kept['id']}"
    assert call("clerk", "DELETE", place)["documents"] == []
    call("clerk", "DELETE", place, 404)
    act(call, "clerk", row, "draft", answer_type="nonexistent", reason="查无")
    assert act(call, "decider", row, "issue")["answer"]["documents"] == []


def test_what_nothing_can_look_through_is_looked_through_by_who_issues_it(call, office):
    _, row = send(call, office)
    kept = upload(call, row, name="扫描件.pdf", content=b"%PDF-1.4 x", checked="已逐页核对，无个人信息")
    act(call, "clerk", row, "draft", answer_type="granted", content="见所附文件。")
    (wrong,) = act(call, "decider", row, "issue", 422)["fields"]
    assert (wrong["pointer"], "扫描件.pdf" in wrong["message"]) == ("/documents_checked", True)
    act(call, "decider", row, "issue", 422, documents_checked=True)
    other = {"documents_checked": True, "documents_seen": ["0" * 64]}
    assert act(call, "decider", row, "issue", 409, **other)["slug"] == "disclosure-documents-changed"
    seen = {"documents_checked": True, "documents_seen": [kept["sha256"]]}
    done = act(call, "decider", row, "issue", **seen)
    assert done["state"] == "answered"
