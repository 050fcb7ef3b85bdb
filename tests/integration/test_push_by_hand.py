"""A platform whose door is a person: sheet out, batch number and feedback in, a letter for the withdrawal."""

import json
import re
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from html import unescape
from io import BytesIO
from typing import Any

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import select

from services.credit_push.models import Delivery, DepartmentCopy, ListingVersion
from services.credit_push.standing import late_letters
from services.credit_push.transports.manual import Manual
from services.credit_push.usecases.letters import remind_of_letters
from shared.clock import FixedClock
from shared.ids import new_id
from tests.harness.platforms import PushWorld, http_json, push_world
from tests.harness.wait import PATIENCE

HAND = "procure-hebei"


@pytest.fixture(scope="module")
def shared_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PushWorld]:
    with push_world(tmp_path_factory.mktemp("push")) as made:
        yield made


@pytest.fixture
def world(shared_world: PushWorld) -> Iterator[PushWorld]:
    yield shared_world
    shared_world.clear_faults()


def upload(world: PushWorld, sheet: bytes) -> str:
    mark = new_id()
    head = f'--{mark}\r\nContent-Disposition: form-data; name="sheet"; filename="a.xlsx"\r\n\r\n'.encode()
    request = urllib.request.Request(
        f"{world.sandbox}/platforms/{HAND}/upload", data=head + sheet + f"\r\n--{mark}--\r\n".encode()
    )
    request.add_header("Content-Type", f"multipart/form-data; boundary={mark}")
    with urllib.request.urlopen(request, timeout=15 * PATIENCE) as answer:
        return str(json.loads(answer.read())["batch_number"])


def feedback(world: PushWorld, number: str) -> bytes:
    where = f"{world.sandbox}/platforms/{HAND}/feedback/{number}"
    with urllib.request.urlopen(where, timeout=15 * PATIENCE) as answer:
        return bytes(answer.read())


def state(world: PushWorld, listing: Any) -> list[tuple[str, str]]:
    return [(row.operation, row.state) for row in world.deliveries(listing.id, HAND)]


def test_sheet_letter_and_public_list(world: PushWorld) -> None:
    listing = world.listing(region="130102", domain="government-procurement")
    client = world.client("operator")
    world.publish(listing.event("published"))
    world.until(lambda: state(world, listing) == [("list", "awaiting-hand")], "awaiting a hand")
    (batch,) = client.get("/push/api/v1/batches").json["items"]

    sheet = client.post(f"/push/api/v1/batches/{batch['id']}/download")
    assert sheet.status_code == 200
    assert sheet.headers["Cache-Control"] == "no-store"
    number = upload(world, sheet.data)
    recorded = client.post(
        f"/push/api/v1/batches/{batch['id']}/record-hand",
        data={"batch_number": number, "screenshot": (BytesIO(b"<svg onload=x>"), "shot.svg")},
    )
    assert recorded.status_code == 422
    recorded = client.post(
        f"/push/api/v1/batches/{batch['id']}/record-hand",
        data={"batch_number": number, "screenshot": (BytesIO(b"\x89PNG"), "shot.png")},
    )
    assert recorded.status_code == 200, recorded.text
    assert state(world, listing) == [("list", "accepted")]
    for place in (f"/push/api/v1/batches/{batch['id']}/screenshot", f"/push/hand/{batch['id']}/screenshot"):
        picture = client.get(place)
        assert (picture.mimetype, picture.data) == ("image/png", b"\x89PNG")
        assert picture.headers["Cache-Control"] == "no-store"
    for region, seen in (("130100", 200), ("350500", 404)):
        other = world.client("supervisor", region=region)
        for place in (f"/push/api/v1/batches/{batch['id']}/screenshot", f"/push/hand/{batch['id']}"):
            assert other.get(place).status_code == seen, (region, place)
        assert bool(other.get("/push/api/v1/batches").json["items"]) == (seen == 200)
    page = client.get(f"/push/hand/{batch['id']}", headers={"Accept": "text/html"}).text
    assert page.count("tester") >= 4, "who downloaded, recorded and looked is on the page"
    blank = client.get(f"/push/hand/{batch['id']}/feedback-sheet")
    table = CalamineWorkbook.from_filelike(BytesIO(blank.data)).get_sheet_by_index(0).to_python()
    assert [row[1:3] for row in table[1:]] == [[listing.subject.name, listing.number]]
    wrong = client.post(
        f"/push/hand/{batch['id']}/feedback",
        data={"sheet": (BytesIO("业务流水号,结果\r\n1,好\r\n".encode()), "feedback.csv")},
        headers={"Accept": "text/html"},
    )
    assert wrong.status_code == 422
    assert "反馈表缺少列：处理结果" in wrong.text
    told = client.post(
        f"/push/api/v1/batches/{batch['id']}/feedback",
        data={"sheet": (BytesIO(feedback(world, number)), "feedback.csv")},
    )
    assert told.json == {"settled": 1}
    assert state(world, listing) == [("list", "acknowledged")]

    run = client.post("/push/api/v1/reconciliations", json={"platform": HAND}).json["id"]
    where = f"/push/api/v1/reconciliations/{run}"
    world.until(lambda: client.get(where).json["state"] == "done", "reconciled")
    assert client.get(where).json["differences"] == []
    for page in (f"reconciliations/{run}", f"platforms/{HAND}", "reconciliations"):
        shown = client.get(f"/push/{page}", headers={"Accept": "text/html"}).text
        (link, *_) = re.findall(r'href="(/push/api/v1/reconciliation-reports[^"]+)"', shown)
        assert client.get(unescape(link)).data.startswith(b"%PDF")

    world.publish(listing.event("revoked"))
    world.until(lambda: state(world, listing)[-1] == ("withdraw", "awaiting-hand"), "the letter")
    letter = next(one for one in client.get("/push/api/v1/batches").json["items"] if one["kind"] == "letter")
    waiting = world.deliveries(listing.id, HAND)[-1].id
    shown = client.get(f"/push/api/v1/deliveries/{waiting}/dry-run").json
    assert "撤销函" in shown["target"]
    assert client.get(f"/push/deliveries/{waiting}/dry-run/files/letter.pdf").data.startswith(b"%PDF")
    where = f"/push/api/v1/batches/{letter['id']}"
    paper = client.post(f"{where}/download")
    assert paper.mimetype == "application/pdf"
    made = next(one for one in client.get("/push/api/v1/batches").json["items"] if one["id"] == letter["id"])
    letter_number = made["number"]
    assert re.fullmatch(r"\S+撤函〔\d{4}〕[1-9][0-9]*号", letter_number)
    assert made["reply_due"]
    recorded = client.post(
        f"{where}/record-hand", data={"batch_number": "邮政挂号 1"}, content_type="multipart/form-data"
    )
    assert recorded.json["number"] == letter_number, "its own, not that of the envelope"
    with world.deps.db.write() as session:
        for department in session.scalars(select(DepartmentCopy)):
            department.name = "改名后的部门"
    assert client.post(f"{where}/download").data == paper.data, "the same paper again"
    later = replace(world.deps, clock=FixedClock(world.deps.clock.now() + timedelta(days=60)))
    for told in (1, 0):
        with later.db.write() as session:
            assert remind_of_letters(session, later) == told
    for become, late in (("superseded", 0), ("accepted", 1)):
        with later.db.write() as session:
            for row in session.scalars(select(Delivery).where(Delivery.batch_id == letter["id"])):
                row.state = become
            session.flush()
            assert late_letters(session, later.clock.today()) == late
    reply = http_json(
        "POST",
        f"{world.sandbox}/platforms/{HAND}/letters",
        {"number": letter_number, "document_number": listing.number, "subject_name": listing.subject.name},
    )
    answers = (({"result": "rejected", "reply_number": "先复 1"}, "rejected"), (reply, "acknowledged"))
    for said, become in answers:  # what was not taken down may be later
        settled = client.post(
            f"{where}/reply", json={"result": said["result"], "reply_number": said["reply_number"]}
        )
        assert settled.json == {"settled": 1}, settled.text
        assert state(world, listing)[-1] == ("withdraw", become)
        page = client.get(f"/push/hand/{letter['id']}", headers={"Accept": "text/html"}).text
        assert ("以后答复已撤下" in page) == (become == "rejected")
    assert client.post(f"{where}/reply", json={"result": "absent", "reply_number": "3"}).status_code == 409
    shown = client.get(f"/push/hand/{letter['id']}", headers={"Accept": "text/html"}).text
    for said in (letter_number, "逾期未复函，已提醒", "登记复函", reply["reply_number"]):
        assert said in shown
    (row,) = [one for one in world.deliveries(listing.id, HAND) if one.operation == "withdraw"]
    assert letter_number in client.get(f"/push/deliveries/{row.id}", headers={"Accept": "text/html"}).text
    world.run()
    reader = world.log.reader(["credit-push.deliveries.v1"], "letters")
    said = [dict(one.headers)["ce_type"] for one in reader.poll(500, timeout=1.0) if one.key == listing.id]
    reader.close()
    assert said.count(b"delivery.reply-overdue") == 1
    assert [r["status"] for r in world.records(HAND) if r["document_number"] == listing.number] == [
        "withdrawn"
    ]


def test_without_a_list_of_the_platform_there_is_nothing_to_compare_with(world: PushWorld) -> None:
    with pytest.raises(ValueError, match="不提供可比对的清单"):
        Manual(world.deps.catalogue[HAND], None).ledger("run")


def test_not_yet_downloaded_is_superseded_downloaded_is_withdrawn(world: PushWorld) -> None:
    fresh = world.listing(region="130102", domain="government-procurement")
    world.publish(fresh.event("published"))
    world.until(lambda: state(world, fresh) == [("list", "awaiting-hand")], "awaiting a hand")
    world.publish(fresh.event("revoked"))
    world.until(
        lambda: state(world, fresh) == [("list", "superseded"), ("withdraw", "superseded")], "both superseded"
    )
    taken = world.listing(region="130102", domain="government-procurement")
    world.publish(taken.event("published"))
    world.until(lambda: state(world, taken) == [("list", "awaiting-hand")], "awaiting a hand")
    client = world.client("operator")
    newest = client.get("/push/api/v1/batches").json["items"][0]
    assert client.post(f"/push/api/v1/batches/{newest['id']}/download").status_code == 200
    world.publish(taken.event("revoked"))
    world.until(lambda: state(world, taken)[-1] == ("withdraw", "awaiting-hand"), "its withdrawal goes")


def test_a_row_that_stricter_rules_refuse_blocks_no_sheet(world: PushWorld) -> None:
    listing = world.listing(region="130102", domain="government-procurement")
    client = world.client("operator")
    world.publish(listing.event("published"))
    world.until(lambda: state(world, listing) == [("list", "awaiting-hand")], "awaiting a hand")
    (row,) = world.deliveries(listing.id, HAND)
    with world.deps.db.write() as session:
        version = session.get_one(ListingVersion, (listing.id, row.sequence))
        version.payload = version.payload | {"document": version.payload["document"] | {"number": ""}}
    for way in ("/push/api/v1/batches", "/push/hand"):
        refused = client.post(f"{way}/{row.batch_id}/download", headers={"Accept": "application/json"})
        assert refused.status_code == 409, refused.text
    (row,) = world.deliveries(listing.id, HAND)
    assert (row.state, row.possibly_sent, bool(row.result_field)) == ("rejected", False, True)
