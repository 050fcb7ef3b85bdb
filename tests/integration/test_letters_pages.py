"""Letters over HTTP, as JSON and as pages: from making out to service, and what the public may verify."""

import hashlib
import io

import pytest

from services.blacklist.letters.domain.templates import series_kinds
from services.blacklist.letters.models import Letter
from shared.web.place import NOBODY_ELSE
from tests.integration.test_blacklist_pages import NUMBER, Site, person

FORGED = "forged.example"
MULTIPART = "multipart/form-data"
SCAN = b"%PDF-1.4 stamped %%EOF"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    made = Site(tmp_path_factory.mktemp("site"))
    yield made
    made.deps.db.close()


def act(client, case, action, **given):
    """One step by the API; the case after it."""
    version = client.get(f"/api/v1/cases/{case}").get_json()["version"]
    answer = client.post(
        f"/api/v1/cases/{case}/transitions", json={"version": version, "action": action, **given}
    )
    assert answer.status_code == 200, answer.text
    return answer.get_json()


@pytest.fixture(scope="module")
def people(site):
    return {role: site.client(role) for role in ("clerk", "reviewer", "decider", "auditor")}


@pytest.fixture(scope="module")
def case(site, people):
    """A person's case, decided."""
    filed = people["clerk"].post("/cases/new", data=person())
    made = filed.headers["Location"].split("/cases/")[1].split("?")[0]
    act(people["clerk"], made, "submit")
    act(people["reviewer"], made, "approve_notice", notice_number="长住建告〔2026〕21号")
    act(people["clerk"], made, "record_statement", waived=True)
    act(people["decider"], made, "decide", severity="serious", publicity_months=12)
    return made


@pytest.fixture(scope="module")
def decision(people, case):
    """The decision as made out by the API."""
    clerk, asked = people["clerk"], {"Host": FORGED}
    clerk.set_cookie("credit_session", clerk.get_cookie("credit_session").value, domain=FORGED)
    answer = clerk.post(f"/api/v1/cases/{case}/letters", json={"kind": "decision"}, headers=asked)
    assert answer.status_code == 201, answer.text
    return answer.get_json()


def upload(name="盖章.pdf", content=SCAN, **form):
    return {**form, "file": (io.BytesIO(content), name)}


def test_its_code_leads_to_the_configured_address(site, people, case, decision):
    with site.deps.db.read() as session:
        letter = session.get(Letter, decision["id"])
        assert letter.address == f"{NOBODY_ELSE}/verify/letters/{decision['code']}"
    page = people["clerk"].get(f"/cases/{case}/letters", headers={"Host": FORGED})
    assert page.status_code == 200
    assert FORGED not in page.text


def test_letter_is_listed_numbered_and_downloaded(people, case, decision):
    assert decision["number"] == "长住建信决〔2026〕1号"
    listed = people["auditor"].get(f"/api/v1/cases/{case}/letters").get_json()
    assert [each["id"] for each in listed["items"]] == [decision["id"]]
    assert {each["kind"] for each in listed["available"]} == {"notice", "decision", "repair-notice"}
    assert listed["clash"] is None or listed["clash"]["rules"]
    pdf = people["clerk"].get(f"/api/v1/letters/{decision['id']}.pdf")
    assert pdf.mimetype == "application/pdf"
    assert hashlib.sha256(pdf.data).hexdigest() == decision["sha256"]
    assert pdf.headers["Cache-Control"] == "no-store"
    one = people["clerk"].get(f"/api/v1/letters/{decision['id']}")
    assert one.get_json()["code"] == decision["code"]


def test_strangers_get_nothing(site, decision, case):
    foreign = site.client("clerk", "350524")
    assert foreign.get(f"/api/v1/letters/{decision['id']}.pdf").status_code == 404
    assert foreign.get(f"/cases/{case}/letters").status_code == 404
    assert foreign.post(f"/letters/{decision['id']}/sealed-copy", data=upload()).status_code == 404
    anyone = site.client()
    assert anyone.get(f"/api/v1/letters/{decision['id']}").status_code == 401
    assert (
        site.client("auditor").post(f"/api/v1/cases/{case}/letters", json={"kind": "notice"}).status_code
        == 403
    )


def test_stamped_copy_and_service_by_api(people, case, decision):
    clerk, at = people["clerk"], f"/api/v1/letters/{decision['id']}"
    wrong = clerk.post(f"{at}/sealed-copy", data=upload("a.exe"))
    assert wrong.status_code == 422
    assert wrong.get_json()["fields"][0]["pointer"] == "/file"
    scan = clerk.post(f"{at}/sealed-copy", data=upload())
    assert scan.status_code == 201, scan.text
    assert clerk.get(f"{at}/sealed-copy/{scan.get_json()['id']}").data == SCAN
    seal = clerk.post(f"{at}/sealed-copy", data={"kind": "e-seal"}, content_type=MULTIPART)
    assert seal.get_json()["algorithm"] == "ed25519"
    assert clerk.post(f"{at}/sealed-copy", data={"kind": "scan"}, content_type=MULTIPART).status_code == 422
    early = clerk.post(
        f"{at}/service",
        data={"method": "direct", "served_on": "2026-11-03", "recipient": "甲"},
        content_type=MULTIPART,
    )
    assert early.status_code == 409
    assert clerk.post(f"/api/v1/cases/{case}/letters", json={"kind": "repair-notice"}).status_code == 201
    form = upload(
        "回证.png", b"\x89PNG\r\n\x1a\n..IEND", method="direct", served_on="2026-11-03", recipient="甲"
    )
    served = clerk.post(f"{at}/service", data=form)
    assert served.status_code == 201, served.text
    assert len(served.get_json()["items"]) == 2
    again = clerk.post(f"/api/v1/cases/{case}/letters", json={"kind": "decision"})
    assert again.status_code == 409


def test_series_are_set_by_the_decider(people):
    listed = people["clerk"].get("/api/v1/letter-series").get_json()["items"]
    assert [each["kind"] for each in listed] == list(series_kinds())
    body = {"pattern": "长住建移〔{year}〕{n}号"}
    assert people["clerk"].put("/api/v1/letter-series/removal-notice", json=body).status_code == 403
    assert people["decider"].put("/api/v1/letter-series/removal-notice", json=body).status_code == 200
    assert (
        people["decider"].put("/api/v1/letter-series/removal-notice", json={"pattern": "x"}).status_code
        == 422
    )
    assert people["decider"].put("/api/v1/letter-series/nothing", json=body).status_code == 422


def test_pages_show_make_and_print(people, case):
    clerk = people["clerk"]
    assert f'href="/cases/{case}/letters"' in clerk.get(f"/cases/{case}").text
    page = clerk.get(f"/cases/{case}/letters")
    assert page.status_code == 200
    assert NUMBER not in page.text
    preview = clerk.get(f"/cases/{case}/letters/notice/preview")
    assert preview.data.startswith(b"%PDF")
    made = clerk.post(f"/cases/{case}/letters", data={"kind": "notice"})
    assert made.status_code == 303
    shown = clerk.get(made.headers["Location"]).text
    assert "文书已制作" in shown
    assert "长住建告〔2026〕21号" in shown
    refused = clerk.post(f"/cases/{case}/letters", data={"kind": "removal-notice"})
    assert refused.status_code == 409
    assert "现在不能制作" in refused.text
    letter = shown.split('href="/letters/')[1].split('"')[0]
    assert clerk.get(f"/letters/{letter}.pdf").headers["Content-Disposition"].startswith("inline")
    wrong = clerk.post(f"/letters/{letter}/service", data={"method": "post", "served_on": "2026-11-03"})
    assert wrong.status_code == 422
    assert "邮件单号" in wrong.text
    stamped = clerk.post(f"/letters/{letter}/sealed-copy", data=upload())
    assert stamped.status_code == 303
    one = clerk.get(stamped.headers["Location"]).text
    assert "盖章件已保存" in one
    assert "盖章扫描件" in one
    given = upload(method="post", served_on="2026-11-03", tracking_number="EMS1")
    given["proof"] = given.pop("file")
    assert clerk.post(f"/letters/{letter}/service", data=given).status_code == 303
    shown = clerk.get(f"/letters/{letter}").text
    assert "EMS1" in shown
    proof = shown.split('href="')[1:]
    link = next(part.split('"')[0] for part in proof if "/proof" in part)
    assert clerk.get(link).data == SCAN


def test_anyone_verifies_by_code(site, decision):
    anyone = site.client()
    page = anyone.get(f"/verify/letters/{decision['code']}")
    assert page.status_code == 200
    assert "该文书真实" in page.text
    assert decision["number"] in page.text
    assert "欧阳" not in page.text
    found = anyone.get(f"/verify/letters/{decision['code']}", headers={"Accept": "application/json"})
    assert found.get_json()["number"] == decision["number"]
    asked = anyone.get(f"/verify/letters?code={decision['code'].lower()}")
    assert asked.headers["Location"] == f"/verify/letters/{decision['code']}"
    matched = anyone.post(f"/verify/letters/{decision['code']}", data=upload())
    assert "与盖章件完全一致" in matched.text
    by_api = anyone.post(f"/api/v1/verify/letters/{decision['code']}", data=upload(content=b"%PDF-x"))
    assert by_api.get_json()["file"]["matches"] is False
    assert anyone.get("/verify/letters/NOTHING").status_code == 404
    assert anyone.get("/verify/letters").status_code == 200


def test_a_stamped_letter_is_announced_from_its_page_and_received_by_code(people, case, decision):
    clerk = people["clerk"]
    for letter in clerk.get(f"/api/v1/cases/{case}/letters").get_json()["items"]:
        if not letter["copies"] and not letter["superseded_at"]:
            clerk.post(f"/letters/{letter['id']}/sealed-copy", data={"kind": "e-seal"})
    wish = {"channel": "email", "contact": "party", "consent": "送达地址确认书"}
    assert clerk.post(f"/letters/{decision['id']}/sendings", data=wish).status_code == 422
    asked = clerk.post(f"/letters/{decision['id']}/sendings", data=wish | {"contact": "party@example.com"})
    assert asked.status_code == 303
    page = clerk.get(asked.headers["Location"]).text
    assert "p***@example.com" in page
    assert "party@example.com" not in page
    (sending,) = clerk.get(f"/api/v1/letters/{decision['id']}/sendings").get_json()["items"]
    assert sending["state"] == "waiting"
    assert people["auditor"].post(f"/letters/{decision['id']}/sendings", data=wish).status_code == 403
    assert clerk.get(f"/letters/receive/{'A' * 20}").status_code == 404
    assert clerk.get("/letters/receive?code=aaaa-bbbb").headers["Location"] == "/letters/receive/AAAABBBB"
    assert clerk.get("/letters/unserved").status_code == 200
