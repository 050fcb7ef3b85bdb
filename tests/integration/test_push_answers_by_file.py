"""What became of requests goes back in packets and through tables as it does over HTTP."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from services.credit_push.app import posts_of
from services.credit_push.catalogue import Door, Profile
from services.credit_push.models import RequestAnswer
from services.credit_push.usecases.answering import Answerer
from shared.contracts.request_outcomes import OUTCOMES
from shared.ids import new_id
from tests.harness.platforms import PushWorld, http_json, push_world, quick
from tests.harness.wait import until
from tests.integration.test_push_answers import HTML, NATION, DyingPost, Killed, outcome, plan, rows

WAYS = {"credit-shijiazhuang": "130102", "credit-liaoning": "210000"}
"""A platform that takes packets and one with an exchange database, and where listings for it are of."""


def opened(profile: Profile) -> Profile:
    """The same with a door for requests, told of them the way records go to it."""
    made = quick(profile)
    if profile.id not in WAYS:
        return made
    answers = replace(made.answers, by=made.transport.kind, table="jh_outcome", outcomes=OUTCOMES)
    door = Door(key=f"sandbox:{profile.id}", requests=True)
    pauses = (0.05, 0.2, 0.5, *[1.0] * 60)
    return replace(made, door=door, answers=answers, retry_seconds=pauses)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PushWorld]:
    with push_world(tmp_path_factory.mktemp("by-file"), tune=opened) as made:
        yield made


def known(world: PushWorld, platform: str, ticket: str) -> list[str]:
    found = http_json("GET", f"{world.sandbox}/answers?platform={platform}")["answers"]
    return [one["outcome"] for one in found if one["ticket"] == ticket]


def filed(world: PushWorld, platform: str) -> tuple[str, str]:
    """A listing the platform has, and the ticket of an objection to it, brought to our door."""
    listing = world.listing(region=WAYS[platform])
    world.publish(listing.event("published", case_id=new_id()))
    world.until(lambda: (platform, "list", "acknowledged") in world.states(listing.id, platform), "listed")
    told = {"platform": platform, "kind": "objection", "listing_id": listing.id, "ticket": f"T-{new_id()}"}
    http_json("POST", f"{world.sandbox}/filings", told | {"evidence": "附判决书"})
    return listing.id, told["ticket"]


def steps(platform: str, ticket: str, listing_id: str, *said: str) -> list[Any]:
    """Outcomes of one ticket, one after the other."""
    made = [outcome(ticket, listing_id, one, sequence=number) for number, one in enumerate(said, 1)]
    same = {"platform": platform, "case_id": made[0].subject}
    return [replace(one, subject=made[0].subject, data=one.data | same) for one in made]


@pytest.mark.parametrize("platform", WAYS)
def test_two_outcomes_arrive_in_order_and_the_page_shows_the_bytes(world: PushWorld, platform: str) -> None:
    listing_id, ticket = filed(world, platform)
    plan(world, *steps(platform, ticket, listing_id, "accepted", "rejected"))
    early, _late = rows(world, ticket)
    client = world.client("operator")
    shown = client.get(f"/push/answers/{early.id}/dry-run", headers=HTML).text
    assert "并未发送" in shown
    api = client.get(f"/push/api/v1/answers/{early.id}/dry-run").json
    for file in api["files"]:
        path = f"answers/{early.id}/dry-run/files/{file['name']}"
        size = len(client.get(f"/push/api/v1/{path}").data)
        assert abs(size - file["size"]) < 64, "made anew; the time in it packs a little differently"
        assert client.get(f"/push/{path}").status_code == 200
    assert bool(api["files"]) is (platform == "credit-shijiazhuang")
    assert ticket in api["text"]
    assert client.get(f"/push/api/v1/answers/{new_id()}/dry-run").status_code == 404
    world.until(lambda: {row.state for row in rows(world, ticket)} == {"answered"}, "told")
    assert known(world, platform, ticket) == ["受理", "异议不成立"]
    assert all(row.receipt_number for row in rows(world, ticket))
    assert client.get("/push/api/v1/refused-receipts").json["items"] == [], "no receipts"
    page = client.get(f"/push/answers?ticket={ticket}", headers=HTML).text
    assert "已回传" in page
    assert f"/push/answers/{early.id}/dry-run" in page


@pytest.mark.parametrize("platform", WAYS)
def test_a_kill_after_it_was_laid_down_tells_it_once(world: PushWorld, platform: str) -> None:
    listing_id, ticket = filed(world, platform)
    for loop in world.loops:  # another worker holds the lease
        if loop.name == "answerer":
            loop.close()  # type: ignore[attr-defined]
    plan(world, *steps(platform, ticket, listing_id, "refused"))
    posts = posts_of(world.settings, world.deps)
    dying = Answerer(world.deps, {platform: DyingPost(posts[platform])}, "dying")
    with pytest.raises(Killed):
        dying.step()
    assert rows(world, ticket)[0].state == "waiting"
    dying.close()  # its lease has lapsed
    after = Answerer(world.deps, posts, "after")
    until(lambda: after.step() and rows(world, ticket)[0].state == "answered", 20, "told again")
    assert (known(world, platform, ticket), rows(world, ticket)[0].attempts > 1) == (["不予受理"], True)
    after.close()


@pytest.mark.parametrize("platform", WAYS)
def test_what_is_refused_is_seen_and_can_be_told_again(world: PushWorld, platform: str) -> None:
    ticket, client, listing_id = f"T-{new_id()}", world.client("operator"), new_id()
    plan(world, *steps(platform, ticket, listing_id, "accepted"))
    world.until(lambda: rows(world, ticket)[0].state == "dead", "refused")
    (row,) = rows(world, ticket)
    assert "没有此受理号" in (row.problem or "")
    given = {"platform": platform, "kind": "objection", "listing_id": listing_id, "ticket": ticket}
    with pytest.raises(OSError, match="40"):  # our door knows no such listing; the ticket is given out
        http_json("POST", f"{world.sandbox}/filings", given | {"evidence": "附判决书"})
    assert client.post(f"/push/api/v1/answers/{row.id}/again").json["state"] == "waiting"
    world.until(lambda: rows(world, ticket)[0].state == "answered", "taken at last")
    assert known(world, platform, ticket) == ["受理"]


def test_a_refusal_at_the_last_attempt_is_no_silence(world: PushWorld) -> None:
    """The same key would find the refusal again, in a table for ever."""
    ticket, client = f"T-{new_id()}", world.client("operator")
    plan(world, outcome(ticket, new_id()))
    with world.deps.db.write() as session:
        row = session.get_one(RequestAnswer, rows(world, ticket)[0].id)
        row.attempts = len(world.deps.catalogue[NATION].retry_seconds)
    world.until(lambda: rows(world, ticket)[0].state == "dead", "refused")
    assert client.post(f"/push/api/v1/answers/{row.id}/again").status_code == 200
    assert rows(world, ticket)[0].key == f"{row.id}:r1"
