"""Many events to twenty receivers each, while the worker is killed at random moments; what must hold then.

Per event: two inboxes, fifteen webhooks (one of which refuses everything), two mails, and one officer who
gets it with others in a daily digest.
"""

import os
import random
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import func, select, update

from services.notifier.models import DigestItem, Dispatch, Notice, Preference, outbox
from services.notifier.publishes import TOPIC
from services.notifier.usecases.endpoints import Change, add_endpoint
from shared.contracts.envelope import Event, from_record
from shared.crypto import KeyRing
from shared.db import Database, migrate, open_database
from shared.eventlog import open_log
from shared.web.access import Principal
from tests.harness.forked import Forked
from tests.harness.hooks import Hooks, hooks
from tests.harness.notices import CLERK, HOUSING, OPERATOR, Mailbox, case_event, hire_staff, mail_server
from tests.harness.wait import until

KEEPER = Principal(OPERATOR, OPERATOR, "示例运维", HOUSING, "住建局", "130102", frozenset({"operator"}))
EVENT, DIGEST = "case.published", "notice.digest"
HOOKS = 15
PER_EVENT = {"inbox": 2, "webhook": HOOKS, "email": 2}
RECEIVERS = sum(PER_EVENT.values()) + 1  # the last one gets it in a digest


@dataclass(frozen=True)
class Size:
    events: int
    kills: int
    patience: float
    seed: int = 7


@dataclass
class Told:
    """What was seen; `wrong` is empty where every promise was kept."""

    seconds: float
    receivers: int
    sends: int
    repeated: int
    """Messages that went out again, under the same id: their worker was killed before it recorded them."""
    digests: int
    wrong: list[str] = field(default_factory=list)


class FanOut:
    """One run in a directory of its own."""

    def __init__(
        self, directory: Path, size: Size, hooks: Hooks, mailbox: Mailbox, env: dict[str, str]
    ) -> None:
        self._directory, self._size, self._hooks, self._mailbox = directory, size, hooks, mailbox
        self._env = {
            **{key: value for key, value in os.environ.items() if key != "CRASH_AT"},
            **env,
            "DATA_DIR": str(directory),
            "WEBHOOK_ALLOWED_HOSTS": "127.0.0.1",
            "NOTIFIER_LEASE_SECONDS": "4",
            "NOTIFIER_QUIET_HOURS": "off",
            "LOG_LEVEL": "error",
        }
        self._db: Database = open_database(env["NOTIFIER_DB_URL"])
        self._random = random.Random(size.seed)

    def prepare(self) -> None:
        migrate(self._env["NOTIFIER_DB_URL"], "services.notifier")
        keyring = KeyRing.load_or_create(self._directory / "keys.json")
        with self._db.write() as session:
            hire_staff(session)
            session.add(Preference(user_id=CLERK, event=EVENT, channel="email", enabled=True, digest=True))
            for number in range(HOOKS):
                path = "/refuse" if number == 0 else f"/{number}"
                change = Change(f"系统{number}", self._hooks.url(path), [])
                here, at = frozenset({"127.0.0.1"}), datetime.now(UTC)
                add_endpoint(session, keyring, change, allowed_hosts=here, actor=KEEPER, at=at)
        log = open_log(self._env["EVENTS_URL"])
        for first in range(0, self._size.events, 1000):
            many = range(first, min(first + 1000, self._size.events))
            log.append([case_event(EVENT).to_record("blacklist.cases.v1") for _ in many])
        log.close()

    def run(self) -> Told:
        """Kill the worker when so many webhooks have come, chosen at random; then let one finish."""
        total, began = self._size.events * HOOKS, time.perf_counter()
        patience = self._size.patience
        for enough in sorted(self._random.sample(range(total * 19 // 20), self._size.kills)):
            with self._worker() as alive:
                until(lambda least=enough: alive() and self._hooks.count() > least, patience, "the next ones")
            self._ripen()
        with self._worker() as alive:
            until(lambda: alive() and self._settled(), patience, "everything sent and told", 0.25)
        return self._told(time.perf_counter() - began)

    @contextmanager
    def _worker(self) -> Iterator[Callable[[], bool]]:
        process = Forked("services.notifier", "worker", env=self._env, errors=self._directory / "worker.log")

        def alive() -> bool:
            assert process.poll() is None, (self._directory / "worker.log").read_text()[-2000:]
            return True

        try:
            yield alive
        finally:
            process.kill()
            process.wait(30)

    def _ripen(self) -> None:
        """The next day comes: digests are due."""
        with self._db.write() as session:
            waiting = update(DigestItem).where(DigestItem.digest_id.is_(None))
            session.execute(waiting.values(due_at=datetime.now(UTC)))

    def _settled(self) -> bool:
        with self._db.read() as session:
            heard = session.scalar(select(func.count()).select_from(Notice).where(Notice.event_type == EVENT))
            if heard != 2 * self._size.events:
                return False
            moving = select(Dispatch.id).where(Dispatch.state.in_(("waiting", "sending"))).limit(1)
            gathering = select(DigestItem.user_id).where(DigestItem.digest_id.is_(None)).limit(1)
            if session.execute(gathering).first() is None:
                untold = select(outbox.c.id).limit(1)
                return session.execute(moving).first() is None and session.execute(untold).first() is None
        self._ripen()
        return False

    def _told(self, seconds: float) -> Told:
        seen, states = self._hooks.seen(), self._states()
        mails = Counter(_mail_id(raw) for _, _, raw in self._mailbox.mails)
        came = Counter({key: count for (_, key), count in seen.items()}) + mails
        wrong = [*self._sent_wrong(states, came), *self._digested_wrong(), *self._told_wrong(states)]
        digests = sum(state[0] == DIGEST for state in states.values())
        repeated = sum(count - 1 for count in came.values())
        self._db.close()
        return Told(seconds, self._size.events * RECEIVERS, came.total(), repeated, digests, wrong)

    def _states(self) -> dict[str, tuple[str, str, str]]:
        """Of each dispatch: the event, the channel, where it ended."""
        query = select(Dispatch.id, Notice.event_type, Dispatch.channel, Dispatch.state)
        with self._db.read() as session:
            rows = session.execute(query.join(Notice, Notice.id == Dispatch.notice_id))
            return {row.id: (row.event_type, row.channel, row.state) for row in rows}

    def _sent_wrong(self, states: dict[str, tuple[str, str, str]], came: Counter[str]) -> Iterator[str]:
        """Everybody was sent theirs or is seen to have failed; nothing came that was not ours to send."""
        events = self._size.events
        by_channel = Counter(state[1:] for state in states.values() if state[0] == EVENT)
        expected = {
            ("inbox", "accepted"): 2 * events,
            ("webhook", "accepted"): (HOOKS - 1) * events,
            ("webhook", "dead"): events,
            ("email", "accepted"): 2 * events,
        }
        if by_channel != expected:
            yield f"dispatches {dict(by_channel)} instead of {expected}"
        outside = {key for key, state in states.items() if state[1] != "inbox"}
        if missing := outside - came.keys():
            yield f"{len(missing)} recorded and never sent"
        if strange := came.keys() - outside:
            yield f"{len(strange)} came that are not known"

    def _digested_wrong(self) -> Iterator[str]:
        """Every message stands in one digest, and every digest says as many as it holds."""
        with self._db.read() as session:
            held = Counter(session.scalars(select(DigestItem.digest_id)))
            query = select(Notice.id, Notice.body).where(Notice.event_type == DIGEST)
            said = {row.id: len(re.findall(r"(?m)^\d+\. ", row.body)) for row in session.execute(query)}
        if held != said:
            yield f"digests hold {len(held)} × and say {len(said)} ×"
        if held.total() != self._size.events:
            yield f"{held.total()} messages in digests"

    def _told_wrong(self, states: dict[str, tuple[str, str, str]]) -> Iterator[str]:
        """The log tells each fate once, numbered without a gap."""
        reader = open_log(self._env["EVENTS_URL"]).reader([TOPIC], f"check-{os.urandom(4).hex()}")
        told: dict[str, Event] = {}
        while records := reader.poll(1000, 2.0):
            told |= {event.id: event for event in map(from_record, records)}
        reader.close()
        numbers: dict[str, list[int]] = {}
        for event in told.values():
            numbers.setdefault(event.subject, []).append(event.sequence)
        gaps = [key for key, each in numbers.items() if sorted(each) != [*range(1, len(each) + 1)]]
        if gaps:
            yield f"{len(gaps)} subjects with gaps"
        fates = Counter(event.type for event in told.values())
        failed = sum(state[2] == "dead" for state in states.values())
        expected = {"notice.failed": failed, "notice.delivered": len(states) - failed}
        if fates != expected:
            yield f"told {dict(fates)}, and it was {expected}"


def fan_out(directory: Path, size: Size, env: dict[str, str] | None = None) -> Told:
    """On files in the directory, or on the database and log that `env` names."""
    places = {
        "NOTIFIER_DB_URL": f"sqlite:///{directory}/notifier.db",
        "EVENTS_URL": f"sqlite:///{directory}/events.db",
        **(env or {}),
    }
    with hooks() as receiver, mail_server() as (mailbox, smtp_url):
        run = FanOut(directory, size, receiver, mailbox, {**places, "SMTP_URL": smtp_url})
        run.prepare()
        return run.run()


def _mail_id(raw: bytes) -> str:
    found: Sequence[bytes] = re.findall(rb"(?im)^Message-ID: <([^@.]+)", raw)
    return found[0].decode()
