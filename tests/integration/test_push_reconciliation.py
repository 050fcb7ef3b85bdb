"""Reconciliation with platforms that lose, keep, age and alter records; repair by pushing again."""

import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from services.credit_push.transports import Transport
from tests.harness.platforms import PushWorld, http_json, push_world
from tests.harness.wait import until


@pytest.fixture(scope="module")
def shared_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PushWorld]:
    with push_world(tmp_path_factory.mktemp("push")) as made:
        yield made


@pytest.fixture
def world(shared_world: PushWorld) -> Iterator[PushWorld]:
    yield shared_world
    shared_world.clear_faults()


REGIONS = {
    "credit-quanzhou": "350524",
    "trade-quanzhou": "350524",
    "tender-shijiazhuang": "130102",
    "credit-shijiazhuang": "130102",
    "trade-shijiazhuang": "130102",
    "credit-liaoning": "210000",
}


def asked(world: PushWorld, platform: str, *, repair: bool = True) -> str:
    client = world.client("operator")
    answer = client.post("/push/api/v1/reconciliations", json={"platform": platform, "repair": repair})
    assert answer.status_code == 201, answer.text
    return f"/push/api/v1/reconciliations/{answer.json['id']}"


def reconcile(world: PushWorld, platform: str, *, repair: bool = True) -> dict[str, Any]:
    return ended(world, asked(world, platform, repair=repair))


def ended(world: PushWorld, where: str) -> dict[str, Any]:
    client = world.client("operator")
    world.until(lambda: client.get(where).json["state"] in ("done", "failed"), "the run to end")
    found: dict[str, Any] = client.get(where).json
    assert found["state"] == "done", found
    return found


def push(world: PushWorld, platform: str, count: int = 3) -> list[Any]:
    listings = [world.listing(region=REGIONS[platform]) for _ in range(count)]
    world.publish(*(listing.event("published") for listing in listings))
    for listing in listings:
        world.until(
            lambda one=listing: (platform, "list", "acknowledged") in world.states(one.id, platform), platform
        )
    return listings


@pytest.mark.parametrize("platform", list(REGIONS))
def test_nothing_differs(world: PushWorld, platform: str) -> None:
    listings = push(world, platform)
    run = reconcile(world, platform)
    before = run["ours"]
    assert before >= 3
    assert (run["theirs"], run["differences"], run["rows_exchanged"]) == (before, [], 0)
    world.publish(listings[0].event("revoked"))
    world.until(
        lambda: (platform, "withdraw", "acknowledged") in world.states(listings[0].id, platform), "withdrawn"
    )
    run = reconcile(world, platform)
    assert (run["ours"], run["theirs"], run["differences"]) == (before - 1, before - 1, [])


@pytest.mark.parametrize("platform", list(REGIONS))
def test_a_lost_record_is_found_and_pushed_again(world: PushWorld, platform: str) -> None:
    world.fault(platform, "lose_record", count=1)
    push(world, platform)
    run = reconcile(world, platform)
    assert [one["kind"] for one in run["differences"]] == ["missing"]
    repair = run["differences"][0]["repair_id"]
    client = world.client("operator")
    world.until(
        lambda: client.get(f"/push/api/v1/deliveries/{repair}").json["state"] == "acknowledged", "repaired"
    )
    run = reconcile(world, platform)
    assert (run["ours"] - run["theirs"], run["differences"]) == (0, [])


def edit_sandbox(world: PushWorld, statement: str, *values: Any) -> None:
    with sqlite3.connect(world.settings.sandbox_dir / "sandbox.db", timeout=5) as connection:
        connection.execute(statement, values)
    connection.close()


def test_altered_stale_and_extra_records(world: PushWorld) -> None:
    altered, stale, extra = push(world, "credit-quanzhou")
    edit_sandbox(world, "UPDATE records SET digest = 'x' WHERE listing_id = ?", altered.id)
    edit_sandbox(world, "UPDATE records SET version = 0 WHERE listing_id = ?", stale.id)
    world.publish(extra.event("revoked"))
    world.until(
        lambda: ("credit-quanzhou", "withdraw", "acknowledged") in world.states(extra.id), "withdrawn"
    )
    edit_sandbox(world, "UPDATE records SET status = 'listed' WHERE listing_id = ?", extra.id)
    run = reconcile(world, "credit-quanzhou")
    assert sorted(one["kind"] for one in run["differences"]) == ["altered", "extra", "stale"]
    client = world.client("operator")
    for one in run["differences"]:
        where = f"/push/api/v1/deliveries/{one['repair_id']}"
        world.until(lambda at=where: client.get(at).json["state"] == "acknowledged", "repaired")
    run = reconcile(world, "credit-quanzhou")
    assert (run["ours"] - run["theirs"], run["differences"]) == (0, [])


def test_differences_are_told(world: PushWorld) -> None:
    world.fault("credit-quanzhou", "lose_record", count=1)
    push(world, "credit-quanzhou", 1)
    reconcile(world, "credit-quanzhou", repair=False)
    world.run()
    reader = world.log.reader(["credit-push.deliveries.v1"], "test")
    types = [dict(record.headers)["ce_type"].decode() for record in reader.poll(500, timeout=1.0)]
    reader.close()
    assert "reconciliation.difference" in types


@pytest.mark.parametrize("platform", ["credit-liaoning", "trade-shijiazhuang", "credit-shijiazhuang"])
def test_what_was_not_taken_down_is_found_and_taken_down(world: PushWorld, platform: str) -> None:
    """Also where the platform stores no id of ours, and where it is changed by content alone."""
    (listing,) = push(world, platform, 1)
    world.fault(platform, "lose_record", count=1)
    world.publish(listing.event("revoked"))
    gone = (platform, "withdraw", "acknowledged")
    world.until(lambda: gone in world.states(listing.id, platform), "withdrawn, says the receipt")
    run = reconcile(world, platform)
    assert [one["kind"] for one in run["differences"]] == ["extra"]
    world.until(lambda: world.states(listing.id, platform).count(gone) == 2, "withdrawn again")
    assert {one["status"] for one in world.records(platform) if one["document_number"] == listing.number} == {
        "withdrawn"
    }
    assert reconcile(world, platform)["differences"] == []


@pytest.mark.parametrize("platform", ["credit-liaoning", "credit-shijiazhuang"])
def test_one_decision_on_two_sheets_is_two_records(world: PushWorld, platform: str) -> None:
    penalty = world.listing(region=REGIONS[platform], list_class="penalty-record")
    twin = world.listing(region=REGIONS[platform], subject=penalty.subject, number=penalty.number)
    world.publish(twin.event("published"))
    there = (platform, "list", "acknowledged")
    world.until(lambda: there in world.states(twin.id, platform), "the one is there")
    world.fault(platform, "lose_record", count=1)
    world.publish(penalty.event("published"))
    world.until(lambda: there in world.states(penalty.id, platform), "the other is there, says the receipt")
    (lost,) = reconcile(world, platform)["differences"]
    assert (lost["kind"], lost["listing_id"]) == ("missing", penalty.id)
    world.until(lambda: world.states(penalty.id, platform).count(there) == 2, "there indeed")
    world.fault(platform, "lose_record", count=1)
    world.publish(penalty.event("revoked"))
    gone = (platform, "withdraw", "acknowledged")
    world.until(lambda: gone in world.states(penalty.id, platform), "withdrawn, says the receipt")
    (left,) = reconcile(world, platform)["differences"]
    assert (left["kind"], left["listing_id"]) == ("extra", penalty.id)
    world.until(lambda: world.states(penalty.id, platform).count(gone) == 2, "withdrawn indeed")
    assert reconcile(world, platform)["differences"] == []
    shown = [one for one in world.records(platform) if one["document_number"] == penalty.number]
    assert sorted(one["status"] for one in shown) == ["listed", "withdrawn"]


class Owing:
    """A way to a platform that has not told its ledger yet."""

    def __init__(self, way: Transport) -> None:
        self._way = way

    def __getattr__(self, name: str) -> Any:
        return getattr(self._way, name)

    def ledger(self, run_id: str) -> None:
        assert run_id


def test_a_platform_that_owes_its_ledger_keeps_no_other_waiting(
    world: PushWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor does a leap of business time end the waiting."""
    owing, client = "credit-shijiazhuang", world.client("operator")
    with monkeypatch.context() as changed:
        changed.setitem(world.transports, owing, Owing(world.transports[owing]))
        late = asked(world, owing)
        assert reconcile(world, "credit-quanzhou")["state"] == "done"
        assert client.get(late).json["state"] == "running"
        before = world.deps.clock.now()
        http_json("POST", f"{world.sandbox}/clock", {"advance": "PT1H"})
        until(lambda: world.deps.clock.now() - before > timedelta(minutes=30), what="the clock has moved")
        reconcile(world, "trade-quanzhou")
        assert client.get(late).json["state"] == "running"
    assert ended(world, late)["differences"] == []
