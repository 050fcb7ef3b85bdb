"""Messages by field, region, list and severity: what receivers let pass, and what departments hear of too."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from services.notifier.models import Dispatch, Escalation, Notice
from services.notifier.routing.scopes import Matter, Scope
from services.notifier.usecases.receipts import text_digest
from shared.db import open_database
from tests.harness.notices import ANXI, CLERK, HOUSING, OPERATOR, case_event, delivery_event, duty_event
from tests.integration.test_notifier_api import GOOD_HOOK, GOOD_ROBOT, Site, items

OTHERS = {"name": "邻县名单", "source": "others", "roles": ["clerk"], "event_types": ["case.published"]}


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    db = open_database(f"sqlite:///{tmp_path}/n.db")
    yield Site(db, tmp_path)
    db.close()


def test_a_filter_lets_pass_what_it_cannot_judge_and_a_route_does_not() -> None:
    housing = Scope(domains=("housing-security",), regions=("130100",))
    assert housing.admits(Matter("130102", "housing-security"))
    assert not housing.admits(Matter("350524", "housing-security"))
    assert not housing.admits(Matter("130102", "tax"))
    assert housing.admits(Matter("130102"))
    assert not housing.admits(Matter("130102"), surely=True)


def told(site: Site, department_id: str) -> list[Notice]:
    with site.db.read() as session:
        return list(session.scalars(select(Notice).where(Notice.department_id == department_id)))


def test_a_webhook_gets_what_its_filter_lets_pass_and_so_does_its_replay(site: Site) -> None:
    scope = {"domains": ["tax"], "regions": ["130100"]}
    made = site.call(OPERATOR, "POST", "/webhooks", {**GOOD_HOOK, "event_types": [], "scope": scope})
    assert made.status_code == 201, made.text
    assert made.json["scope"] == {**scope, "lists": [], "severities": []}
    site.hear(case_event(), case_event(domain="tax"), delivery_event())
    with site.db.read() as session:
        sent = session.scalars(
            select(Notice.domain)
            .join(Dispatch, Dispatch.notice_id == Notice.id)
            .where(Dispatch.channel == "webhook", Notice.department_id == HOUSING)
        ).all()
    assert sorted(sent, key=str) == [None, "tax"]
    hook = made.json["id"]
    wrong = {"version": 1, "scope": {"domains": [], "severities": ["loud"]}}
    assert site.call(OPERATOR, "PATCH", f"/webhooks/{hook}", wrong).status_code == 422
    form = {"version": "1", "name": "改名", "url": GOOD_HOOK["url"], "regions": "130102，990000"}
    refused = site.browse(OPERATOR, f"/webhooks/{hook}/edit", form)
    assert refused.status_code == 422
    assert "应为六位行政区划代码。" in refused.text
    form["regions"] = "130102"
    assert site.browse(OPERATOR, f"/webhooks/{hook}/edit", form).status_code == 303
    assert "长安区" in site.browse(CLERK, f"/webhooks/{hook}").text


def test_a_department_hears_of_what_others_made_public_and_of_no_person(site: Site) -> None:
    assert site.call("user-anxi", "POST", "/routes", OTHERS).status_code == 403
    wrong = site.call("user-anxi-operator", "POST", "/routes", {**OTHERS, "event_types": ["case.noticed"]})
    assert wrong.status_code == 422
    assert "/event_types/0" in wrong.text
    route = {**OTHERS, "event_types": [], "scope": {"domains": ["engineering-tendering"]}}
    made = site.call("user-anxi-operator", "POST", "/routes", route)
    assert made.status_code == 201, made.text
    site.hear(
        case_event(),
        case_event("case.noticed"),
        case_event(domain="tax"),
        case_event(subject_type="individual", subject_name="张*"),
        case_event("case.removed"),
        duty_event(),
    )
    heard = told(site, ANXI)
    assert sorted(each.event_type for each in heard) == ["case.published", "case.removed"]
    assert {each.link for each in heard} == {"/listings/listing-1", ""}
    page = site.browse("user-anxi", "/subscriptions").text
    assert "加收：经办人（邻县名单）" in page
    assert "必达" in page
    changed = {**OTHERS, "name": "改名", "version": made.json["version"]}
    place = f"/routes/{made.json['id']}"
    assert site.call("user-anxi-operator", "PUT", place, changed).json["name"] == "改名"
    assert site.call("user-anxi-operator", "PUT", place, changed).status_code == 409
    assert site.call(OPERATOR, "DELETE", place).status_code == 404
    assert site.call("user-anxi-operator", "DELETE", place).status_code == 204


def test_own_matters_reach_further_roles_and_no_ladder_climbs_because_of_that(site: Site) -> None:
    form = {
        "name": "审核人收",
        "source": "own",
        "roles": ["reviewer"],
        "domains": ["engineering-tendering"],
    }
    assert site.browse(OPERATOR, "/routes/new", {**form, "roles": []}).status_code == 422
    assert site.browse(OPERATOR, "/routes/new", form).status_code == 303
    assert "审核人收" in site.browse(CLERK, "/routes").text
    site.hear(case_event(), case_event("case.published", domain="tax"))
    audiences = [each.audience for each in told(site, HOUSING)]
    assert sorted(audiences) == [["clerk", "decider"], ["clerk", "decider", "reviewer"]]
    with site.db.read() as session:
        assert session.scalars(select(Escalation)).all() == []
    route = items(site.call(OPERATOR, "GET", "/routes"))[0]["id"]
    assert site.browse(OPERATOR, f"/routes/{route}/edit").status_code == 200
    changed = site.browse(OPERATOR, f"/routes/{route}/edit", {**form, "name": "改名", "version": "1"})
    assert changed.status_code == 303
    assert site.browse(OPERATOR, f"/routes/{route}/removal", {}).status_code == 303


def test_what_must_be_acknowledged_is_signed_and_anyone_can_check_it(site: Site) -> None:
    site.hear(duty_event(), case_event())
    ids = [each["id"] for each in items(site.call(CLERK, "GET", "/inbox"))]
    site.call(CLERK, "POST", "/inbox/acknowledgements", {"ids": ids})
    proofs = [proof for key in ids for proof in items(site.call(CLERK, "GET", f"/notices/{key}/receipts"))]
    assert len(proofs) == 1  # the other demanded nothing
    proof = proofs[0]
    notice = next(each for each in told(site, HOUSING) if each.id == proof["document"]["notice_id"])
    assert notice.event_type == "duty.overdue"
    assert proof["document"]["text_sha256"] == text_digest(notice.title, notice.body)
    assert proof["document"]["reader_id"] == CLERK
    assert site.call(CLERK, "POST", "/receipts/verify", proof).json == {"genuine": True}
    forged = {**proof, "document": {**proof["document"], "reader_name": "别人"}}
    assert site.call(CLERK, "POST", "/receipts/verify", forged).json == {"genuine": False}
    odd = {**proof, "signature": {**proof["signature"], "value": "é"}}
    assert site.call(CLERK, "POST", "/receipts/verify", odd).json == {"genuine": False}
    assert "下载签收凭证" in site.browse(CLERK, f"/messages/{notice.id}").text
    assert site.call("user-anxi", "GET", f"/notices/{notice.id}/receipts").status_code == 404
    assert site.call(CLERK, "GET", f"/stops/{notice.id}/receipts").status_code == 404


def test_each_channel_has_a_form_of_its_own_and_a_robot_can_be_changed(site: Site) -> None:
    forms = {each["channel"]: each for each in items(site.call(CLERK, "GET", "/channels"))}
    assert [each["name"] for each in forms["wecom"]["fields"]] == ["name", "url"]
    assert [each["secret"] for each in forms["feishu"]["fields"]] == [False, True, True]
    page = site.browse(OPERATOR, "/robots/new?channel=wecom").text
    assert "签名密钥" not in page
    site.call(OPERATOR, "POST", "/robots", GOOD_ROBOT)
    robot = items(site.call(OPERATOR, "GET", "/robots"))[0]["id"]
    page = site.browse(OPERATOR, f"/robots/{robot}/edit").text
    assert "canary" not in page
    assert "不填则保持不变" in page
    form = {"version": "1", "name": "改名", "url": "https://evil.example/"}
    assert "应为所选平台给出的机器人地址" in site.browse(OPERATOR, f"/robots/{robot}/edit", form).text
    form = {"version": "1", "name": "改名", "severities": "urgent"}
    assert site.browse(OPERATOR, f"/robots/{robot}/edit", form).status_code == 303
    seen = items(site.call(OPERATOR, "GET", "/robots"))[0]
    assert (seen["name"], seen["signed"], seen["scope"]["severities"]) == ("改名", True, ["urgent"])
    assert site.browse(OPERATOR, f"/robots/{robot}/edit", form).status_code == 409
    gone = site.call(OPERATOR, "PATCH", f"/robots/{robot}", {"version": 2, "secret": ""})
    assert gone.json["signed"] is False
