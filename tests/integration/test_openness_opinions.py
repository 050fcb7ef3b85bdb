"""政务舆情: five and twenty-four hours by the wall clock, over nights and holidays; announced on time."""

import json
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError

from services.blacklist.openness.models import Opinion
from services.blacklist.openness.queries.rounds import is_late
from services.blacklist.rules.queries import duties_of
from services.blacklist.rules.usecases import DutyClock, recompute_duties
from services.blacklist.store import outbox
from services.blacklist.supervision.usecases.annual import announce
from shared.calendar import CalendarYear, WorkingCalendar
from tests.integration.openness_world import World

NEW_YEARS_EVE = "2026-12-31T22:30"


@pytest.fixture
def world(tmp_path):
    made = World(tmp_path)
    made.on(NEW_YEARS_EVE)
    yield made
    made.db.close()


def record(world, level="major", status=201, who="clerk", **changes):
    given = {
        "title": "分房结果引发关注", "summary": "有帖文质疑抽签", "source": "https://forum.invalid/1",
        "level": level, "reported_at": "2026-12-31T22:00:00+08:00",
    } | changes  # fmt: skip
    return world.call(who, "POST", "/opinions", status, given)


def act(world, who, made, action, status=200, **given):
    return world.call(who, "POST", f"/opinions/{made['id']}/actions", status, {"action": action, **given})


def clocks(view):
    return [(c["kind"], c["due_at"][:16], c["state"]) for c in view["clocks"]]


def respond(world, opinion_id):
    made = world.draft(
        catalogue_code="R29-opinion", kind="opinion-response", title="情况说明", related_id=opinion_id,
        formed_on=world.clock.today().isoformat(),
    )  # fmt: skip
    return world.act("decider", world.act("clerk", made, "submit"), "approve")


def test_both_clocks_run_through_the_holiday(world):
    made = record(world)
    assert made["number"] == "YQ130102-2026-00001"
    assert clocks(made) == [
        ("opinion-information", "2026-12-31T19:00", "open"),
        ("opinion-press", "2027-01-01T14:00", "open"),
    ]


def test_a_general_matter_has_no_clock_until_it_is_raised(world):
    made = record(world, "general")
    assert clocks(made) == []
    raised = act(world, "clerk", made, "raise")
    assert [kind for kind, _, _ in clocks(raised)] == ["opinion-information", "opinion-press"]
    act(world, "clerk", made, "raise", 409)


def test_a_published_response_stops_the_first_clock_and_the_press_the_second(world):
    made = record(world)
    world.on("2027-01-01T01:00")
    answer = respond(world, made["id"])
    shown = world.call("clerk", "GET", f"/opinions/{made['id']}")
    assert (shown["response_item_id"], shown["response_title"]) == (answer["id"], "情况说明")
    assert [state for _, _, state in clocks(shown)] == ["done", "open"]
    world.on("2027-01-01T20:00")
    told = {"held_at": "2027-01-01T18:00:00+08:00", "note": "区政府新闻发布厅"}
    shown = act(world, "clerk", made, "press", **told)
    assert [state for _, _, state in clocks(shown)] == ["done", "done"]
    act(world, "clerk", made, "press", 409, **told)
    assert act(world, "clerk", made, "close", 403)["slug"] == "opinion-four-eyes"
    assert act(world, "decider", made, "close")["state"] == "closed"
    with pytest.raises(IntegrityError), world.db.write() as session:
        session.execute(text("UPDATE openness_opinions SET closed_by = recorded_by"))


def test_ending_it_unanswered_needs_its_reason(world):
    made = record(world)
    refused = act(world, "decider", made, "close", 422)
    assert refused["fields"][0]["pointer"] == "/reason"
    ended = act(world, "decider", made, "close", reason="经核实不属实，来源已更正")
    assert [state for _, _, state in clocks(ended)] == ["cancelled", "cancelled"]
    assert act(world, "clerk", made, "raise", 409)["slug"] == "opinion-closed"


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"reported_at": "2027-01-01T22:31:00+08:00"}, "/reported_at"),
        ({"reported_at": "2026-12-31T22:00:00"}, "/reported_at"),
        ({"level": "huge"}, "/level"),
        ({"colour": "red"}, "/colour"),
    ],
)
def test_what_is_wrong_is_pointed_at(world, changes, pointer):
    assert pointer in [each["pointer"] for each in record(world, status=422, **changes)["fields"]]


def test_each_clock_is_announced_to_the_minute(world):
    """duty.due-soon an hour before, duty.overdue with the second after."""
    made = record(world)
    loop = DutyClock(world.db, world.clock, announce)

    def told_by(moment):
        world.clock.set(datetime.fromisoformat(moment).astimezone(UTC))
        while loop.step():
            pass
        with world.db.read() as session:
            return session.scalar(select(func.count()).select_from(outbox))

    assert told_by("2027-01-01T01:59:59+08:00") == 0
    assert told_by("2027-01-01T02:00:00+08:00") == 1
    assert told_by("2027-01-01T03:00:00+08:00") == 1
    assert told_by("2027-01-01T03:00:01+08:00") == 2
    assert told_by("2027-01-01T22:00:01+08:00") == 3, "what is late already is only called late"
    with world.db.read() as session:
        assert session.get(Opinion, made["id"]).sequence == 3
    shown = world.call("clerk", "GET", f"/opinions/{made['id']}")
    assert [state for _, _, state in clocks(shown)] == ["overdue", "overdue"]


def test_no_calendar_moves_a_wall_clock(world):
    made = record(world)
    new_year = CalendarYear(2027, rest=frozenset({date(2027, 1, 1)}), work=frozenset())
    later = WorkingCalendar("later", [CalendarYear(2026, frozenset(), frozenset()), new_year])
    assert recompute_duties(world.db, later, world.clock.now()) == 0
    with world.db.read() as session:
        found = duties_of(session, [made["id"]])[made["id"]]
    assert [each.due_at - timedelta(hours=hours) for each, hours in zip(found, (5, 24), strict=True)] == [
        datetime(2026, 12, 31, 14, tzinfo=UTC)
    ] * 2


def test_another_department_sees_no_opinion(world):
    made = record(world)
    for who in ("finance", "foreign"):
        world.call(who, "GET", f"/opinions/{made['id']}", 404)
        act(world, who, made, "raise", 404)
        assert world.call(who, "GET", "/opinions")["items"] == []
    assert json.dumps(world.call("supervisor", "GET", "/opinions?state=open")["items"]).count(made["id"]) == 1


def test_each_round_of_watching_is_written_down_also_where_nothing_was_found(world):
    """R69: who looked where and when; the officer's page says when the next round is late."""
    given = {"sources": "人民网留言板、本地论坛", "found": 0}
    made = world.call("clerk", "POST", "/opinion-rounds", 201, given)
    assert (made["found"], made["department"]["name"]) == (0, "石家庄市长安区住房和城乡建设局")
    world.call("clerk", "POST", "/opinion-rounds", 422, {"sources": " ", "found": -1})
    world.call("supervisor", "POST", "/opinion-rounds", 403, given)
    for who, rows in (("clerk", 1), ("supervisor", 1), ("finance", 0)):
        assert len(world.call(who, "GET", "/opinion-rounds", 200)["items"]) == rows
    with world.db.read() as session:
        clerk = world.people["clerk"]
        now = world.clock.now()
        assert [is_late(session, clerk, now + timedelta(hours=hours)) for hours in (23, 25)] == [False, True]
        assert is_late(session, world.people["finance"], now)
