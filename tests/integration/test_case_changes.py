"""A change of what is public: its day is on record, its correction in time or late, made by two people (R23);
and nobody the law keeps from the public comes back into view.
"""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from services.blacklist.cases.domain.guards import check
from services.blacklist.cases.domain.standing import Actor, Overlay, Standing
from services.blacklist.cases.domain.table import find_transition
from services.blacklist.rules.models import Duty
from services.blacklist.supervision.queries.indicators import PUBLISHING
from shared.errors import Conflict, Forbidden, Invalid
from tests.unit.blacklist.case_office import memory_database, officer, open_office

FINE = {"changes": {"document": {"fine_wan": "3"}}, "reason": "复议变更罚款"}


@pytest.fixture
def office(tmp_path, clock):
    db = memory_database()
    yield open_office(db, tmp_path, clock)
    db.close()


def owed(office, case):
    with office.deps.db.read() as session:
        wanted = select(Duty).where(Duty.case_id == case.id, Duty.kind == "publish-change")
        return session.scalars(wanted.order_by(Duty.id)).all()


def test_a_reported_change_is_owed_from_its_day_and_published_late(office):
    case = office.published()
    office.clock.advance(timedelta(days=60))
    day = office.clock.today() - timedelta(days=5)
    case = office.take(case, "report_change", "clerk", changed_on=day, reason="复议变更")
    assert owed(office, case)[0].is_open
    assert owed(office, case)[0].length_wd == 20
    with pytest.raises(Conflict):
        office.take(case, "report_change", "clerk", changed_on=day, reason="再次")
    office.clock.advance(timedelta(days=60))
    with pytest.raises(Invalid):
        office.take(case, "correct", "decider", changed_on=office.clock.today(), **FINE)
    case = office.take(case, "correct", "decider", **FINE)
    (duty,) = owed(office, case)
    assert duty.done_late
    assert duty.kind in PUBLISHING  # and so in the department's timeliness


def test_a_correction_says_itself_when_the_change_was(office):
    case = office.published()
    office.clock.advance(timedelta(days=60))
    today = office.clock.today()
    for wrong in (today + timedelta(days=1), date(2026, 11, 1)):
        with pytest.raises(Invalid):
            office.take(case, "correct", "decider", changed_on=wrong, **FINE)
    case = office.take(case, "correct", "decider", changed_on=date(2026, 11, 3), **FINE)
    case = office.take(case, "correct", "decider", **FINE)
    assert [duty.done_late for duty in owed(office, case)] == [True, False]


def test_what_was_no_change_is_dropped_and_owed_no_more(office):
    case = office.published()
    case = office.take(case, "report_change", "clerk", changed_on=office.clock.today(), reason="来电")
    case = office.take(case, "drop_change", "decider", reason="核实无变更")
    assert owed(office, case)[0].cancelled_at is not None


def test_nobody_corrects_what_is_their_own(office):
    everything = officer(office.department, "decider", "both")
    office.people["both"] = everything
    case = office.published()
    standing = Standing("full", "published", office.department.id, filer="a", last_editor="b")
    row = find_transition("full", "published", "correct")
    for who in "ab":
        actor = Actor(who, frozenset({"decider"}), office.department.id)
        assert check(row, standing, actor, date(2026, 11, 3)).kind == "four-eyes"
    case = office.take(case, "report_change", "clerk", changed_on=office.clock.today(), reason="来电")
    reported = Overlay("change", "open", everything.user_id)
    standing = Standing("full", "published", office.department.id, "a", "a", overlays={"change": reported})
    actor = Actor(everything.user_id, frozenset({"decider"}), office.department.id)
    assert check(row, standing, actor, date(2026, 11, 3)).kind == "four-eyes"
    with pytest.raises(Forbidden):
        office.take(case, "correct", "clerk", **FINE)


@pytest.mark.parametrize("action", ["unshield", "lift_suspension", "restore"])
@pytest.mark.parametrize(
    "held", [{"minor_until": date(2030, 1, 1)}, {"subject_types": ("organization",)}], ids=["minor", "person"]
)
def test_nobody_the_law_protects_comes_back_into_view(action, held):
    state = "removed" if action == "restore" else "published"
    overlays = {kind: Overlay(kind, "active", "a") for kind in ("shield", "suspended")}
    more = {"reason_code": "repair", "subject_type": "individual", "overlays": overlays, **held}
    row = find_transition("full", state, action)
    actor = Actor("z", frozenset({"decider"}), "d")
    blocked = check(row, Standing("full", state, "d", "a", "a", **more), actor, date(2026, 11, 3))
    assert blocked is not None
    assert "应当撤销列入" in blocked.reason
