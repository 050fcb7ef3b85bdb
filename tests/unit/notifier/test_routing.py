"""Who hears what, as data: every published event is decided about, and reaches the right departments."""

import pytest

from services.notifier.consumes import NEWS_TOPICS
from services.notifier.domain import ROLE_NAMES, SEVERITIES, Happening, Seat
from services.notifier.routing import ALL_CHANNELS, recipients, routing
from services.notifier.routing.enforcement import CAUSES
from services.notifier.routing.ladders import ladders
from services.notifier.usecases.bounces import EVENT as BOUNCED
from services.notifier.usecases.receivers import DISABLED, FAILING
from shared.contracts.topics import topic
from tests.harness.notices import AT

NEWS = [name for each in NEWS_TOPICS for name in topic(each).types]
SEATS = [
    Seat("city", "130100", "supervisor"),
    Seat("province", "130000", "supervisor"),
    Seat("other", "350500", "supervisor"),
    Seat("own", "130102", "operator"),
    Seat("nation", "000000", "operator"),
]


@pytest.mark.parametrize("event_type", NEWS)
def test_somebody_decided_about_every_event_we_read(event_type):
    assert routing().is_known(event_type)


@pytest.mark.parametrize("route", routing().routes, ids=lambda route: route.event)
def test_routes_are_sound(route):
    assert route.severity in SEVERITIES
    assert route.department | {"clerk"} <= ROLE_NAMES.keys()
    assert "inbox" in route.floor
    assert route.floor <= set(route.channels) <= {*ALL_CHANNELS, "sms"}
    assert route.department or route.supervisors or route.operators
    own = {rung.event for ladder in ladders().by_event.values() for rung in ladder.rungs}
    own |= {event for event, _ in CAUSES.values()} | {BOUNCED, FAILING, DISABLED}
    assert any(routing().route(name) == route for name in [*NEWS, *own]), (
        "no published event takes this route"
    )


def test_a_publication_is_heard_by_the_department_and_the_supervisors_above_it():
    route = routing().route("case.published")
    told = {r.department_id: r.roles for r in recipients(route, "own", "130102", SEATS)}
    assert told == {"own": {"clerk", "decider"}, "city": {"supervisor"}, "province": {"supervisor"}}


def test_a_dead_delivery_is_heard_by_clerk_and_operators():
    route = routing().route("delivery.dead")
    told = {r.department_id: r.roles for r in recipients(route, "own", "130102", SEATS)}
    assert told == {"own": {"clerk", "operator"}, "nation": {"operator"}}


def test_what_awaits_a_hand_is_told_to_those_who_may_open_its_page():
    route = routing().route("delivery.awaiting-hand")
    told = {r.department_id: r.roles for r in recipients(route, "own", "130102", SEATS)}
    assert told == {"own": {"operator"}, "nation": {"operator"}}
    assert routing().links[route.link].startswith("/push/deliveries?listing_id=")


def test_a_difference_without_department_is_heard_by_every_operator():
    route = routing().route("reconciliation.difference")
    assert [r.department_id for r in recipients(route, None, None, SEATS)] == ["nation", "own"]


def test_the_exact_route_wins_over_the_pattern_and_unknown_types_have_none():
    assert routing().route("case.objection-opened").event == "case.objection-*"
    assert routing().route("case.published").event == "case.published"
    assert routing().route("case.invented") is None
    assert not routing().is_known("case.invented")


def test_deadline_and_failure_messages_cannot_be_switched_off():
    for event in ("duty.due-soon", "duty.overdue", "delivery.dead", "delivery.rejected", "case.revoked"):
        assert {"inbox", "email"} <= routing().route(event).floor


def test_links_name_the_matter_or_stay_empty():
    happening = Happening("e", "case.published", "c", AT, case_id="c-1")
    assert routing().link(routing().route("case.published"), happening) == "/cases/c-1"
    assert routing().link(routing().route("delivery.dead"), happening) == ""
