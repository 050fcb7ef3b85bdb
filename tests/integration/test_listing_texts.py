"""Texts about listings for 微博 and others: by template, approved by another, gone with the listing."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from services.blacklist.openness.usecases.listing_texts import follow_listings
from services.blacklist.register.domain import Publicity
from services.blacklist.register.usecases import (
    Publication,
    annotate_listing,
    correct_listing,
    hide_listing,
    publish_listing,
    remove_listing,
    show_listing,
)
from shared.ids import new_id
from tests.integration.openness_world import World
from tests.integration.register_world import PUBLICITY, TERMS, organisation, person

SITE = "https://credit.invalid"


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


def case_of(world, case):
    return replace(case, department_id=world.people["clerk"].department_id)


def publish(world, case, publicity=PUBLICITY):
    listing_id = new_id()
    with world.db.write() as session:
        made = Publication(listing_id, case_of(world, case), TERMS, publicity)
        publish_listing(session, world.deps.keyring, made, at=world.clock.now())
    return listing_id


def change(world, how, listing_id, **given):
    with world.db.write() as session:
        how(session, world.deps.keyring, listing_id, at=world.clock.now(), **given)


def follow(world):
    with world.db.write() as session:
        return follow_listings(session, SITE, world.clock.now())


def texts(world, who="clerk", **query):
    asked = "&".join(f"{name}={value}" for name, value in query.items())
    return world.call(who, "GET", f"/listing-texts?{asked}")["items"]


def act(world, who, row, action, status=200, **given):
    return world.call(who, "POST", f"/listing-texts/{row['id']}/actions", status, {"action": action, **given})


def send(world, row, status=200):
    act(world, "decider", row, "approve")
    world.clock.set(world.clock.now() + timedelta(hours=1))
    moment = world.clock.now().isoformat()
    return act(world, "clerk", row, "sent", status, sent_at=moment, sent_to="https://weibo.invalid/1")


def choose(world, *channels):
    world.call("clerk", "PUT", "/listing-outlets", 403, {"channels": ["weibo"]})
    world.call("decider", "PUT", "/listing-outlets", 200, {"channels": list(channels)})


def test_a_change_is_drafted_by_template_for_the_outlets_chosen_and_of_organisations_alone(world):
    earlier = publish(world, organisation("河北早先示例工程有限公司", 1))
    world.clock.set(world.clock.now() + timedelta(minutes=1))
    choose(world, "weibo", "wechat")
    listing = publish(world, organisation("河北示例工程有限公司", 2))
    publish(world, person(world.deps.keyring))
    follow(world)
    assert follow(world) == 0
    found = texts(world)
    assert {(row["listing_id"], row["channel"], row["kind"]) for row in found} == {
        (listing, "weibo", "published"), (listing, "wechat", "published"),
    }  # fmt: skip
    weibo = next(row for row in found if row["channel"] == "weibo")
    assert len(weibo["text"]) <= 140
    assert "河北示例工程有限公司" in weibo["text"]
    assert weibo["text"].endswith(f"{SITE}/listings/{listing}")
    assert texts(world, "foreign") == []
    change(world, annotate_listing, listing, annotation="异议处理中")
    assert follow(world) == 0, "a note is no news"
    assert earlier not in {row["listing_id"] for row in texts(world)}


def test_someone_else_approves_and_no_natural_person_is_named(world):
    case = organisation("河北示例工程有限公司", 2)
    listing = publish(world, replace(case, subject=replace(case.subject, legal_representative="欧阳示例")))
    body = {"listing_id": listing, "channel": "weibo"}
    assert world.call("foreign", "POST", "/listing-texts", 404, body)["slug"] == "listing-not-found"
    world.call("clerk", "POST", "/listing-texts", 422, {**body, "text": "负责人欧阳示例被列入名单"})
    hidden = publish(world, person(world.deps.keyring, "司马示例"))
    refused = world.call("clerk", "POST", "/listing-texts", 409, {**body, "listing_id": hidden})
    assert refused["slug"] == "listing-text-organisations"
    made = world.call("clerk", "POST", "/listing-texts", 201, body)
    assert act(world, "clerk", made, "approve", 403)["slug"] == "forbidden"
    world.people["both"] = replace(world.people["clerk"], roles=frozenset({"clerk", "decider"}))
    assert act(world, "both", made, "approve", 403)["slug"] == "listing-text-four-eyes"
    assert act(world, "decider", made, "approve")["state"] == "approved"
    assert act(world, "decider", made, "approve", 409)["slug"] == "listing-text-wrong-state"


def test_a_draft_whose_listing_is_gone_is_not_approved_and_shows_no_words(world):
    choose(world, "weibo")
    listing = publish(world, organisation("河北示例工程有限公司", 2))
    follow(world)
    [draft] = texts(world)
    change(world, hide_listing, listing, code="suspended", reason="有误")
    assert texts(world)[0]["text"] == "", "at once, before anything has run"
    assert act(world, "decider", draft, "approve", 409)["slug"] == "listing-text-gone"
    follow(world)
    assert [row["state"] for row in texts(world)] == ["gone"]
    assert "示例工程" not in world.call("clerk", "GET", "/listing-texts")["items"][0]["text"]
    change(world, show_listing, listing, code="suspended", reason=None)
    follow(world)
    assert [(row["kind"], row["state"]) for row in texts(world)] == [
        ("published", "draft"), ("published", "gone"),
    ]  # fmt: skip


def test_what_went_out_is_corrected_and_ended_there_too(world):
    choose(world, "weibo")
    case = organisation("河北示例工程有限公司", 2)
    listing = publish(world, case)
    follow(world)
    assert send(world, texts(world)[0])["state"] == "sent"
    corrected = {"case": case_of(world, case), "terms": TERMS, "publicity": PUBLICITY, "reason": "文号有误"}
    change(world, correct_listing, listing, **corrected)
    follow(world)
    told = texts(world, state="draft")
    assert [row["kind"] for row in told] == ["corrected"]
    assert "更正" in told[0]["text"]
    approved = act(world, "decider", told[0], "approve")
    change(world, remove_listing, listing, reason_code="repair", reason="信用修复")
    follow(world)
    end = next(row for row in texts(world) if row["kind"] == "lifted")
    assert end["text"].startswith("【终止公示】2026年")
    assert "https://weibo.invalid/1" in end["text"]
    assert "河北示例" not in end["text"]
    assert next(row for row in texts(world) if row["id"] == approved["id"])["state"] == "gone"
    assert send(world, end)["state"] == "sent"
    follow(world)
    assert {(row["kind"], row["state"], row["text"] != "") for row in texts(world)} == {
        ("lifted", "sent", True), ("corrected", "gone", False), ("published", "withdrawn", False),
    }  # fmt: skip
    assert follow(world) == 0


def test_a_listing_that_ends_by_its_date_is_told_as_well_and_what_left_before_can_still_be_noted(world):
    choose(world, "weibo")
    short = Publicity(start=date(2026, 11, 2), max_end=date(2026, 11, 4), min_end=None)
    publish(world, organisation("河北示例工程有限公司", 2), short)
    follow(world)
    draft = texts(world)[0]
    act(world, "decider", draft, "approve")
    left = world.clock.now() + timedelta(hours=1)
    world.clock.set(world.clock.now() + timedelta(days=3))
    follow(world)
    [gone] = texts(world)
    assert (gone["state"], gone["text"], gone["can_register"]) == ("gone", "", True)
    act(world, "clerk", gone, "sent", sent_at=left.isoformat(), sent_to="https://weibo.invalid/2")
    follow(world)
    assert [(row["kind"], row["state"]) for row in texts(world)] == [
        ("lifted", "draft"),
        ("published", "sent"),
    ]
