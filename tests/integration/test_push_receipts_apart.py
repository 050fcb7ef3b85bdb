"""A place that hangs while receipts are looked for there keeps no other platform's receipts waiting."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from services.credit_push.catalogue import SAMPLE_VALUES, load_catalogue
from services.credit_push.models import StrayReceipt, metadata
from services.credit_push.transports.base import FILED, Receipt
from services.credit_push.usecases import Deps
from services.credit_push.usecases.receiving import ReceiptPoller
from shared.calendar import builtin_calendar
from shared.clock import SystemClock
from shared.crypto import KeyRing
from shared.db import Database, open_database
from tests.harness.wait import until

HANGING, WELL = "credit-hebei", "credit-shijiazhuang"


class Place:
    """A way of which only the receipts are asked: one is there, once it is let tell."""

    def __init__(self, name: str) -> None:
        self.name, self.tell = name, threading.Event()
        self.looks = 0

    def receipts(self, awaited: Any) -> list[Receipt]:
        self.looks += 1
        assert self.tell.wait(60), awaited
        return [Receipt(f"{self.name}:{self.looks}", FILED)]

    def forget(self, receipts: Any) -> None:
        self.tell.clear()
        assert receipts


@pytest.fixture
def db(tmp_path: Any) -> Iterator[Database]:
    made = open_database(f"sqlite:///{tmp_path}/push.db")
    metadata.create_all(made.engine)
    yield made
    made.close()


def test_a_place_that_hangs_keeps_no_other_waiting(db: Database, tmp_path: Any) -> None:
    keyring, catalogue = KeyRing.create(tmp_path / "keys"), load_catalogue(SAMPLE_VALUES)
    hanging, well = Place(HANGING), Place(WELL)
    ways: Any = {HANGING: hanging, WELL: well}
    poller = ReceiptPoller(Deps(db, SystemClock(), keyring, builtin_calendar(), catalogue), ways)

    def told() -> set[str]:
        poller.step()
        with db.read() as session:
            return {row.platform for row in session.query(StrayReceipt)}

    well.tell.set()
    until(lambda: told() == {WELL}, 30, "the other one's receipt")
    assert hanging.looks == 1, "nobody asks a place that has not answered"
    hanging.tell.set()
    until(lambda: told() == {HANGING, WELL}, 30, "its own, when it answers at last")
    hanging.tell.set()
    well.tell.set()
    poller.close()
