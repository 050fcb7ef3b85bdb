"""A generation of the register's files: one snapshot, and the delta that leads to it from the one before.

Every line begins with its listing's id at a fixed place, so that a line can be left out without reading it.
"""

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from services.blacklist.register.domain import SUSPENDED, Kind

DELTAS_KEPT = 200
FOLDER, MANIFEST, BLOCKED = "snapshots", "manifest.json", "blocked.json"
_ID_AT = {"ndjson": len('{"id": "'), "csv": 0, "delta": len('{"id": "')}
_ID_SIZE = 36


def withdrawn(steps: Iterable[tuple[str, str | None]]) -> bool:
    """Whether a listing's steps (kind and reason code, oldest first) took it out of public sight in the end.

    Corrections and marks never do. Two hides may stand together; lifting one leaves the other.
    """
    ended, hides = False, set[bool]()
    for kind, code in steps:
        if kind in (Kind.REMOVED, Kind.REVOKED):
            ended = True
        elif kind == Kind.RESTORED:
            ended, hides = False, set[bool]()
        elif kind == Kind.SHIELDED:
            hides.add(code == SUSPENDED)
        elif kind == Kind.UNSHIELDED:
            hides.discard(code == SUSPENDED)
    return ended or bool(hides)


@dataclass(frozen=True)
class StoredFile:
    """One file as it lies in the folder."""

    name: str
    form: str
    lines: int
    bytes: int
    sha256: str
    position: int
    """The place in the change feed from which a reader of this file goes on."""

    @classmethod
    def of(cls, path: Path, form: str, lines: int, position: int) -> "StoredFile":
        digest = hashlib.sha256()
        with path.open("rb") as file:
            while block := file.read(1 << 16):
                digest.update(block)
        return cls(path.name, form, lines, path.stat().st_size, digest.hexdigest(), position)


@dataclass(frozen=True)
class Manifest:
    """What the folder offers; everything in it was public at `position` and on `day`."""

    generation: int
    built_at: str
    position: int
    rows: int
    day: str
    files: list[StoredFile] = field(default_factory=list)
    deltas: list[StoredFile] = field(default_factory=list)

    def named(self, name: str) -> StoredFile | None:
        return next((each for each in (*self.files, *self.deltas) if each.name == name), None)

    def of_form(self, form: str) -> StoredFile:
        return next(each for each in self.files if each.form == form)


def read_manifest(folder: Path) -> Manifest | None:
    """The newest complete generation; None before the first."""
    try:
        said = json.loads((folder / MANIFEST).read_text("utf-8"))
    except FileNotFoundError:
        return None
    files, deltas = ([StoredFile(**each) for each in said.pop(name)] for name in ("files", "deltas"))
    return Manifest(**said, files=files, deltas=deltas)


def write_json(path: Path, content: Any) -> None:
    """In one step: readers see the old file or the new one."""
    fresh = path.with_suffix(".tmp")
    fresh.write_text(json.dumps(content, ensure_ascii=False, indent=1), "utf-8")
    fresh.replace(path)


def write_manifest(folder: Path, manifest: Manifest) -> None:
    write_json(folder / MANIFEST, asdict(manifest))


def id_of(line: bytes, form: str) -> str:
    """The listing a line is about; of a heading, nothing that is an id."""
    start = _ID_AT[form]
    return line[start : start + _ID_SIZE].decode("utf-8", "replace")


def shown_lines(
    lines: Iterable[bytes], form: str, gone: Collection[str], changed: Collection[str] = ()
) -> Iterator[bytes]:
    """The lines without listings that are no longer public; in a delta they become tombstones.

    Those that say something else by now are left out: a newer delta has them, and a correction may have
    covered what they said.
    """
    for line in lines:
        listing_id = id_of(line, form)
        if listing_id in gone:
            if form == "delta":
                yield tombstone(listing_id)
        elif listing_id not in changed:
            yield line


def tombstone(listing_id: str) -> bytes:
    """All that is said of what is gone."""
    return json.dumps({"id": listing_id, "operation": "withdrawn", "listing": None}).encode() + b"\n"


def current(line: bytes, listing_id: str) -> bytes:
    """A delta's line around a snapshot's line."""
    return f'{{"id": "{listing_id}", "operation": "current", "listing": '.encode() + line.rstrip() + b"}\n"


def stamp(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
