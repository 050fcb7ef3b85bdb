"""The push API and pages: who may see what, filters, signed receipts, every page renders."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from shared.http import sign_request
from tests.harness.platforms import PushWorld, push_world

CALLBACK = "tender-shijiazhuang"


@pytest.fixture(scope="module")
def shared_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PushWorld]:
    with push_world(tmp_path_factory.mktemp("push")) as made:
        yield made


@pytest.fixture
def world(shared_world: PushWorld) -> Iterator[PushWorld]:
    yield shared_world
    shared_world.clear_faults()


def pushed(world: PushWorld, region: str = "350524") -> Any:
    listing = world.listing(region=region)
    world.publish(listing.event("published"))
    world.until(
        lambda: (
            world.states(listing.id)
            and all(state == "acknowledged" for *_, state in world.states(listing.id))
        ),
        "acknowledged",
    )
    return listing


def test_deliveries_are_listed_filtered_and_paged(world: PushWorld) -> None:
    listing, other = pushed(world), pushed(world)
    client = world.client("operator")
    items = client.get(f"/push/api/v1/deliveries?listing_id={listing.id}&state=acknowledged").json["items"]
    assert {item["platform"] for item in items} == {"credit-quanzhou", "trade-quanzhou"}
    item = items[0]
    assert item["receipt"]["number"]
    assert item["attempts"][0]["outcome"] == "filed"
    assert item["due"]
    assert client.get(f"/push/api/v1/deliveries/{item['id']}").json["document_number"] == listing.number
    first = client.get("/push/api/v1/deliveries?limit=3").json
    second = client.get(f"/push/api/v1/deliveries?limit=3&cursor={first['next']}").json
    assert len(first["items"]) == 3
    assert len(second["items"]) == 1
    assert second["next"] is None
    assert {i["listing_id"] for i in first["items"] + second["items"]} == {listing.id, other.id}


def test_access(world: PushWorld) -> None:
    listing = pushed(world)
    assert world.client().get("/push/api/v1/deliveries").status_code == 401
    assert world.client("clerk").get("/push/api/v1/deliveries").status_code == 403
    elsewhere = world.client("supervisor", region="130102")
    assert elsewhere.get(f"/push/api/v1/deliveries?listing_id={listing.id}").json["items"] == []
    (row, _) = world.deliveries(listing.id)
    assert elsewhere.get(f"/push/api/v1/deliveries/{row.id}").status_code == 404
    assert elsewhere.post(f"/push/api/v1/deliveries/{row.id}/replay").status_code == 404
    own = world.client("supervisor", region="350500")
    assert len(own.get(f"/push/api/v1/deliveries?listing_id={listing.id}").json["items"]) == 2


@pytest.mark.parametrize(
    "path",
    ["deliveries?state=nonsense", "deliveries?cursor=nonsense", "deliveries?limit=9999", "deliveries?odd=1"],
)
def test_bad_queries_are_refused(world: PushWorld, path: str) -> None:
    answer = world.client("operator").get(f"/push/api/v1/{path}")
    assert answer.status_code == 422
    assert answer.json["fields"]


def test_platforms(world: PushWorld) -> None:
    items = {
        item["id"]: item for item in world.client("operator").get("/push/api/v1/platforms").json["items"]
    }
    assert len(items) == 14
    assert not items["credit-fujian"]["pushed"]
    assert items["credit-quanzhou"]["relay"] == ["credit-fujian", "credit-china"]


def callback(
    world: PushWorld, body: dict[str, Any], *, secret: bytes | None = None, platform: str = CALLBACK
) -> Any:
    key = world.deps.keys[f"sandbox:{CALLBACK}"]
    raw = json.dumps(body).encode()
    path = f"/push/api/v1/receipts/{platform}"
    headers = sign_request(
        "POST", path, raw, key_id=key.key_id, secret=secret or key.secret, now=world.deps.clock.system_now()
    )
    client = world.client()
    send = {"data": raw, "headers": {**headers, "Content-Type": "application/json"}}
    first = client.post(path, **send)
    return first, client.post(path, **send)


def test_receipts_are_signed_and_not_replayed(world: PushWorld) -> None:
    listing = pushed(world, "130102")
    (row,) = world.deliveries(listing.id, CALLBACK)
    body = {"batch_id": "b", "receipts": [{"idempotency_key": row.idempotency_key, "result": "accepted"}]}
    first, again = callback(world, body)
    assert first.json == {"received": 1}
    assert again.status_code == 401
    forged, _ = callback(world, body, secret=b"wrong")
    assert forged.status_code == 401
    foreign, _ = callback(world, body, platform="credit-quanzhou")
    assert foreign.status_code == 404
    assert world.client().post(f"/push/api/v1/receipts/{CALLBACK}", json=body).status_code == 401
    assert world.client().post(f"/push/api/v1/receipts/{CALLBACK}", json={"receipts": 1}).status_code == 422


def test_every_page_renders(world: PushWorld) -> None:
    listing = pushed(world)
    client = world.client("operator")
    (row, _) = world.deliveries(listing.id)
    hand = world.listing(region="130102", domain="government-procurement")
    world.publish(hand.event("published"))
    world.until(
        lambda: ("procure-hebei", "list", "awaiting-hand") in world.states(hand.id), "awaiting a hand"
    )
    batch = client.get("/push/api/v1/batches").json["items"][0]["id"]
    asked = client.post("/push/reconciliations", data={"platform": "credit-quanzhou", "repair": "true"})
    assert asked.status_code == 303
    world.run()
    pages = [
        "/push/",
        f"/push/deliveries?q={listing.number}",
        "/push/deliveries?state=dead",
        f"/push/deliveries/{row.id}",
        "/push/hand",
        f"/push/hand/{batch}",
        "/push/reconciliations",
        asked.headers["Location"],
    ]
    for path in pages:
        answer = client.get(path, headers={"Accept": "text/html"})
        assert answer.status_code == 200, (path, answer.text[:500])
        assert "推送" in answer.text
    assert listing.subject.name in client.get(pages[1]).text
    assert client.get("/push/deliveries/none", headers={"Accept": "text/html"}).status_code == 404


def test_forms(world: PushWorld) -> None:
    hand = world.listing(region="130102", domain="government-procurement")
    world.publish(hand.event("published"))
    world.until(
        lambda: ("procure-hebei", "list", "awaiting-hand") in world.states(hand.id), "awaiting a hand"
    )
    client = world.client("operator")
    batch = client.get("/push/api/v1/batches").json["items"][0]["id"]
    assert client.post(f"/push/hand/{batch}/download").status_code == 200
    empty = client.post(f"/push/hand/{batch}/record", data={"batch_number": " "})
    assert empty.status_code == 422
    assert "请填写" in empty.text
    assert client.post(f"/push/hand/{batch}/record", data={"batch_number": "HB1"}).status_code == 303
    assert client.post(f"/push/hand/{batch}/feedback", data={}).status_code == 422
    assert client.post("/push/reconciliations", data={"platform": "nowhere"}).status_code == 422


def test_reconciling_without_a_platform_means_all_of_them(world: PushWorld) -> None:
    pushed = {item["id"] for item in world.client("operator").get("/push/api/v1/platforms").json["items"]
              if item["pushed"]}  # fmt: skip
    asked = world.client("operator").post("/push/api/v1/reconciliations", json={"repair": False})
    assert asked.status_code == 201, asked.text
    assert sorted(run["platform"] for run in asked.json["items"]) == sorted(pushed)
    assert len(pushed) > 5
    assert asked.json["id"] == asked.json["items"][0]["id"]
    form = world.client("operator").post("/push/reconciliations", data={"platform": ""})
    assert form.status_code == 303
    assert form.headers["Location"].endswith("/push/reconciliations")


def test_openapi_is_served(world: PushWorld) -> None:
    document = world.client().get("/push/openapi.json").json
    assert "/push/api/v1/deliveries" in document["paths"]
