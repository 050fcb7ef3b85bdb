"""Openness on both databases: numbering, search, constraints and the clocks behave alike."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from services.blacklist.rules.usecases import DutyClock
from services.blacklist.supervision.usecases.annual import announce
from tests.integration.openness_world import World

FOUR_EYES = (
    "UPDATE openness_items SET approved_by = drafted_by",
    "UPDATE openness_items SET approved_by = edited_by",
    "UPDATE openness_items SET attribute = 'withheld'",
    "UPDATE openness_items SET approved_by = NULL",
    "UPDATE openness_versions SET approved_by = drafted_by",
    "UPDATE openness_channel_drafts SET state = 'approved', approved_by = drafted_by",
    "UPDATE openness_channel_drafts SET state = 'sent'",
)


@pytest.fixture
def world(any_db, tmp_path):
    return World(tmp_path, any_db)


def test_published_found_and_guarded_by_the_database_itself(world):
    first = world.publish(title="Plan A 计划", kind="plan")
    second = world.publish(title="分配结果")
    assert [first["number"][-5:], second["number"][-5:]] == ["00001", "00002"]
    for words, found in (("plan", [first["id"]]), ("100%", []), ("分配", [second["id"], first["id"]])):
        shown = world.call(None, "GET", f"/public-items?q={words.replace('%', '%25')}")["items"]
        assert [each["id"] for each in shown] == found, words
    page = world.call(None, "GET", "/public-items?limit=1")
    rest = world.call(None, "GET", f"/public-items?limit=1&cursor={page['next']}")
    assert [each["id"] for each in (*page["items"], *rest["items"])] == [second["id"], first["id"]]
    world.call("clerk", "POST", f"/items/{first['id']}/channel-drafts", 201, {"channel": "weibo"})
    for statement in FOUR_EYES:
        with pytest.raises(IntegrityError), world.db.write() as session:
            session.execute(text(statement))


def test_the_wall_clock_is_announced_once(world):
    given = {
        "title": "x", "summary": "y", "source": "z", "level": "major",
        "reported_at": "2026-11-02T09:59:59+08:00",
    }  # fmt: skip
    made = world.call("clerk", "POST", "/opinions", 201, given)
    loop = DutyClock(world.db, world.clock, announce)
    world.on("2026-11-02T15:00")
    while loop.step():
        pass
    shown = world.call("clerk", "GET", f"/opinions/{made['id']}")
    assert [each["state"] for each in shown["clocks"]] == ["overdue", "open"]
    assert not loop.step()
