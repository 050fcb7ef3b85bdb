"""A platform whose door is a person: sheet out, batch number and feedback in, a letter for the withdrawal."""

import json
import re
import urllib.request
from collections.abc import Iterator
from html import unescape
from io import BytesIO
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from services.credit_push.transports.manual import Manual
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
        data={"batch_number": number, "screenshot": (BytesIO(b"\x89PNG"), "shot.png")},
    )
    assert recorded.status_code == 200, recorded.text
    assert state(world, listing) == [("list", "accepted")]
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
    text = client.post(f"/push/api/v1/batches/{letter['id']}/download").data.decode("utf-8-sig")
    assert listing.number in text
    letter_number = text.splitlines()[1]
    client.post(f"/push/api/v1/batches/{letter['id']}/record-hand", data={"batch_number": letter_number})
    reply = http_json(
        "POST",
        f"{world.sandbox}/platforms/{HAND}/letters",
        {"number": letter_number, "document_number": listing.number, "subject_name": listing.subject.name},
    )
    settled = client.post(
        f"/push/api/v1/batches/{letter['id']}/reply",
        json={"result": reply["result"], "reply_number": reply["reply_number"]},
    )
    assert settled.json == {"settled": 1}
    assert state(world, listing)[-1] == ("withdraw", "acknowledged")
    assert [r["status"] for r in world.records(HAND) if r["document_number"] == listing.number] == [
        "withdrawn"
    ]


def test_without_a_list_of_the_platform_there_is_nothing_to_compare_with() -> None:
    with pytest.raises(ValueError, match="不提供可比对的清单"):
        Manual(None).ledger("run")


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
