"""Letters on both databases: numbers without gap or double under many officers, and rows nobody changes."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from services.blacklist.letters import models as _tables  # noqa: F401
from services.blacklist.letters.models import Letter, LetterCounter, LetterService
from services.blacklist.letters.usecases.numbering import take_number
from shared.clock import FixedClock
from shared.db import open_database
from shared.ids import new_id
from tests.unit.blacklist.case_office import open_office

pytestmark = pytest.mark.tables("services.blacklist")


class Refused(Exception):
    """What makes a transaction roll back."""


@pytest.fixture
def office(any_db_url, tmp_path):
    db = open_database(any_db_url, pool_size=8)
    yield open_office(db, tmp_path, FixedClock(datetime(2026, 11, 2, 2, 0, tzinfo=UTC)))
    db.close()


def refuse(turn):
    if turn % 3 == 0:
        raise Refused


def test_numbers_run_on_under_concurrency(office):
    def one(turn):
        try:
            with office.deps.db.write() as session:
                number = take_number(session, office.department.id, "decision", 2026)
                refuse(turn)
                return number
        except Refused:
            return None

    with ThreadPoolExecutor(8) as pool:
        numbers = [number for number in pool.map(one, range(60)) if number]
    running = sorted(int(number.split("〕")[1].removesuffix("号")) for number in numbers)
    assert running == list(range(1, 41))
    with office.deps.db.read() as session:
        row = session.get_one(LetterCounter, (office.department.id, "区住建局决〔2026〕#号"))
        assert row.last == 40


def a_letter(office):
    at = office.clock.now()
    return Letter(
        id=new_id(), code=new_id()[:20], request_id=new_id(), department_id="d", organ="o", kind="k",
        title="t", number=new_id(), version=1, template_version="1", rule_version="1",
        dated=date(2026, 11, 2), address="", shows_identity=False, size=1, sha256="0" * 64, created_by="u",
        creator_name="n", created_at=at,
    )  # fmt: skip


@pytest.fixture
def letter(office):
    made = a_letter(office)
    with office.deps.db.write() as session:
        session.add(made)
    return made


TAMPERING = (
    "UPDATE letters SET number = 'x' WHERE id = :id",
    "UPDATE letters SET sha256 = 'x', superseded_at = :at WHERE id = :id",
    "DELETE FROM letters WHERE id = :id",
)


@pytest.mark.parametrize("statement", TAMPERING)
def test_the_database_refuses_to_change_an_issued_letter(office, letter, statement):
    given = {"id": letter.id} | ({"at": office.clock.now().isoformat()} if ":at" in statement else {})
    with pytest.raises(DBAPIError, match="never changed"), office.deps.db.write() as session:
        session.execute(text(statement), given)


def test_a_letter_is_superseded_once(office, letter):
    with office.deps.db.write() as session:
        session.get_one(Letter, letter.id).superseded_at = office.clock.now()
    with pytest.raises(DBAPIError, match="never changed"), office.deps.db.write() as session:
        session.execute(text("UPDATE letters SET superseded_at = NULL WHERE id = :id"), {"id": letter.id})


def test_service_and_copies_are_append_only(office, letter):
    row = LetterService(
        id=new_id(), letter_id=letter.id, method="direct", outcome="failed", served_on=date(2026, 11, 2),
        recorded_by="u", recorder_name="n", recorded_at=office.clock.now(),
    )  # fmt: skip
    with office.deps.db.write() as session:
        session.add(row)
    for statement in (
        "UPDATE letter_services SET outcome = 'served' WHERE id = :id",
        "DELETE FROM letter_services WHERE id = :id",
    ):
        with pytest.raises(DBAPIError, match="append-only"), office.deps.db.write() as session:
            session.execute(text(statement), {"id": row.id})
