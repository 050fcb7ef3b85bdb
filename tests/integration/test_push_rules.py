"""The promises of the push: order, supersession, refusals as work, unknown outcomes, death and recovery."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from services.credit_push import models, queries
from services.credit_push.transports.base import FILED, REFUSED, Receipt
from services.credit_push.usecases.deciding import DISCARD, decide, propose
from services.credit_push.usecases.operating import (
    Wanted,
    count_matching,
    pause,
    replay,
    replay_matching,
    resume,
)
from services.credit_push.usecases.receiving import receive_receipts
from shared.errors import Conflict
from shared.loops import drain
from tests.harness.platforms import Listing, PushWorld, Subject, http_json, push_world
from tests.harness.wait import until


@pytest.fixture(scope="module")
def shared_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PushWorld]:
    with push_world(tmp_path_factory.mktemp("push"), api=False) as made:
        yield made


@pytest.fixture
def world(shared_world: PushWorld) -> Iterator[PushWorld]:
    yield shared_world
    shared_world.clear_faults()


JSON, XML = "credit-quanzhou", "trade-quanzhou"


def requests_of(world: PushWorld, platform: str, listing: Listing) -> list[dict[str, str]]:
    found = http_json("GET", f"{world.sandbox}/requests?platform={platform}")["requests"]
    return [one for one in found if listing.id in one["body"]]


def records_of(world: PushWorld, platform: str, listing: Listing) -> list[dict[str, Any]]:
    return [one for one in world.records(platform) if one["document_number"] == listing.number]


def acknowledged(world: PushWorld, listing_id: str, operation: str, platform: str = JSON) -> bool:
    return (platform, operation, "acknowledged") in world.states(listing_id, platform)


def event_types(world: PushWorld, listing_id: str) -> list[str]:
    reader = world.log.reader(["credit-push.deliveries.v1"], "test")
    records = [record for record in reader.poll(500, timeout=1.0) if record.key == listing_id]
    reader.close()
    return [dict(record.headers)["ce_type"].decode() for record in records]


def test_a_version_never_sent_is_superseded_and_needs_no_withdrawal(world: PushWorld) -> None:
    listing = world.listing()
    world.publish(*(listing.event(kind) for kind in ("published", "corrected", "revoked")))
    world.run()
    assert {state for *_, state in world.states(listing.id)} == {"superseded"}
    assert requests_of(world, JSON, listing) == requests_of(world, XML, listing) == []


@pytest.mark.parametrize("platform", ["trade-shijiazhuang", "credit-shijiazhuang"])
def test_restored_before_its_withdrawal_went_out_it_is_corrected(world: PushWorld, platform: str) -> None:
    """Also at a platform that is changed by content, where the row to be changed must be named."""
    listing = world.listing(region="130102")
    world.publish(listing.event("published"))
    world.until(lambda: acknowledged(world, listing.id, "list", platform), "listed")
    world.publish(*(listing.event(kind) for kind in ("corrected", "revoked", "restored")))
    world.until(lambda: acknowledged(world, listing.id, "correct", platform), "corrected")


def test_a_correction_before_the_first_sending_goes_as_a_listing(world: PushWorld) -> None:
    listing = world.listing()
    world.publish(listing.event("published"), listing.event("corrected"))
    world.until(lambda: acknowledged(world, listing.id, "list"), "listed")
    assert world.states(listing.id, JSON) == [(JSON, "list", "superseded"), (JSON, "list", "acknowledged")]
    assert [record["version"] for record in records_of(world, JSON, listing)] == [2]


def test_a_record_the_platform_would_refuse_stops_here_with_its_field(world: PushWorld) -> None:
    listing = world.listing()
    listing.facts = ""
    world.publish(listing.event("published"))
    world.run()
    (row,) = world.deliveries(listing.id, JSON)
    assert (row.state, row.result_field, row.result_code) == ("rejected", "facts", "REQUIRED")
    assert requests_of(world, JSON, listing) == []
    assert "delivery.rejected" in event_types(world, listing.id)

    listing.facts = "提供虚假业绩材料骗取中标"
    world.publish(listing.event("corrected"))
    world.until(lambda: acknowledged(world, listing.id, "list"), "the corrected version")
    world.publish(listing.event("revoked"))
    world.until(lambda: acknowledged(world, listing.id, "withdraw"), "withdrawn")


def test_what_was_refused_and_need_not_be_corrected_any_more_is_said(world: PushWorld) -> None:
    ended, given_up = world.listing(), world.listing()
    for listing in (ended, given_up):
        listing.facts = ""
        world.publish(listing.event("published"))
        world.until(lambda one=listing: (JSON, "list", "rejected") in world.states(one.id), "refused")
    world.publish(ended.event("revoked"))
    world.until(
        lambda: (JSON, "withdraw", "superseded") in world.states(ended.id, JSON), "nothing to withdraw"
    )
    (row,) = world.deliveries(given_up.id, JSON)
    with world.deps.db.write() as session:
        made = propose(session, world.deps, row.id, DISCARD, "平台停用", "甲")
        decide(session, world.deps, made.id, "乙", agree=True)
    world.run()
    reader = world.log.reader(["credit-push.deliveries.v1"], "dropped")
    told = {
        one.key
        for one in reader.poll(500, timeout=1.0)
        if (b"delivery.dropped" in dict(one.headers).values())
    }
    reader.close()
    assert told >= {ended.id, given_up.id}


def test_what_a_later_version_waits_behind_is_not_pushed_again(world: PushWorld) -> None:
    """By filter and window, and one by one: an old version neither overtakes nor comes back."""
    old = world.listing()
    old.facts = ""
    world.publish(old.event("published"))
    world.until(lambda: (JSON, "list", "rejected") in world.states(old.id, JSON), "refused")
    with world.deps.db.write() as session:
        pause(session, world.deps, JSON, "甲", "核对")
    old.facts = "提供虚假业绩材料骗取中标"
    world.publish(old.event("corrected"))
    world.until(lambda: len(world.states(old.id, JSON)) == 2, "the later version waits")
    refused, _waiting = world.deliveries(old.id, JSON)
    with world.deps.db.write() as session:
        at = refused.settled_at
        wanted = Wanted(JSON, since=at, until=at + timedelta(microseconds=1))
        assert count_matching(session, wanted) == 1
        assert replay_matching(session, world.deps, "甲", wanted) == 0
    with pytest.raises(Conflict, match="更新的版本"), world.deps.db.write() as session:
        replay(session, world.deps, refused.id, "甲")
    with world.deps.db.write() as session:
        resume(session, world.deps, JSON)
    world.until(lambda: acknowledged(world, old.id, "list"), "the later version")
    assert [state for *_, state in world.states(old.id, JSON)] == ["rejected", "acknowledged"]


def test_a_refused_version_is_followed_by_the_corrected_one(world: PushWorld) -> None:
    world.fault(JSON, "reject", count=1)
    listing = world.listing()
    world.publish(listing.event("published"))
    world.until(lambda: (JSON, "list", "rejected") in world.states(listing.id), "rejected")
    world.publish(listing.event("corrected"))
    world.until(lambda: acknowledged(world, listing.id, "list"), "the corrected version, as a listing")
    assert [record["version"] for record in records_of(world, JSON, listing)] == [2]


@pytest.mark.parametrize("platform", [JSON, XML])
@pytest.mark.parametrize("kind", ["garbage", "error500", "drop_receipt", "timeout"])
def test_an_unknown_outcome_is_asked_about_and_has_one_effect(
    world: PushWorld, kind: str, platform: str
) -> None:
    world.fault(platform, kind, count=1)
    listing = world.listing()
    world.publish(listing.event("published"))
    world.until(lambda: acknowledged(world, listing.id, "list", platform), f"after {kind}")
    (row,) = world.deliveries(listing.id, platform)
    assert row.attempts_count >= 2
    with world.deps.db.read() as session:
        outcomes = [one.outcome for one in queries.attempts(session, [row.id])[row.id]]
    assert outcomes[0] == "unknown"
    assert len(records_of(world, platform, listing)) == 1


def test_a_possibly_sent_version_always_gets_its_withdrawal(world: PushWorld) -> None:
    world.fault(JSON, "garbage", count=3)
    listing = world.listing()
    world.publish(listing.event("published"))
    world.run()
    world.publish(listing.event("revoked"))
    world.until(lambda: acknowledged(world, listing.id, "withdraw"), "withdrawn")
    assert [record["status"] for record in records_of(world, JSON, listing)] == ["withdrawn"]


def test_dead_after_the_schedule_then_recovered_by_an_operator(world: PushWorld) -> None:
    world.fault(JSON, "error500")
    listing = world.listing()
    world.publish(listing.event("published"))
    world.until(lambda: (JSON, "list", "dead") in world.states(listing.id), "dead")
    world.clear_faults()
    (row,) = world.deliveries(listing.id, JSON)
    answer = world.client("operator").post(f"/push/api/v1/deliveries/{row.id}/replay")
    assert answer.status_code == 200
    world.until(lambda: acknowledged(world, listing.id, "list"), "recovered")
    types = event_types(world, listing.id)
    assert types.index("delivery.dead") < types.index("delivery.recovered")
    assert world.client("operator").post(f"/push/api/v1/deliveries/{row.id}/replay").status_code == 409


def test_a_dead_version_may_not_come_back_over_a_newer_one(world: PushWorld) -> None:
    world.fault(JSON, "error500")
    listing = world.listing()
    world.publish(listing.event("published"))
    world.until(lambda: (JSON, "list", "dead") in world.states(listing.id), "dead")
    world.clear_faults()
    world.publish(listing.event("corrected"))
    world.until(lambda: world.deliveries(listing.id, JSON)[-1].state == "acknowledged", "the newer version")
    dead = world.deliveries(listing.id, JSON)[0]
    assert world.client("operator").post(f"/push/api/v1/deliveries/{dead.id}/replay").status_code == 409


def test_history_published_elsewhere_is_not_pushed_but_is_withdrawn(world: PushWorld) -> None:
    listing = world.listing(migrated=True)
    world.publish(listing.event("published"), listing.event("corrected"))
    world.run()
    assert world.states(listing.id) == []
    world.publish(listing.event("revoked"))
    world.until(lambda: acknowledged(world, listing.id, "withdraw"), "told")
    (row,) = world.deliveries(listing.id, JSON)
    assert row.result_code == "NOT_FOUND"


def test_history_pushed_on_request_is_followed(world: PushWorld) -> None:
    listing = world.listing(migrated=True, replay=True)
    world.publish(listing.event("published"))
    world.until(lambda: acknowledged(world, listing.id, "list"), "pushed")
    listing.replay = False
    world.publish(listing.event("corrected"))
    world.until(lambda: acknowledged(world, listing.id, "correct"), "corrected")
    world.publish(listing.event("revoked"))
    world.until(lambda: acknowledged(world, listing.id, "withdraw"), "withdrawn")
    assert [record["status"] for record in records_of(world, JSON, listing)] == ["withdrawn"]


def test_an_event_seen_twice_has_one_effect(world: PushWorld) -> None:
    listing = world.listing()
    event = listing.event("published")
    world.publish(event, event)
    world.until(lambda: acknowledged(world, listing.id, "list"), "listed")
    assert len(world.deliveries(listing.id, JSON)) == 1


def test_shield_and_unshield(world: PushWorld) -> None:
    listing = world.listing()
    for kind, operation in (("published", "list"), ("shielded", "withdraw"), ("unshielded", "list")):
        world.publish(listing.event(kind))
        count = listing.sequence
        world.until(
            lambda n=count, o=operation: (
                [s for s in world.states(listing.id, JSON) if s[2] == "acknowledged"][n - 1 :]
                == [(JSON, o, "acknowledged")]
            ),
            kind,
        )
    assert [(r["status"], r["version"]) for r in records_of(world, JSON, listing)] == [("listed", 3)]


def test_a_slow_platform_delays_no_other(world: PushWorld) -> None:
    world.fault(XML, "timeout")
    listing = world.listing()
    world.publish(listing.event("published"))
    drain([loop for loop in world.loops if loop.name.startswith("credit-push")])
    sender = next(loop for loop in world.loops if loop.name == "sender")

    def one_done_one_hanging() -> bool:
        sender.step()
        (slow,) = world.deliveries(listing.id, XML)
        assert slow.failures == 0, "still at its first attempt"
        return slow.state == "sending" and acknowledged(world, listing.id, "list", JSON)

    until(one_done_one_hanging, 30, "the other is done while one hangs")


def test_persons_are_sent_with_their_number_which_is_nowhere_else(world: PushWorld) -> None:
    listing = world.listing(subject=Subject("欧阳示例", person=True))
    world.publish(listing.event("published"))
    world.until(lambda: acknowledged(world, listing.id, "list"), "listed")
    assert listing.subject.code in records_of(world, JSON, listing)[0]["raw"]
    needle = listing.subject.code.encode()
    files = [
        path
        for path in world.settings.common.data_dir.rglob("*")
        if path.is_file() and "sandbox" not in path.parts
    ]
    assert files
    assert not [path for path in files if needle in path.read_bytes()]
    assert {row.subject_name for row in world.deliveries(listing.id)} == {"欧阳**"}


def test_receipts_only_move_forward(world: PushWorld) -> None:
    listing = world.listing(region="130102")
    world.publish(listing.event("published"))
    world.until(
        lambda: (
            ("tender-shijiazhuang", "list", "accepted") in world.states(listing.id)
            or acknowledged(world, listing.id, "list", "tender-shijiazhuang")
        ),
        "accepted",
    )
    profile = world.deps.catalogue["tender-shijiazhuang"]
    (row,) = world.deliveries(listing.id, "tender-shijiazhuang")

    def receive(*receipts: Receipt) -> int:
        with world.deps.db.write() as session:
            return receive_receipts(session, world.deps, profile, receipts)

    with world.deps.db.read() as session:
        before = session.query(models.StrayReceipt).count()
    good = Receipt(row.idempotency_key, FILED, receipt_number="R1")
    receive(good, good)
    assert receive(good) == 0
    assert receive(Receipt(row.idempotency_key, REFUSED, code="CODE")) == 0
    assert receive(Receipt("tender-shijiazhuang:unknown:1:list", FILED)) == 0
    assert acknowledged(world, listing.id, "list", "tender-shijiazhuang")
    with world.deps.db.read() as session:
        assert session.query(models.StrayReceipt).count() - before == 2


def test_a_receipt_may_come_before_the_answer(world: PushWorld) -> None:
    listing = world.listing()
    world.publish(listing.event("published"))
    drain([loop for loop in world.loops if loop.name.startswith("credit-push")])
    profile = world.deps.catalogue[JSON]
    from services.credit_push.usecases.claiming import claim

    now = world.deps.clock.system_now()
    with world.deps.db.write() as session:
        (claimed,) = claim(session, profile, "another", now, now, world.deps.recent)
    with world.deps.db.write() as session:
        assert (
            receive_receipts(session, world.deps, profile, [Receipt(claimed.row.idempotency_key, FILED)]) == 1
        )
    world.run()
    (row,) = world.deliveries(listing.id, JSON)
    assert row.state == "acknowledged"
    assert row.content_digest
