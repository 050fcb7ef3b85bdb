"""The front desk all ways in share: settings, store, faults, clock, keys, and the book of what was sent."""

import sqlite3
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from services.credit_push.sandbox.faults import LATE_SECONDS, Faults
from services.credit_push.sandbox.ledger import Moment, Receipt, Submission, submit
from services.credit_push.sandbox.platforms import PLATFORMS, Platform
from services.credit_push.sandbox.settings import SandboxSettings
from services.credit_push.sandbox.store import Store
from shared.clock import SystemClock
from shared.http import MemoryNonces
from shared.platform_keys import PlatformKey, platform_key, stand_in_sm2


@dataclass(frozen=True)
class Desk:
    """What every way in needs. `stopping` ends waits early at shutdown."""

    settings: SandboxSettings
    store: Store
    faults: Faults
    clock: SystemClock
    nonces: MemoryNonces = field(default_factory=MemoryNonces)
    stopping: threading.Event = field(default_factory=threading.Event)
    moving_clock: threading.Lock = field(default_factory=threading.Lock)

    def key(self, platform: str) -> PlatformKey:
        """The signing key shared with us; with SM2 the platform's own half of the pair."""
        file, known = self.settings.folder / "keys.json", PLATFORMS.get(platform)
        if known is not None and known.signature == "sm2":
            return stand_in_sm2(file, platform)
        return platform_key(file, platform)

    def pause(self, seconds: float) -> None:
        """Wait, unless the sandbox stops."""
        self.stopping.wait(seconds)


@dataclass(frozen=True)
class Strikes:
    """Faults drawn for one submission: its own, and per row."""

    own: frozenset[str]
    rows: Sequence[frozenset[str]]

    @property
    def late(self) -> float:
        """Seconds by which receipts come later."""
        return LATE_SECONDS if "delayed_receipt" in self.own else 0.0


Told = TypeVar("Told")
SUBMISSION_FAULTS = ("garbage", "drop_receipt", "duplicate_receipt", "delayed_receipt")
ROW_FAULTS = ("reject", "lose_record")


def draw(desk: Desk, platform: Platform, rows: int, own: Iterable[str] = SUBMISSION_FAULTS) -> Strikes:
    """Draw the faults of one submission of so many rows; before its transaction."""
    return Strikes(
        desk.faults.strike(platform.id, own),
        [desk.faults.strike(platform.id, ROW_FAULTS) for _ in range(rows)],
    )


def moment(desk: Desk, late: float = 0.0) -> Moment:
    """Now, with receipts visible so much later. Stamps are business time, waits are system time."""
    return Moment(desk.clock.now(), time.time() + late)


def take_rows(
    cx: sqlite3.Connection, platform: Platform, rows: Sequence[Submission], strikes: Strikes, now: Moment
) -> list[Receipt]:
    """Submit rows in order, in the caller's transaction."""
    return [
        submit(cx, platform, row, now, reject="reject" in hit, lose="lose_record" in hit)
        for row, hit in zip(rows, strikes.rows, strict=True)
    ]


def book(
    cx: sqlite3.Connection,
    platform: str,
    at: datetime,
    transport: str,
    line: str,
    body: str,
    status: str,
    answer: str,
) -> None:
    """Write down what came in (`line`: method and path, or file) and what was answered."""
    method, _, path = line.partition(" ")
    cx.execute(
        "INSERT INTO requests (platform, at, transport, method, path, body, status, answer)"
        " VALUES (?,?,?,?,?,?,?,?)",
        (platform, at.isoformat(), transport, method, path, body, status, answer),
    )


def doubled(receipts: Sequence[Told], strikes: Strikes) -> list[Told]:
    """Receipts as told: twice under `duplicate_receipt`, not at all under `drop_receipt`."""
    if "drop_receipt" in strikes.own:
        return []
    return [*receipts, *receipts] if "duplicate_receipt" in strikes.own else list(receipts)
