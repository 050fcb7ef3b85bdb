"""Readers outside: what they ask of the public routes, and when they first see what was committed.

Search, feed and listings are asked of the public process, the log of the office's, each on connections of
its own. A reader of feed and log rests PACE seconds between two questions; its rest is in the figures.
"""

import contextlib
import http.client
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from threading import Event
from typing import Any

from services.blacklist.transparency.domain.commitments import entry_of
from shared.tlog.notes import Checkpoint, Note, NoteKey
from shared.tlog.tree import leaf_hash, verify_inclusion

PACE = 0.02
PROOF_OF_EVERY = 10
"""A proof of a listing takes ten times the work of a checkpoint: of so many listings one is asked for."""
REGISTER = "/api/v1/register"


@dataclass(frozen=True)
class Published:
    """A listing whose transaction has just been committed."""

    serial: int
    id: str
    code: str


@dataclass
class Told:
    """Times by `perf_counter`, written down by all threads: each has dictionaries of its own."""

    committed: dict[str, float] = field(default_factory=dict)
    search: dict[str, float] = field(default_factory=dict)
    feed: dict[str, float] = field(default_factory=dict)
    places: dict[str, int] = field(default_factory=dict)
    """Where in the feed a listing was first told."""
    checkpoints: list[tuple[float, int]] = field(default_factory=list)
    """When a signed checkpoint of that size was first read."""
    proof: dict[str, float] = field(default_factory=dict)
    removed: dict[str, float] = field(default_factory=dict)
    tombstone: dict[str, float] = field(default_factory=dict)
    still_seen: list[str] = field(default_factory=list)
    """Where a listing was still shown after its removal was committed."""


class Asked:
    """One kept connection to a process of the system."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def __call__(self, path: str) -> tuple[int, bytes]:
        with contextlib.suppress(ConnectionError, http.client.HTTPException):
            return self._once(path)
        self._connection.close()  # the server closed it while nothing was asked
        return self._once(path)

    def _once(self, path: str) -> tuple[int, bytes]:
        self._connection.request("GET", path)
        answer = self._connection.getresponse()
        return answer.status, answer.read()

    def items(self, path: str) -> list[dict[str, Any]]:
        status, body = self(path)
        if status != 200:
            raise RuntimeError(f"{path}: {status} {body[:300]!r}")
        found: list[dict[str, Any]] = json.loads(body)["items"]
        return found


def watch_search(told: Told, port: int, fresh: "SimpleQueue[Published]", stop: Event) -> None:
    """Asks for the code of each listing from its commit on, until the answer has it."""
    ask = Asked(port)
    while not stop.is_set():
        with contextlib.suppress(Empty):
            listing = fresh.get(timeout=0.1)
            while not _is_found(ask, listing):
                if stop.wait(PACE):
                    return
            told.search[listing.id] = time.perf_counter()


def _is_found(ask: Asked, listing: Published) -> bool:
    found = ask.items(f"{REGISTER}?q={listing.code}&limit=10")
    return any(each["id"] == listing.id for each in found)


def watch_feed(told: Told, port: int, stop: Event) -> None:
    """Reads the feed from its beginning, as one who keeps a copy does."""
    ask, after = Asked(port), 0
    while not stop.wait(PACE):
        entries = ask.items(f"{REGISTER}/changes?after={after}&limit=200&wait=1")
        now = time.perf_counter()
        for entry in entries:
            after, listing_id = entry["position"], entry["listing_id"]
            if listing_id not in told.feed and entry["operation"] == "current":
                told.places[listing_id] = after
                told.feed[listing_id] = now
            elif entry["operation"] == "withdrawn":
                told.tombstone.setdefault(listing_id, now)


def watch_log(told: Told, port: int, stop: Event) -> None:
    """Reads checkpoints and holds each against the log's key."""
    ask, size = Asked(port), 0
    keys = log_keys(ask)
    while not stop.wait(PACE):
        status, note = ask("/api/v1/log/checkpoint")
        if status != 200:
            raise RuntimeError(f"checkpoint: {status}")
        found = checked(note, keys)
        if found.size > size:
            size = found.size
            told.checkpoints.append((time.perf_counter(), size))


def watch_proofs(told: Told, port: int, fresh: "SimpleQueue[Published]", stop: Event) -> None:
    """Asks for the proof of some listings until there is one, and checks it as an outsider can."""
    ask = Asked(port)
    keys = log_keys(ask)
    while not stop.is_set():
        with contextlib.suppress(Empty):
            listing = fresh.get(timeout=0.1)
            while not _is_proven(ask, listing, keys):
                if stop.wait(PACE):
                    return
            told.proof[listing.id] = time.perf_counter()


def _is_proven(ask: Asked, listing: Published, keys: list[NoteKey]) -> bool:
    status, body = ask(f"{REGISTER}/{listing.id}/proof")
    if status == 404:  # not in the log yet
        return False
    given = json.loads(body)
    leaf, checkpoint = given["leaves"][0], checked(given["checkpoint"].encode(), keys)
    hashed = leaf_hash(entry_of(leaf["kind"], bytes.fromhex(leaf["commitment"])))
    path = [bytes.fromhex(step) for step in leaf["proof"]]
    verify_inclusion(hashed, leaf["index"], checkpoint.size, path, checkpoint.root)
    return True


def log_keys(ask: Asked) -> list[NoteKey]:
    return [NoteKey.parse(each) for each in json.loads(ask("/api/v1/log/keys")[1])["log"]]


def checked(note: bytes, keys: list[NoteKey]) -> Checkpoint:
    """BadNote unless the log signed it."""
    found = Note.parse(note)
    found.require(keys)
    return Checkpoint.parse(found.text)


class AfterRemoval:
    """The next question after a removal, everywhere a listing is shown."""

    def __init__(self, told: Told, public: int, office: int) -> None:
        self._told, self._public, self._office = told, Asked(public), Asked(office)

    def __call__(self, listing: Published) -> None:
        questions: dict[str, Callable[[Published], bool]] = {
            "search": lambda each: _is_found(self._public, each),
            "feed": self._in_feed,
            "listing": lambda each: self._public(f"{REGISTER}/{each.id}")[0] == 200,
            "page": lambda each: self._public(f"/listings/{each.id}")[0] == 200,
            "proof": lambda each: self._office(f"{REGISTER}/{each.id}/proof")[0] == 200,
        }
        self._told.still_seen += [where for where, is_seen in questions.items() if is_seen(listing)]

    def _in_feed(self, listing: Published) -> bool:
        """The place where it was told once."""
        before = self._told.places[listing.id] - 1
        (entry,) = self._public.items(f"{REGISTER}/changes?after={before}&limit=1")
        return entry["listing_id"] != listing.id or entry["listing"] is not None
