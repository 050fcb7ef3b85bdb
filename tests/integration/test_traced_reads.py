"""Whoever reads a person's case or its papers leaves a trace, whichever way; the trace holds no content."""

import io
import json
from collections import Counter
from datetime import date, timedelta

import pytest

from services.blacklist.audit.models import AuditEntry
from services.blacklist.cases.usecases.reading import persons_in
from services.blacklist.rules.models import Duty
from shared.identifiers import make_uscc
from tests.integration.test_blacklist_pages import NUMBER, Site, person
from tests.integration.test_letters_pages import SCAN, act, upload


@pytest.fixture
def site(tmp_path):
    made = Site(tmp_path)
    yield made
    made.deps.db.close()


def filed(clerk, **changes):
    made = clerk.post("/cases/new", data=person(**changes))
    return made.headers["Location"].split("/cases/")[1].split("?")[0]


def reads(site, case):
    with site.deps.db.read() as session:
        found = session.query(AuditEntry).filter_by(object_type="case", object_id=case).all()
    traced = [each for each in found if ".read" in each.action or each.action == "letter.preview"]
    assert not any("欧阳" in each.detail or NUMBER in each.detail for each in traced)
    return Counter((each.action, each.actor_name) for each in traced)


def name_of(site, role):
    return next(a["username"] for a in site.accounts if a["roles"] == [role] and a["region"] == "130102")


def test_a_persons_case_is_traced_once_a_day_for_each_viewer(site):
    clerk, auditor = site.client("clerk"), site.client("auditor")
    case = filed(clerk)
    for view in ("", "/edit", "/letters", "/public-preview"):
        assert clerk.get(f"/cases/{case}{view}").status_code == 200, view
    assert clerk.get(f"/api/v1/cases/{case}").status_code == 200
    assert auditor.get(f"/api/v1/cases/{case}/public-preview").status_code == 200
    assert auditor.get(f"/api/v1/cases/{case}").status_code == 200
    who = name_of(site, "clerk"), name_of(site, "auditor")
    assert reads(site, case) == {("case.read", who[0]): 1, ("case.read", who[1]): 1}
    site.clock.advance(timedelta(days=1))
    site.client("clerk").get(f"/api/v1/cases/{case}/letters")
    assert reads(site, case)["case.read", who[0]] == 2


def test_systems_are_named_by_their_key_and_strangers_see_nothing(site):
    case = filed(site.client("clerk"))
    guard = site.client("security-admin")
    department = site.client("clerk").get("/api/v1/session").get_json()["user"]["department_id"]
    body = {"name": "业务系统", "department_id": department, "scopes": ["cases:read"]}
    key = guard.post("/api/v1/api-keys", json=body).get_json()
    header = {"Authorization": f"ApiKey {key['presented']}"}
    assert site.client().get(f"/api/v1/cases/{case}", headers=header).status_code == 200
    assert site.client("clerk", "350524").get(f"/api/v1/cases/{case}").status_code == 404
    assert list(reads(site, case)) == [("case.read", f"key:{key['key']['prefix']}")]


def test_an_organizations_case_leaves_no_trace_of_views(site):
    clerk = site.client("clerk")
    firm = {"subject.type": "organization", "subject.name": "石门某某建筑有限公司", "subject.id_type": ""}
    case = filed(clerk, **firm, **{"subject.id_number": "", "subject.uscc": make_uscc("91130102", 21)})
    assert clerk.get(f"/cases/{case}").status_code == 200
    assert not reads(site, case)


def test_every_paper_taken_out_is_traced(site):
    clerk = site.client("clerk")
    case = filed(clerk)
    form = {"kind": "evidence", "file": (io.BytesIO(SCAN), "证据.pdf")}
    kept = clerk.post(f"/api/v1/cases/{case}/attachments", data=form).get_json()["id"]
    act(clerk, case, "submit")
    act(site.client("reviewer"), case, "approve_notice", notice_number="长住建告〔2026〕21号")
    letter = clerk.post(f"/api/v1/cases/{case}/letters", json={"kind": "notice"}).get_json()["id"]
    copy = clerk.post(f"/api/v1/letters/{letter}/sealed-copy", data=upload()).get_json()["id"]
    given = upload(method="direct", served_on="2026-11-03", recipient="甲")
    served = clerk.post(f"/api/v1/letters/{letter}/service", data=given).get_json()["items"][0]["id"]
    auditor, who = site.client("auditor"), name_of(site, "auditor")
    for path in (
        f"/cases/{case}/attachments/{kept}",
        f"/api/v1/cases/{case}/attachments/{kept}",
        f"/letters/{letter}/copies/{copy}",
        f"/api/v1/letters/{letter}/sealed-copy/{copy}",
        f"/letters/{letter}/services/{served}/proof",
        f"/api/v1/letters/{letter}/service/{served}/proof",
        f"/cases/{case}/letters/notice/preview",
        f"/api/v1/cases/{case}/letters/notice/preview.pdf",
    ):
        assert auditor.get(path).status_code == 200, path
    kinds = ("case.read-attachment", "letter.read-copy", "letter.read-proof", "letter.preview")
    traced = {kind: count for (kind, by), count in reads(site, case).items() if by == who}
    assert traced == dict.fromkeys(kinds, 2)


def listed(site, who):
    """The lists one has seen, each with the number of persons."""
    with site.deps.db.read() as session:
        found = session.query(AuditEntry).filter_by(action="case.read-list", actor_name=who).all()
    assert not any("欧阳" in each.detail or NUMBER in each.detail for each in found)
    told = [json.loads(each.detail) for each in found]
    return Counter((each["view"], each["persons"], len(each["of"])) for each in told)


def test_lists_that_name_persons_leave_one_trace_for_all_of_them(site):
    clerk, supervisor = site.client("clerk"), site.client("supervisor")
    who, above = name_of(site, "clerk"), name_of(site, "supervisor")
    assert clerk.get("/cases").status_code == 200
    assert not listed(site, who), "nobody there is a person"
    case = filed(clerk)
    for path in ("/cases", "/cases", "/api/v1/cases"):
        assert clerk.get(path).status_code == 200
    assert listed(site, who) == {("cases", 1, 1): 1}, "the same list on the same day is told once"
    auditor = site.client("auditor")
    told = auditor.get(f"/api/v1/audit?action=case.read-list&object_id={case}").get_json()["items"]
    assert [(each["actor_name"], each["detail"]["of"]) for each in told] == [(who, [case])]
    assert not auditor.get(f"/api/v1/audit?action=case.read-list&object_id={case[:-1]}").get_json()["items"]
    for named, count in ((case, 2), ("长住建处〔2026〕1号", 2), ("长住建处〔2026〕1", 0)):
        rows = auditor.get(f"/admin/audit?object_id={named}").get_data(as_text=True)
        assert rows.count('data-label="事项"') == count, "filed, and read on a list"
    act(clerk, case, "submit")
    act(site.client("reviewer"), case, "approve_notice", notice_number="长住建告〔2026〕22号")
    clerk.post(f"/api/v1/cases/{case}/letters", json={"kind": "notice"})
    for path in ("/letters/unserved", "/api/v1/letters/unserved"):
        assert clerk.get(path).status_code == 200
    assert listed(site, who)["letters-unserved", 1, 1] == 1
    with site.deps.db.write() as session:
        for duty in session.query(Duty).filter_by(case_id=case):
            duty.start_on = duty.due_on = date(2026, 11, 2)
    for path in ("overdue", "duties?measure=publication"):
        for start in ("/supervision/", "/api/v1/supervision/"):
            assert supervisor.get(f"{start}{path}").status_code == 200
    assert listed(site, above) == {("supervision-overdue", 1, 1): 1, ("supervision-duties", 1, 1): 1}


def test_rows_of_a_sheet_count_as_persons_even_with_mistakes():
    firm, person, torn = {"type": "organization"}, {"type": "individual"}, {"id_masked": "1301**"}
    rows = [{"row": n, "preview": each} for n, each in enumerate((firm, person, torn, {}), 2)]
    assert persons_in("up", rows) == ["up:3", "up:4"]
