"""The monitor: how platforms fare, the matrix, what two people decide, a dry run and a probe."""

import json
import re
from collections.abc import Iterator
from io import BytesIO
from typing import Any
from zipfile import BadZipFile, ZipFile

import pytest
from python_calamine import CalamineWorkbook

from shared.ids import new_id
from shared.web.access import Principal
from shared.web.tokens import issue_token
from tests.harness.platforms import PushWorld, Subject, push_world

JSON, XML = "credit-quanzhou", "trade-quanzhou"
HTML = {"Accept": "text/html"}


@pytest.fixture(scope="module")
def shared_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PushWorld]:
    with push_world(tmp_path_factory.mktemp("monitor"), api=False) as made:
        yield made


@pytest.fixture
def world(shared_world: PushWorld) -> Iterator[PushWorld]:
    yield shared_world
    shared_world.clear_faults()


def of(world: PushWorld, name: str) -> Any:
    """Somebody of a name, who runs the exchange."""
    roles = frozenset({"operator"})
    who = Principal(new_id(), name, name, "department-1", "示例部门", "130102", roles, session_id=new_id())
    client = world.client()
    token = issue_token(world.deps.keyring, who, world.deps.clock.system_now())[0]
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    return client


def refused(world: PushWorld) -> Any:
    world.fault(JSON, "reject", count=1)
    listing = world.listing()
    world.publish(listing.event("published"))
    world.until(lambda: (JSON, "list", "rejected") in world.states(listing.id), "rejected")
    (row,) = world.deliveries(listing.id, JSON)
    return row


def _tried_over_the_api(client: Any) -> None:
    """Where asking proves nothing, nothing is claimed and another way is named."""
    silent = client.post(f"/push/api/v1/platforms/{JSON}/test").json
    assert (silent["asked"], silent["well"]) == (True, False)
    for platform in ("credit-hebei", "procure-hebei"):
        told = client.post(f"/push/api/v1/platforms/{platform}/test").json
        assert (told["asked"], told["well"]) == (False, False)
        page = client.post(f"/push/platforms/{platform}/test", headers=HTML).text
        assert told["title"] in page
        assert "此类平台无法在线试送" in page
        assert "平台可达" not in page
    assert client.post("/push/api/v1/platforms/credit-fujian/test").status_code == 404


def test_board_platform_and_matrix(world: PushWorld) -> None:
    listing = world.listing()
    world.publish(listing.event("published"))
    world.until(lambda: (JSON, "list", "acknowledged") in world.states(listing.id), "listed")
    client = world.client("operator")
    health = {one["id"]: one["health"] for one in client.get("/push/api/v1/platforms").json["items"]}
    assert health[JSON]["last_success_at"]
    assert health[JSON]["per_minute"] > 0
    assert "正常" in client.get("/push/", headers=HTML).text
    assert "平台可达" not in client.get(f"/push/platforms/{JSON}", headers=HTML).text
    assert "平台可达" in client.post(f"/push/platforms/{JSON}/test", headers=HTML).text
    before = len(world.records(JSON))
    assert len(world.records(JSON)) == before
    world.fault(JSON, "error500")
    assert "没有给出可用的应答" in client.post(f"/push/platforms/{JSON}/test", headers=HTML).text
    _tried_over_the_api(client)
    shown = client.get(f"/push/matrix?q={listing.number}", headers=HTML).text
    assert listing.number in shown
    assert "已入库" in shown
    assert client.get("/push/platforms/nowhere", headers=HTML).status_code == 404


def test_the_filing_department_sees_its_own_listing_only(world: PushWorld) -> None:
    row = refused(world)
    where = f"/push/listings/{row.listing_id}"
    seen = world.client("clerk").get(where, headers=HTML)
    assert seen.status_code == 200
    assert row.result_code in seen.text
    assert f"/push/deliveries?listing_id={row.listing_id}" not in seen.text
    assert "推送记录" in world.client("operator", region="210000").get(where, headers=HTML).text
    who = Principal("u", "u", "u", "department-2", "别的部门", "130102", frozenset({"clerk"}), session_id="s")
    other = world.client()
    token = issue_token(world.deps.keyring, who, world.deps.clock.system_now())[0]
    other.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    assert other.get(where, headers=HTML).status_code == 404
    assert world.client("supervisor", region="210000").get(where, headers=HTML).status_code == 404


def test_pause_and_resume_by_form(world: PushWorld) -> None:
    client = world.client("operator")
    assert client.post(f"/push/platforms/{XML}/pause", data={"reason": " "}).status_code == 422
    assert client.post(f"/push/platforms/{XML}/pause", data={"reason": "平台停机"}).status_code == 303
    assert client.post(f"/push/platforms/{XML}/pause", data={"reason": "平台停机"}).status_code == 409
    listing = world.listing()
    world.publish(listing.event("published"))
    world.until(lambda: (JSON, "list", "acknowledged") in world.states(listing.id), "the other")
    assert (XML, "list", "waiting") in world.states(listing.id)
    assert "已暂停" in client.get(f"/push/platforms/{XML}", headers=HTML).text
    assert client.post(f"/push/platforms/{XML}/resume").status_code == 303
    world.until(lambda: (XML, "list", "acknowledged") in world.states(listing.id), "resumed")
    assert client.post(f"/push/platforms/{XML}/backfill").status_code == 303
    world.run()


def test_two_people_decide_on_a_refused_one(world: PushWorld) -> None:
    row, first, second = refused(world), of(world, "甲"), of(world, "乙")
    assert row.subject_name in first.get("/push/dead", headers=HTML).text
    where = f"/push/deliveries/{row.id}/proposals"
    assert first.post(where, data={"action": "retry"}).status_code == 422
    own = f"/push/deliveries/{row.id}/replay"
    assert first.post(own).status_code == 422
    assert first.post(own, data={"reason": "平台误退"}).headers["Location"].endswith("/push/dead")
    assert world.states(row.listing_id, JSON) == [(JSON, "list", "rejected")]
    assert second.post(where, data={"action": "discard", "reason": "不必"}).status_code == 409
    page = second.get("/push/dead", headers=HTML).text
    decision = page.split("/push/proposals/")[1].split("/")[0]
    assert first.post(f"/push/proposals/{decision}/decide", data={"agree": "true"}).status_code == 403
    assert second.post(f"/push/proposals/{decision}/decide", data={"agree": "true"}).status_code == 303
    world.until(lambda: (JSON, "list", "acknowledged") in world.states(row.listing_id), "pushed again")
    assert second.post(f"/push/proposals/{decision}/decide", data={"agree": "true"}).status_code == 409


def test_given_up_by_two_it_is_no_longer_asked_about(world: PushWorld) -> None:
    row, first, second = refused(world), of(world, "甲"), of(world, "乙")
    where = f"/push/deliveries/{row.id}/proposals"
    assert first.post(where, data={"action": "discard", "reason": "平台不收"}).status_code == 303
    page = second.get("/push/dead", headers=HTML).text
    decision = page.split("/push/proposals/")[1].split("/")[0]
    assert second.post(f"/push/proposals/{decision}/decide", data={"agree": "true"}).status_code == 303
    assert row.document_number not in second.get("/push/dead", headers=HTML).text
    assert "确认放弃" in second.get(f"/push/deliveries/{row.id}", headers=HTML).text
    assert first.post(where, data={"action": "retry", "reason": "再试"}).status_code == 409
    alone = first.post(f"/push/api/v1/deliveries/{row.id}/replay")
    assert (alone.status_code, alone.json["slug"]) == (409, "delivery-discarded")
    since = row.settled_at.isoformat()
    assert first.post("/push/api/v1/replays", json={"platform": JSON, "since": since}).json["left"] == 0


@pytest.mark.parametrize(("region", "count"), [("350524", 2), ("130102", 3), ("210000", 2)])
def test_a_dry_run_shows_what_would_go_without_the_number(world: PushWorld, region: str, count: int) -> None:
    listing = world.listing(region=region, subject=Subject("欧阳示例", person=True))
    world.publish(listing.event("published"))
    world.until(lambda: len(world.states(listing.id)) == count, "planned")
    client = world.client("operator")
    for row in world.deliveries(listing.id):
        shown = client.get(f"/push/deliveries/{row.id}/dry-run", headers=HTML)
        assert shown.status_code == 200
        assert listing.number in shown.text, row.platform
        assert listing.subject.code not in shown.text
        files = client.get(f"/push/api/v1/deliveries/{row.id}/dry-run").json["files"]
        for file in files:
            body = client.get(f"/push/deliveries/{row.id}/dry-run/files/{file['name']}").data
            assert listing.subject.code not in words_of(body), row.platform
    assert world.client("supervisor").get(f"/push/deliveries/{row.id}/dry-run").status_code == 403


def test_a_try_shows_what_went_and_what_came_back_without_the_number(world: PushWorld) -> None:
    listing = world.listing(subject=Subject("欧阳示例", person=True))
    world.publish(listing.event("published"))
    world.until(lambda: (JSON, "list", "acknowledged") in world.states(listing.id), "listed")
    (row,) = world.deliveries(listing.id, JSON)
    page = world.client("operator").get(f"/push/deliveries/{row.id}", headers=HTML).text
    (link,) = re.findall(rf'href="(/push/deliveries/{row.id}/attempts/[^"]+)"', page)
    shown = world.client("operator").get(link, headers=HTML)
    assert shown.status_code == 200
    for said in (listing.number, "＊＊＊＊＊＊", row.receipt_number):
        assert said in shown.text
    assert listing.subject.code not in shown.text
    assert (
        world.client("operator").get(f"/push/deliveries/{new_id()}/{link.split('/', 4)[4]}").status_code
        == 404
    )
    for role in ("supervisor", "auditor"):
        assert world.client(role).get(link).status_code == 403
        assert link not in world.client(role).get(f"/push/deliveries/{row.id}", headers=HTML).text


def words_of(body: bytes) -> str:
    """What a file says, packed or not."""
    try:
        packed = ZipFile(BytesIO(body))
    except BadZipFile:
        return body.decode("utf-8")
    return "".join(packed.read(name).decode("utf-8") for name in packed.namelist())


def test_a_dry_run_is_what_goes(world: PushWorld) -> None:
    """For each way in turn: body and head, a packet's files, the statements. Nothing is sent by it."""
    client, found = world.client("operator"), {}
    for region in ("350524", "130102", "210000"):
        listing = world.listing(region=region)
        world.publish(listing.event("published"))
        world.until(lambda each=listing: world.states(each.id), "planned")
        found |= {row.platform: row for row in world.deliveries(listing.id)}
    told = {}
    for name in ("credit-quanzhou", "trade-quanzhou", "credit-shijiazhuang", "credit-liaoning"):
        where = f"/push/api/v1/deliveries/{found[name].id}/dry-run"
        told[name] = client.get(where).json
        assert (told[name]["faults"], told[name]["covered"]) == ([], False), name
    spoken = told["credit-quanzhou"]
    assert (
        json.loads(spoken["text"])["records"][0]["document_number"]
        == found["credit-quanzhou"].document_number
    )
    assert spoken["head"].startswith("POST /platforms/credit-quanzhou/records HTTP/1.1\r\n")
    lines = spoken["signed"].split("\n")
    assert (lines[0], lines[2]) == ("POST", spoken["sha256"])
    (signature,) = re.findall(r"X-Signature: (.*)", spoken["head"])
    assert re.fullmatch(r"[0-9a-f]{8}…", signature.strip())
    assert "<MessageType>17.2</MessageType>" in told["trade-quanzhou"]["text"]
    insert, feedback = json.loads(told["credit-liaoning"]["text"])
    assert insert["sql"].startswith("INSERT INTO frblack")
    assert insert["parameters"]["RDWH"] == found["credit-liaoning"].document_number
    assert feedback["parameters"]["JLBS"] == found["credit-liaoning"].idempotency_key
    sheet, manifest, mark = told["credit-shijiazhuang"]["files"]
    place = f"/push/api/v1/deliveries/{found['credit-shijiazhuang'].id}/dry-run/files"
    head = json.loads(client.get(f"{place}/{manifest['name']}").data)
    assert (head["file"], head["count"], mark["size"]) == (sheet["name"], 1, 0)
    book = client.get(f"{place}/{sheet['name']}")
    assert (
        CalamineWorkbook.from_filelike(BytesIO(book.data)).get_sheet_by_index(0).to_python()[2][0] == "新增"
    )
    assert client.get(f"{place}/other.xlsx").status_code == 404


def test_two_people_decide_on_all_that_fit_a_filter(world: PushWorld) -> None:
    rows, first, second = [refused(world), refused(world)], of(world, "甲"), of(world, "乙")
    narrowed = f"?platform={JSON}&state=rejected&code=FAULT&since=2020-01-01"
    propose, decide = f"/push/dead/proposals{narrowed}", f"/push/dead/decisions{narrowed}"
    told = {"action": "retry", "reason": "平台误退"}
    page = first.get(f"/push/dead{narrowed}", headers=HTML).text
    assert all(row.document_number in page for row in rows)
    assert "按以上条件一并处理" in page
    for past in ("&until=2020-12-31", f"&platform={XML}", "&state=x", "&operation=x"):
        none = first.post(f"/push/dead/proposals?code=FAULT{past}", data=told, headers=HTML)
        assert "done=0" in none.headers["Location"]
    assert first.post(f"{propose}&until=2020-99-99", data=told, headers=HTML).status_code == 422
    assert first.post(propose, data={"action": "retry", "reason": ""}, headers=HTML).status_code == 422
    before = _seen(second, narrowed)
    assert int(_done(first.post(propose, data=told, headers=HTML))) >= len(rows)
    assert _done(first.post(propose, data=told, headers=HTML)) == "0", "they wait already"
    assert _done(second.post(decide, data=before, headers=HTML)) == "0", "proposed since the page was seen"
    agreed = _seen(second, narrowed)
    assert _done(first.post(decide, data=agreed, headers=HTML)) == "0", "one's own"
    said = second.post(decide, data=agreed, headers=HTML)
    assert int(_done(said)) >= len(rows)
    assert "已处理" in second.get(said.headers["Location"], headers=HTML).text
    filed = (JSON, "list", "acknowledged")
    world.until(lambda: all(filed in world.states(row.listing_id) for row in rows), "pushed again")
    assert world.client("auditor").post(decide, data={"agree": "true"}, headers=HTML).status_code == 403


def _seen(client: Any, narrowed: str) -> dict[str, str]:
    """What the form says that agrees to all that stand on the page."""
    page = client.get(f"/push/dead{narrowed}", headers=HTML).text
    return {"agree": "true", "seen": page.split('name="seen" value="')[1].split('"')[0]}


def _done(answer: Any) -> str:
    (number,) = re.findall(r"[?&]done=(\d+)", answer.headers["Location"])
    return str(number)


def test_replay_by_filter_and_period(world: PushWorld) -> None:
    row, client = refused(world), world.client("operator")
    period = {"since": "2020-01-01T00:00:00Z", "until": "2021-01-01T00:00:00Z"}
    where = "/push/api/v1/replays"
    assert client.post(where, json={"platform": JSON, **period}).json == {"replayed": 0, "left": 0}
    asked = client.post(where, json={"platform": JSON, "code": "FAULT", "dry_run": True}).json
    assert asked["replayed"] == 0
    assert asked["left"] >= 1
    assert client.post(where, json={"platform": JSON, "code": "FAULT"}).json["replayed"] >= 1
    world.until(lambda: (JSON, "list", "acknowledged") in world.states(row.listing_id), "pushed again")
    assert client.post(where, json={"states": ["waiting"]}).status_code == 422
