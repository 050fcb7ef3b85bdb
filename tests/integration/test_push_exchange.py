"""The doors: a platform fetches its events, numbers sealed to it alone, and brings its receipts."""

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from services.credit_push.catalogue import Door, Profile
from services.credit_push.models import StrayReceipt
from shared.crypto import hpke_open
from shared.http import sign_request
from tests.harness.platforms import PushWorld, Subject, push_world, quick

JSON, PULL = "credit-quanzhou", "trade-quanzhou"
INFO = b"credit-blacklist exchange v1"


def tune(profile: Profile) -> Profile:
    """One platform comes for its events itself."""
    if profile.id != PULL:
        return quick(profile)
    transport = replace(profile.transport, kind="pull")
    door = Door(f"sandbox:{PULL}")
    return replace(
        quick(profile), transport=transport, door=door, receipts=replace(profile.receipts, by="door")
    )


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PushWorld]:
    with push_world(tmp_path_factory.mktemp("doors"), api=False, tune=tune) as made:
        yield made


def ask(
    world: PushWorld,
    platform: str,
    method: str,
    path: str,
    body: Any = None,
    *,
    secret: bytes | None = None,
    headers: dict[str, str] | None = None,
    address: str = "127.0.0.1",
) -> Any:
    key = world.deps.keys[f"sandbox:{platform}"]
    raw = b"" if body is None else json.dumps(body).encode()
    signed = headers or sign_request(
        method, path, raw, key_id=key.key_id, secret=secret or key.secret, now=world.deps.clock.system_now()
    )
    return world.client().open(
        path,
        method=method,
        data=raw,
        headers={**signed, "Content-Type": "application/json"},
        environ_base={"REMOTE_ADDR": address},
    )


def everything(world: PushWorld, platform: str, limit: int = 3) -> list[dict[str, Any]]:
    """Page by page to the end."""
    found: list[dict[str, Any]] = []
    after = "0"
    while True:
        answer = ask(world, platform, "GET", f"/exchange/v1/events?after={after}&limit={limit}")
        assert answer.status_code == 200, answer.text
        if not answer.json["items"]:
            return found
        found += answer.json["items"]
        after = answer.json["next"]


def test_a_platform_fetches_its_own_events_in_order(world: PushWorld) -> None:
    ours, elsewhere = world.listing(), world.listing(region="210000")
    world.publish(*(one.event("published") for one in (ours, elsewhere)))
    world.publish(ours.event("corrected"), ours.event("revoked"))
    world.run()
    items = [item for item in everything(world, JSON) if item["subject"] == ours.id]
    assert [item["type"] for item in items] == ["listing.published", "listing.corrected", "listing.revoked"]
    assert [item["sequence"] for item in items] == [1, 2, 3]
    positions = [item["position"] for item in everything(world, JSON)]
    assert positions == sorted(set(positions))
    assert elsewhere.id not in {item["subject"] for item in everything(world, JSON)}


def test_numbers_are_sealed_to_whoever_asks_alone(world: PushWorld) -> None:
    private = X25519PrivateKey.generate()
    listing = world.listing(subject=Subject("欧阳示例", person=True))
    world.publish(listing.event("published"))
    world.run()

    def told(platform: str) -> dict[str, Any]:
        return next(item for item in everything(world, platform) if item["subject"] == listing.id)

    assert told(JSON)["data"]["subject"]["identity"] == []
    world.deps.keyring.add_recipient(JSON, private.public_key().public_bytes_raw())
    (sealed,) = told(JSON)["data"]["subject"]["identity"]
    aad = f"blacklist.exchange.v1|{listing.id}|1|id_number".encode()
    assert hpke_open(private, base64.b64decode(sealed["sealed"]), aad, INFO).decode() == listing.subject.code
    assert sealed["recipient"] == JSON
    assert told(PULL)["data"]["subject"]["identity"] == []
    assert listing.subject.code not in json.dumps(told(JSON))


def test_it_brings_receipts_which_settle_its_own_deliveries_only(world: PushWorld) -> None:
    listing = world.listing()
    world.publish(listing.event("published"))
    world.until(lambda: (PULL, "list", "accepted") in world.states(listing.id), "offered")
    row = {"listing_id": listing.id, "version": 1, "result": "accepted", "receipt_number": "Q1"}
    foreign = ask(world, JSON, "POST", "/exchange/v1/receipts", {"receipts": [{**row, "version": 9}]})
    assert foreign.json == {"received": 1}
    assert (PULL, "list", "accepted") in world.states(listing.id)
    told = ask(world, PULL, "POST", "/exchange/v1/receipts", {"receipts": [row, row]})
    assert told.json == {"received": 2}
    (delivery,) = world.deliveries(listing.id, PULL)
    assert (delivery.state, delivery.receipt_number) == ("acknowledged", "Q1")
    world.publish(listing.event("revoked"))
    world.until(lambda: (PULL, "withdraw", "accepted") in world.states(listing.id), "offered")
    refused = {
        "listing_id": listing.id,
        "version": 2,
        "result": "rejected",
        "code": "CODE",
        "message": "字段",
    }
    ask(world, PULL, "POST", "/exchange/v1/receipts", {"receipts": [refused]})
    assert (PULL, "withdraw", "rejected") in world.states(listing.id)
    with world.deps.db.read() as session:
        assert session.query(StrayReceipt).filter_by(platform=JSON).count() == 1


def test_forged_replayed_stale_and_foreign_requests_change_nothing(world: PushWorld) -> None:
    path, key = "/exchange/v1/events", world.deps.keys[f"sandbox:{JSON}"]
    assert world.client().get(path).status_code == 401
    assert ask(world, JSON, "GET", path, secret=b"guess").status_code == 401
    now = world.deps.clock.system_now()
    headers = sign_request("GET", path, b"", key_id=key.key_id, secret=key.secret, now=now)
    assert ask(world, JSON, "GET", path, headers=headers).status_code == 200
    assert ask(world, JSON, "GET", path, headers=headers).status_code == 401
    other = sign_request("GET", path, b"", key_id=key.key_id, secret=key.secret, now=now)
    assert ask(world, JSON, "GET", path + "?after=1", headers=other).status_code == 401
    old = now.fromtimestamp(now.timestamp() - 400, now.tzinfo)
    stale = sign_request("GET", path, b"", key_id=key.key_id, secret=key.secret, now=old)
    assert ask(world, JSON, "GET", path, headers=stale).status_code == 401
    doorless = "tender-shijiazhuang"
    assert ask(world, doorless, "GET", path).status_code == 401
    assert ask(world, JSON, "GET", path + "?after=-1").status_code == 422
    assert ask(world, JSON, "POST", "/exchange/v1/receipts", {"receipts": []}).status_code == 422


def test_only_from_where_it_said_it_would_come(world: PushWorld) -> None:
    profile = world.deps.catalogue[JSON]
    near = replace(profile, door=replace(profile.door, addresses=("10.1.0.0/16",)))
    catalogue = {**world.deps.catalogue, JSON: near}
    guarded = replace(world, deps=replace(world.deps, catalogue=catalogue))
    assert ask(guarded, JSON, "GET", "/exchange/v1/events").status_code == 403
    assert ask(guarded, JSON, "GET", "/exchange/v1/events", address="10.1.2.3").status_code == 200
