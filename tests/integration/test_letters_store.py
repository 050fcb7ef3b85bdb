"""Numbers of letters on both databases: many officers at once, some refused, no gap, no double."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from services.blacklist.letters import models as _tables  # noqa: F401
from services.blacklist.letters.models import LetterCounter
from services.blacklist.letters.usecases.numbering import take_number
from shared.clock import FixedClock
from shared.db import open_database
from tests.unit.blacklist.case_office import open_office


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
