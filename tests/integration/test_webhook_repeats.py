"""A replay takes no proof of delivery back, keeps its own result, and is not doubled by others at once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
from sqlalchemy import delete

from services.notifier.models import Dispatch, WebhookEndpoint
from services.notifier.queries.replays import replay_view
from services.notifier.usecases.replaying import Window, replay
from shared.loops import drain
from tests.harness.notices import Receiver, case_event
from tests.integration.test_notifier_sending import KEEPER, World, mail, receiver, world

__all__ = ["mail", "receiver", "world"]
pytestmark = pytest.mark.tables("services.notifier")
AT_ONCE = 4


def ask(world: World, endpoint_id: str, *, failed_only: bool) -> tuple[str, int]:
    at = datetime.now(UTC) + timedelta(minutes=1)
    window = Window(at - timedelta(hours=1), at, failed_only)
    with world.db.write() as session:
        endpoint = session.get_one(WebhookEndpoint, endpoint_id)
        made = replay(session, endpoint, window, actor=KEEPER, at=at)
        return made.id, made.resent + made.made_up


def test_a_failed_repeat_leaves_what_was_delivered_delivered(world: World, receiver: Receiver) -> None:
    hook, _ = world.add_webhook(receiver.url)
    world.hear(case_event(), case_event())
    drain([world.sender("webhook")])
    before = [(row.state, row.settled_at) for row in world.dispatches("webhook")]
    told = world.published()
    receiver.answer = lambda _n: (410, {}, b"")
    made, total = ask(world, hook.id, failed_only=False)
    world.clock.advance(timedelta(minutes=2))
    drain([world.sender("webhook")])
    assert [(row.state, row.settled_at) for row in world.dispatches("webhook")] == before
    assert [state for state, _ in before] == ["accepted", "accepted"]
    assert "notice.failed" not in world.published()[len(told) :]
    with world.db.read() as session:
        view = replay_view(session, hook.id, made)
    assert (total, view["delivered"], view["failed"], view["done"]) == (2, 0, 2, True)


def test_replays_at_once_queue_each_message_once(world: World, receiver: Receiver) -> None:
    hook, _ = world.add_webhook(receiver.url)
    world.hear(case_event(), case_event(), case_event())
    with world.db.write() as session:
        session.execute(delete(Dispatch).where(Dispatch.channel == "webhook"))  # missed while disabled
    together = Barrier(AT_ONCE)

    def one(_: int) -> int:
        together.wait()
        return ask(world, hook.id, failed_only=True)[1]

    with ThreadPoolExecutor(AT_ONCE) as pool:
        assert sorted(pool.map(one, range(AT_ONCE))) == [0] * (AT_ONCE - 1) + [3]
    assert len(world.dispatches("webhook")) == 3
