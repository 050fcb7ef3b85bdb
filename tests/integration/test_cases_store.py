"""Cases on both databases: walk, bulk, races, constraints, and imports that go on after a stop."""

import json
import threading
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError

from services.blacklist.cases.models import Case, CaseImport, CaseImportRow, CaseStep, PublishedPaper
from services.blacklist.cases.usecases.announcing import announce_duty
from services.blacklist.cases.usecases.bulk import take_many
from services.blacklist.cases.usecases.clockwork import CaseClock
from services.blacklist.cases.usecases.imports import (
    Imports,
    SheetUpload,
    confirm_import,
    receive_import,
)
from services.blacklist.cases.usecases.imports.filing import file_import_chunk
from services.blacklist.cases.usecases.transfer import transfer_cases
from services.blacklist.cases.usecases.transition import Order, take_step
from services.blacklist.register.models import Listing
from services.blacklist.rules.models import Duty
from services.blacklist.rules.usecases import DutyClock
from services.blacklist.store import outbox
from shared.errors import Conflict, DomainError
from tests.harness.wait import until
from tests.integration.test_cases_api import sheet, sheet_row
from tests.unit.blacklist.case_office import WALK, add_department, filing, officer, open_office

pytestmark = pytest.mark.tables("services.blacklist")


@pytest.fixture
def office(any_db, tmp_path, clock):
    return open_office(any_db, tmp_path, clock)


def file_many(office, count):
    return [office.file(filing(document={"number": f"长住建罚〔2026〕{n}号"})) for n in range(count)]


def walk_many(office, cases):
    items = [(case.id, case.version) for case in cases]
    for action, by, inputs in WALK:
        rows = take_many(office.deps, action, items, inputs, actor=office.people[by], at=office.clock.now())
        assert all(row.refused is None for row in rows), [row.refused for row in rows if row.refused]
        items = [(row.case.id, row.case.version) for row in rows if row.case]
    return items


def test_bulk_walk_publishes_every_case(office):
    items = walk_many(office, file_many(office, 20))
    with office.deps.db.read() as session:
        assert session.scalar(select(func.count()).select_from(Listing)) == 20
        rows = session.execute(
            select(outbox.c.subject, func.count(), func.max(outbox.c.sequence))
            .where(outbox.c.topic == "blacklist.cases.v1")
            .group_by(outbox.c.subject)
        ).all()
    assert {(count, highest) for _, count, highest in rows} == {(6, 6)}
    assert len(items) == 20


def test_a_bad_row_does_not_hold_up_the_others(office):
    cases = file_many(office, 3)
    items = [(cases[0].id, 1), (cases[1].id, 7), (cases[2].id, 1)]
    rows = take_many(office.deps, "submit", items, {}, actor=office.people["clerk"], at=office.clock.now())
    assert [row.refused.slug if row.refused else None for row in rows] == [None, "stale-version", None]


@pytest.mark.parametrize("column", ["reviewer_id", "decider_id", "publisher_id"])
def test_the_database_holds_four_eyes(office, column):
    case = office.published()
    with pytest.raises(IntegrityError), office.deps.db.write() as session:
        session.execute(text(f"UPDATE cases SET {column} = filer_id WHERE id = :id"), {"id": case.id})
    with pytest.raises(IntegrityError), office.deps.db.write() as session:
        session.execute(text("UPDATE cases SET content_hash = 'x' WHERE id = :id"), {"id": case.id})


def test_two_reviewers_race_and_one_wins(office):
    case = office.take(office.file(), "submit", "clerk")
    outcomes: list[object] = []
    gate = threading.Barrier(2)

    def review(who):
        gate.wait()
        try:
            with office.deps.db.write() as session:
                order = Order(case.id, 2, "approve_notice", {"notice_number": who})
                outcomes.append(
                    take_step(session, office.deps, order, actor=office.people[who], at=office.clock.now())
                )
        except DomainError as refused:
            outcomes.append(refused)

    threads = [threading.Thread(target=review, args=(who,)) for who in ("reviewer", "reviewer2")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(isinstance(outcome, Case) for outcome in outcomes) == 1
    assert [o.slug for o in outcomes if isinstance(o, Conflict)] == ["stale-version"]


def someone_waits(office):
    """PostgreSQL: a transaction is past its guards and waits for another's key."""
    if office.deps.db.dialect == "sqlite":
        return True  # the second writer waits for the first before it reads anything
    with office.deps.db.read() as session:
        waiting = "wait_event_type = 'Lock' AND query LIKE '%case_papers%'"
        return session.scalar(text(f"SELECT count(*) FROM pg_stat_activity WHERE {waiting}")) > 0


def test_of_two_transactions_that_publish_one_paper_one_wins(office):
    first, second = [office.walk(office.file(), "served") for _ in range(2)]
    refused: list[DomainError] = []

    def publish(case, session):
        order = Order(case.id, case.version, "publish", {})
        take_step(session, office.deps, order, actor=office.people["decider"], at=office.clock.now())

    def publish_too():
        try:
            with office.deps.db.write() as session:
                publish(second, session)
        except DomainError as why:
            refused.append(why)

    other = threading.Thread(target=publish_too)
    with office.deps.db.write() as session:
        publish(first, session)
        session.flush()
        other.start()
        until(lambda: someone_waits(office))
    other.join()
    assert [each.slug for each in refused] == ["published-already"]
    assert "撤回本案" in refused[0].detail
    with office.deps.db.read() as session:
        listing = session.scalars(select(Listing)).one()
        assert session.scalars(select(PublishedPaper.case_id)).all() == [first.id]
    assert first.id in refused[0].detail or listing.id in refused[0].detail


def test_a_paper_is_free_again_when_its_publication_ends(office):
    first, second = office.published(), office.walk(office.file(), "served")
    paper = {"number": "复议〔2026〕1号", "date": office.clock.today()}
    office.take(first, "revoke", "decider", reason="撤销", document=paper)
    assert office.take(second, "publish", "decider").state == "published"


def received(office, rows):
    upload = SheetUpload("a.xlsx", sheet(rows), "penalty-publication", "other", None)
    with office.deps.db.write() as session:
        return receive_import(
            session, office.deps, upload, actor=office.people["clerk"], at=office.clock.now()
        ).id


def confirmed(office, import_id):
    with office.deps.db.write() as session:
        confirm_import(session, import_id, actor=office.people["clerk"], at=office.clock.now())


def test_import_goes_on_after_a_stop_and_files_each_row_once(office):
    import_id = received(office, [sheet_row(n) for n in range(1, 8)])
    loop = Imports(office.deps, "a")
    assert loop.step()
    confirmed(office, import_id)
    assert file_import_chunk(office.deps, import_id)
    with office.deps.db.write() as session:  # as if the last rows' state had been lost with the process
        session.get_one(CaseImport, import_id).state = "confirming"
    assert loop.step()
    assert not loop.step()
    with office.deps.db.read() as session:
        assert session.scalar(select(func.count()).select_from(Case)) == 7
        assert session.scalar(select(func.count()).where(CaseImportRow.state == "filed")) == 7
        assert all(row.content is None for row in session.scalars(select(CaseImportRow)))


def test_a_row_cannot_become_two_cases(office):
    import_id = received(office, [sheet_row(1)])
    loop = Imports(office.deps, "a")
    loop.step()
    confirmed(office, import_id)
    loop.step()
    with pytest.raises(IntegrityError), office.deps.db.write() as session:
        session.add(copy_of_first(session))


def copy_of_first(session):
    case = session.scalars(select(Case)).first()
    values = {column.key: getattr(case, column.key) for column in Case.__table__.columns}
    return Case(**{**values, "id": "copy"})


def test_handover_moves_cases_and_duties(office):
    case = office.take(office.file(), "submit", "clerk")
    successor = add_department(office.deps.db)
    with office.deps.db.write() as session:
        moved = transfer_cases(
            session, office.department.id, successor.id, date(2026, 11, 2), actor=None, at=office.clock.now()
        )
    assert moved == 1
    with office.deps.db.read() as session:
        assert session.get_one(Case, case.id).department_id == successor.id
        assert session.scalars(select(Duty.department_id)).one() == successor.id
    office.people["heir"] = officer(successor, "reviewer")
    with office.deps.db.read() as session:
        version = session.get_one(Case, case.id).version
    assert office.take(case, "approve_notice", "heir", version=version, notice_number="n").state == "noticed"


def test_handover_moves_the_register_and_tells_the_successor(office):
    open_case, published = office.take(office.file(), "submit", "clerk"), office.published()
    settled = office.take(office.file(), "withdraw", "clerk", reason="r")
    heir = add_department(office.deps.db)
    with office.deps.db.write() as session:
        transfer_cases(session, office.department.id, heir.id, date(2026, 11, 2), actor=None,
                       at=office.clock.now())  # fmt: skip
    with office.deps.db.read() as session:
        assert session.get_one(Listing, published.listing_id).department_id == heir.id
        assert session.get_one(Listing, published.listing_id).version == 1, "nothing shown has changed"
        for case, told in ((open_case, 1), (published, 1), (settled, 0)):
            rows = session.execute(
                select(outbox).where(outbox.c.subject == case.id).order_by(outbox.c.id)
            ).all()
            events = [json.loads(row.value) for row in rows if "case.transferred" in row.headers]
            assert [each["department_id"] for each in events] == [heir.id] * told
            assert [row.sequence for row in rows] == list(range(1, len(rows) + 1))
            moved = session.get_one(Case, case.id)
            steps = session.scalars(
                select(CaseStep).where(CaseStep.case_id == case.id).order_by(CaseStep.version)
            ).all()
            assert [step.version for step in steps] == list(range(1, moved.version + 1))
            assert steps[-1].action == "transfer"


def test_duty_events_share_the_cases_sequence(office):
    case = office.take(office.file(filing(list_code="penalty-publication")), "submit", "clerk")
    office.clock.advance(timedelta(days=30))
    loop = DutyClock(office.deps.db, office.clock, announce_duty)
    while loop.step():
        pass
    office.take(case, "withdraw", "clerk", reason="r")
    with office.deps.db.read() as session:
        wanted = select(outbox.c.sequence).where(outbox.c.subject == case.id).order_by(outbox.c.id)
        assert session.scalars(wanted).all() == [1, 2, 3]


def test_expiry_in_batches(office):
    walk_many(office, file_many(office, 5))
    office.clock.advance(timedelta(days=400))
    loop = CaseClock(office.deps, "a")
    assert loop.step()
    assert not loop.step()
    with office.deps.db.read() as session:
        assert set(session.scalars(select(Case.state))) == {"removed"}
