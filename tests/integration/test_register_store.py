"""Types of the register's own: what goes in comes out, on PostgreSQL."""

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import literal, select

from services.blacklist.register.models import Grams
from shared.db import Database, open_database

ODD = ['say "x"', "a\\b", "null", "{c,d}", "石家", '"', "\\", ","]


@pytest.fixture(scope="module")
def postgres(module_postgres: Callable[[], str]) -> Iterator[Database]:
    db = open_database(module_postgres())
    yield db
    db.close()


@pytest.mark.parametrize("grams", [[], ["石家", "家庄"], *([each] for each in ODD), ODD])
def test_grams_come_back_as_they_were(postgres: Database, grams: list[str]) -> None:
    with postgres.read() as session:
        assert session.scalar(select(literal(grams, Grams()))) == grams
