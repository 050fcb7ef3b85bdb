"""A sender that is told to stop ends what is on its way and gives the rest back at once."""

import threading
from collections import Counter
from pathlib import Path

from services.notifier.models import Base
from shared.crypto import KeyRing
from shared.db import open_database
from shared.loops import drain
from tests.harness.notices import case_event, webhook_receiver
from tests.harness.wait import PATIENCE, until
from tests.integration.test_notifier_sending import World


def test_what_waits_for_a_place_is_given_back(tmp_path: Path) -> None:
    db = open_database(f"sqlite:///{tmp_path}/n.db")
    Base.metadata.create_all(db.engine)
    world = World(db, KeyRing.load_or_create(tmp_path / "keys.json"), "smtp://127.0.0.1:1")
    world.patient()
    most = world.channels["webhook"].per_target
    with webhook_receiver() as receiver:
        world.add_webhook(receiver.url)
        sender = world.sender("webhook")
        world.hear(case_event())
        drain([sender])  # a receiver that is known to answer
        receiver.gate.clear()
        world.hear(*[case_event() for _ in range(most + 8)])
        sender.step()
        until(lambda: len(receiver.requests) == most + 1, 30, "all places taken")
        ending = threading.Thread(target=sender.close)
        ending.start()
        until(lambda: states(world)["waiting"] == 8, 30, "the rest given back")
        receiver.gate.set()
        ending.join(30 * PATIENCE)
    assert states(world) == {"waiting": 8, "accepted": most + 1}
    assert len(receiver.requests) == most + 1
    db.close()


def states(world: World) -> Counter[str]:
    return Counter(row.state for row in world.dispatches("webhook"))
