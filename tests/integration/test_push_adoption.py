"""Migrated listings are matched with what platforms hold: exactly, or by people; nothing goes out twice."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select

from services.credit_push.models import Adoption
from tests.harness.platforms import Listing, PushWorld, Subject, push_world
from tests.integration.test_push_reconciliation import reconcile

TABLES, PACKETS, BY_ID = "credit-liaoning", "credit-shijiazhuang", "credit-quanzhou"
REGIONS = {TABLES: "210000", PACKETS: "130102", BY_ID: "350524"}
HTML = {"Accept": "text/html"}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PushWorld]:
    with push_world(tmp_path_factory.mktemp("adoption")) as made:
        yield made


@pytest.fixture(scope="module")
def people(world: PushWorld) -> dict[str, Any]:
    return {name: world.client("operator", name=name) for name in ("甲", "乙")}


def history(world: PushWorld, platform: str, **given: Any) -> Listing:
    """A listing that another system published; known here, pushed nowhere."""
    listing = world.listing(region=REGIONS[platform], migrated=True, **given)
    world.publish(listing.event("published"))
    world.run()
    assert world.deliveries(listing.id) == []
    return listing


def there_already(world: PushWorld, platform: str, listing: Listing, **given: Any) -> None:
    """The same record as another system left it at the platform."""
    same = {"region": REGIONS[platform], "number": listing.number, "subject": listing.subject}
    twin = world.listing(**same, **given)
    world.publish(twin.event("published"))
    world.until(lambda: (platform, "list", "acknowledged") in world.states(twin.id, platform), "there")
    forget(world, twin.id)


def forget(world: PushWorld, listing_id: str) -> None:
    """We never sent it: it was the other system."""
    with world.deps.db.write() as session:
        for table in ("push_holdings", "push_appearances", "push_listing_versions"):
            session.connection().exec_driver_sql(f"DELETE FROM {table} WHERE listing_id = ?", (listing_id,))
        session.connection().exec_driver_sql(
            "DELETE FROM push_attempts WHERE delivery_id IN"
            " (SELECT id FROM push_deliveries WHERE listing_id = ?)", (listing_id,),
        )  # fmt: skip
        for table, column in (("push_deliveries", "listing_id"), ("push_listings", "id")):
            session.connection().exec_driver_sql(f"DELETE FROM {table} WHERE {column} = ?", (listing_id,))


def item_of(world: PushWorld, listing: Listing, platform: str) -> Any:
    with world.deps.db.read() as session:
        wanted = select(Adoption).where(Adoption.listing_id == listing.id, Adoption.platform == platform)
        return session.scalars(wanted).one()


def answer(people: dict[str, Any], who: str, item: Any, **body: Any) -> Any:
    return people[who].post(f"/push/api/v1/adoptions/{item.id}/answer", json=body)


def told_of(people: dict[str, Any], listing: Listing, state: str = "") -> list[dict[str, Any]]:
    """The candidates as the API tells them."""
    items = people["甲"].get("/push/api/v1/adoptions", query_string={"state": state} if state else {}).json
    (found,) = [one for one in items["items"] if one["listing_id"] == listing.id]
    return list(found["candidates"])


@pytest.mark.parametrize("platform", [TABLES, PACKETS])
def test_an_exact_match_is_adopted_once_and_withdrawn_like_any_other(world: PushWorld, platform: str) -> None:
    listing = history(world, platform)
    there_already(world, platform, listing)
    run = reconcile(world, platform)
    assert (run["differences"], run["reason"]) == ([], "认领平台原有记录 1 条")
    assert (run["ours"], run["theirs"]) == (1, 1)
    item = item_of(world, listing, platform)
    assert (item.state, item.decided_by) == ("adopted", None)
    (held,) = world.deliveries(listing.id, platform)
    assert (held.id, held.state, held.attempts_count) == (item.delivery_id, "acknowledged", 0)
    assert all((held.layout, held.match_key, held.content_digest, held.result_reason))
    assert bool(held.sent_row) == (platform == TABLES), "kept where rows are changed by content"
    assert reconcile(world, platform)["reason"] is None, "once"
    world.publish(listing.event("corrected", migrated=False, replay=True))
    world.until(lambda: (platform, "correct", "acknowledged") in world.states(listing.id, platform), "mended")
    world.publish(listing.event("revoked"))
    world.until(lambda: (platform, "withdraw", "acknowledged") in world.states(listing.id, platform), "gone")
    assert [one for one in world.states(listing.id, platform) if one[1] == "list"] == [
        (platform, "list", "acknowledged")
    ], "never pushed as new"
    shown = [one for one in world.records(platform) if one["document_number"] == listing.number]
    assert {one["status"] for one in shown} <= {"withdrawn"}
    run = reconcile(world, platform)
    assert (run["theirs"], run["differences"]) == (0, [])


@pytest.mark.parametrize("platform", [TABLES, PACKETS])
def test_what_the_platform_lacks_is_pushed_when_two_people_agree(
    world: PushWorld, people: dict[str, Any], platform: str
) -> None:
    listing, other = history(world, platform), history(world, platform)
    run = reconcile(world, platform)
    assert run["differences"] == []
    item = item_of(world, listing, platform)
    assert (item.state, item.offered) == ("unmatched", 0)
    assert answer(people, "甲", item, action="choose", reason="x").status_code == 422
    assert answer(people, "甲", item, action="push").status_code == 422, "a reason is needed"
    assert answer(people, "甲", item, action="push", reason="平台未收到").json["state"] == "proposed"
    assert answer(people, "甲", item, action="confirm").json["slug"] == "second-person"
    reconcile(world, platform)
    assert item_of(world, listing, platform).state == "proposed", "a comparison changes no proposal"
    assert answer(people, "乙", item, action="confirm").json["state"] == "pushed"
    world.until(lambda: (platform, "list", "acknowledged") in world.states(listing.id, platform), "pushed")
    assert answer(people, "乙", item, action="confirm").json["slug"] == "adoption-settled"
    left = item_of(world, other, platform)
    page = people["甲"].get("/push/adoptions", headers=HTML).text
    assert other.number in page
    form = f"/push/adoptions/{left.id}/answer"
    assert people["甲"].post(form, data={"action": "leave", "reason": ""}).status_code == 422
    assert people["甲"].post(form, data={"action": "leave", "reason": "该平台不收"}).status_code == 303
    reconcile(world, platform)
    assert item_of(world, other, platform).state == "left"
    assert world.deliveries(other.id, platform) == []
    world.publish(listing.event("revoked"))
    world.until(lambda: (platform, "withdraw", "acknowledged") in world.states(listing.id, platform), "gone")


def test_of_several_a_person_chooses_and_the_chosen_one_is_withdrawn(
    world: PushWorld, people: dict[str, Any]
) -> None:
    """Two rows of one party, number and list; only one of them is the listing."""
    listing = history(world, TABLES)
    there_already(world, TABLES, listing, facts="串通投标")
    there_already(world, TABLES, listing)
    run = reconcile(world, TABLES)
    assert [one["kind"] for one in run["differences"]] == ["extra", "extra"]
    item = item_of(world, listing, TABLES)
    assert (item.state, item.offered) == ("ambiguous", 2)
    told = told_of(people, listing)
    assert [one["uscc"] for one in told] == [listing.subject.code] * 2
    assert "串通投标" in [field["value"] for one in told for field in one["differs"]]
    form, page = f"/push/adoptions/{item.id}/answer", people["甲"].get("/push/adoptions", headers=HTML).text
    assert ("串通投标" in page, f"choose:{told[0]['key']}" in page) == (True, True)
    for wrong in ("", "²", "0", "f" * 32):
        body = {"action": f"choose:{wrong}", "reason": "x"}
        assert people["甲"].post(form, data=body).status_code == 422, "no place in a list, no default"
        body = {"action": "choose", "reason": "x", "candidate": wrong}
        assert answer(people, "甲", item, **body).status_code == 422
    chosen = {"action": "choose", "candidate": told[0]["key"], "reason": "与原系统核对"}
    done = answer(people, "甲", item, **chosen)
    assert (done.json["state"], done.json["proposed_by"], done.json["delivery_id"]) == ("chosen", "甲", None)
    assert answer(people, "甲", item, action="confirm").json["slug"] == "second-person"
    assert answer(people, "乙", item, action="leave", reason="x").json["slug"] == "decision-open"
    reconcile(world, TABLES)
    assert [one["chosen"] for one in told_of(people, listing)] == [True, False]
    twin = history(world, TABLES, number=listing.number, subject=listing.subject)
    reconcile(world, TABLES)
    other = item_of(world, twin, TABLES)
    assert answer(people, "乙", other, **chosen).json["slug"] == "record-taken"
    done = answer(people, "乙", item, action="confirm")
    assert (done.json["state"], done.json["decided_by"]) == ("adopted", "乙")
    assert answer(people, "甲", other, action="leave", reason="重复迁入").json["state"] == "left"
    world.publish(listing.event("revoked"))
    world.until(lambda: (TABLES, "withdraw", "acknowledged") in world.states(listing.id, TABLES), "gone")
    assert reconcile(world, TABLES)["theirs"] == 1


def test_a_twin_of_what_was_adopted_is_told_in_the_same_run(world: PushWorld) -> None:
    """Another party of the same name in the same decision is no part of what is accounted for."""
    listing = history(world, PACKETS)
    there_already(world, PACKETS, listing)
    twin = world.listing(region=REGIONS[PACKETS], number=listing.number)
    world.publish(twin.event("published"))
    world.until(lambda: (PACKETS, "list", "acknowledged") in world.states(twin.id, PACKETS), "there")
    forget(world, twin.id)
    run = reconcile(world, PACKETS)
    assert run["reason"] == "认领平台原有记录 1 条"
    (left,) = run["differences"]
    assert (left["kind"], "重复记录" in left["detail"]) == ("extra", True)
    assert [one["kind"] for one in reconcile(world, PACKETS)["differences"]] == ["extra"]


def test_a_record_under_the_platforms_own_id_cannot_be_adopted(
    world: PushWorld, people: dict[str, Any]
) -> None:
    """A correction or withdrawal of ours would not find it there."""
    listing = history(world, BY_ID)
    there_already(world, BY_ID, listing)
    reconcile(world, BY_ID)
    item = item_of(world, listing, BY_ID)
    assert (item.state, item.offered) == ("ambiguous", 1)
    (one,) = told_of(people, listing)
    refused = answer(people, "甲", item, action="choose", candidate=one["key"], reason="同一条")
    assert refused.json["slug"] == "not-adoptable"
    assert item_of(world, listing, BY_ID).state == "ambiguous"
    assert world.deliveries(listing.id, BY_ID) == []


def test_a_person_is_never_matched_without_a_look_and_no_number_is_told(
    world: PushWorld, people: dict[str, Any]
) -> None:
    listing = history(world, TABLES, subject=Subject("示例某", person=True))
    there_already(world, TABLES, listing)
    reconcile(world, TABLES)
    item = item_of(world, listing, TABLES)
    assert (item.state, item.offered) == ("ambiguous", 1)
    answered = (
        people["甲"].get("/push/api/v1/adoptions").text
        + people["甲"].get("/push/adoptions", headers=HTML).text
    )
    assert listing.subject.code not in answered + json.dumps(item.candidates)
    stranger = world.client("supervisor", region="350524")
    body = {"action": "leave", "reason": "x"}
    assert stranger.post(f"/push/api/v1/adoptions/{item.id}/answer", json=body).status_code == 404
    assert answer(people, "甲", item, action="choose", reason="x").status_code == 422, "nothing is preset"
    (one,) = told_of(people, listing)
    chosen = {"action": "choose", "candidate": one["key"], "reason": "身份一致"}
    assert answer(people, "甲", item, **chosen).json["state"] == "adopted"


def test_what_a_person_answered_no_comparison_changes(world: PushWorld, people: dict[str, Any]) -> None:
    listing = history(world, TABLES)
    reconcile(world, TABLES)
    item = item_of(world, listing, TABLES)
    assert answer(people, "甲", item, action="leave", reason="该平台不收").json["state"] == "left"
    there_already(world, TABLES, listing)
    reconcile(world, TABLES)
    item = item_of(world, listing, TABLES)
    assert (item.state, item.decided_by, item.delivery_id) == ("left", "甲", None)
