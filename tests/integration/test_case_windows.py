"""A year's holidays arrive: windows, lapses and the days overlays show are counted anew with the duties."""

from datetime import UTC, date, datetime

import pytest

from services.blacklist.cases.models import Case, CaseOverlay
from services.blacklist.cases.queries import case_view
from services.blacklist.cases.usecases.windows import recompute_cases
from services.blacklist.rules.queries import duties_of
from services.blacklist.rules.usecases import CalendarKeeper, recompute_duties
from shared.calendar import CalendarYear, WorkingCalendar, builtin_years
from shared.clock import FixedClock
from tests.unit.blacklist.case_office import filing, memory_database, open_office

SPRING = frozenset(date(2027, 1, day) for day in (1, 4, 5))
LATER = WorkingCalendar(
    "later", (*builtin_years(), CalendarYear(2027, SPRING, frozenset({date(2027, 1, 9)})))
)
SHORTER = WorkingCalendar(
    "shorter", (*builtin_years(), CalendarYear(2027, frozenset(), frozenset({date(2027, 1, 2)})))
)


@pytest.fixture
def office(tmp_path):
    db = memory_database()
    yield open_office(db, tmp_path, FixedClock(datetime(2026, 12, 29, 2, 0, tzinfo=UTC)))
    db.close()


def recent(office):
    return office.file(filing(document={"date": "2026-12-28"}))


def noticed(office):
    case = office.take(recent(office), "submit", "clerk")
    return office.take(case, "approve_notice", "reviewer", notice_number="n")


def published(office):
    case = noticed(office)
    for action, by, inputs in (
        ("record_statement", "clerk", {"waived": True}),
        ("decide", "decider", {"severity": "general", "publicity_months": 12}),
        ("record_service", "clerk", {"method": "direct", "served_on": date(2026, 12, 29)}),
        ("publish", "decider", {}),
    ):
        case = office.take(case, action, by, **inputs)
    return case


def reload(office, case):
    with office.deps.db.read() as session:
        return session.get_one(Case, case.id)


def recount(office, calendar):
    recompute_duties(office.deps.db, calendar, office.clock.now())
    return recompute_cases(office.deps.db, calendar, office.clock.now())


def test_windows_told_as_provisional_become_certain(office):
    case = noticed(office)
    assert (case.window_ends_on, case.window_provisional) == (date(2027, 1, 5), True)
    with office.deps.db.read() as session:
        view = case_view(session, case, office.people["clerk"], office.clock.today())
    assert view["notice"]["provisional"]
    assert recount(office, LATER) == 1
    case = reload(office, case)
    assert (case.window_ends_on, case.hearing_ends_on) == (date(2027, 1, 8), date(2027, 1, 8))
    assert (case.window_provisional, case.window_calendar) == (False, "later")
    assert recount(office, LATER) == 0


def test_a_window_told_is_never_cut_short(office):
    case = noticed(office)
    recount(office, SHORTER)
    assert reload(office, case).window_ends_on == date(2027, 1, 5)


def test_a_window_that_is_over_stays_as_it_was(office):
    case = noticed(office)
    office.clock.set(datetime(2027, 1, 20, 2, 0, tzinfo=UTC))
    assert recount(office, LATER) == 0
    assert reload(office, case).window_ends_on == date(2027, 1, 5)


def overlay(office, case, kind):
    with office.deps.db.read() as session:
        found = session.query(CaseOverlay).filter_by(case_id=case.id, kind=kind).one()
        duties = {each.kind: each.due_on for each in duties_of(session, [case.id])[case.id] if each.is_open}
    return found, duties


def test_overlays_follow(office):
    case = published(office)
    office.clock.set(datetime(2026, 12, 31, 2, 0, tzinfo=UTC))
    opened = {"channel": "window", "received_at": date(2026, 12, 31), "evidence": "材料"}
    case = office.take(case, "open_objection", "clerk", **opened)
    case = office.take(case, "suspend", "clerk", reason="核实")
    assert overlay(office, case, "suspended")[0].due_on == date(2027, 1, 1)
    assert recount(office, LATER) == 2
    assert overlay(office, case, "suspended")[0].due_on == date(2027, 1, 6)
    found, duties = overlay(office, case, "objection")
    assert found.due_on == duties["accept-objection"] == date(2027, 1, 8)
    office.take(case, "accept_objection", "clerk")
    before, _ = overlay(office, case, "objection")
    assert recount(office, LATER) > 0
    after, duties = overlay(office, case, "objection")
    assert after.due_on == duties["settle-objection"] > before.due_on


def test_the_keeper_takes_cases_along(office):
    case = noticed(office)
    CalendarKeeper(office.deps.db, office.clock, LATER, 0, follow=(recompute_cases,)).step()
    assert reload(office, case).window_ends_on == date(2027, 1, 8)
