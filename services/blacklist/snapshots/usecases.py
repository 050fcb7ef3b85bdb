"""Writing a generation of files in one pass: new snapshot, delta from the old one, and what vanished.

Both snapshots are in the order of ids, so that they are compared line by line and memory stays flat. A
listing that vanished without a removal blocks the export: the old generation stays, and an alarm is raised.
"""

import csv
import io
import json
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from threading import Event
from typing import IO, Any

from services.blacklist.register.api.downloads import (
    COLUMNS,
    NAMES,
    flat,
    ndjson_line,
    safe_cell,
    write_sheets,
)
from services.blacklist.register.queries import newest_position, organisations_in_force
from services.blacklist.snapshots.domain import (
    BLOCKED,
    DELTAS_KEPT,
    FOLDER,
    Manifest,
    StoredFile,
    current,
    id_of,
    read_manifest,
    shown_lines,
    stamp,
    tombstone,
    write_json,
    write_manifest,
)
from services.blacklist.snapshots.queries import changed_since, unexplained
from services.blacklist.store import Deps, leases
from shared.leases import Lease
from shared.logs import get_log
from shared.metrics import gauge

LOOK_SECONDS = 1.0
LEAST_PAUSE, SHEET_PAUSE = 2.0, 60.0
PAUSE_FACTOR = 10.0
"""Building takes at most a tenth of the time, however large the register."""
log = get_log(__name__)
blocked_gauge = gauge(
    "snapshot_export_blocked", "Listings that vanished without a removal; 0 when all is well"
)
rows_gauge = gauge("snapshot_rows", "Listings in the newest snapshot")


@dataclass
class Pass:
    """What one comparison of the old snapshot and the register left behind."""

    rows: int = 0
    changes: int = 0
    missing: list[str] = field(default_factory=list)
    changed: set[str] = field(default_factory=set)


class SnapshotKeeper:
    """Loop: a new generation soon after every change, never so often that it would be all we do."""

    name = "snapshot-keeper"

    def __init__(self, deps: Deps, holder: str) -> None:
        self._deps = deps
        self._lease = Lease(deps.db, leases, self.name, holder)
        self._next = self._next_sheet = 0.0
        self._closed = Event()

    def step(self) -> bool:
        started = time.monotonic()
        if started >= self._next and self._due():
            if not self._lease.acquire():
                return False
            export(self._deps)
            self._next = _after(started, LEAST_PAUSE)
            return True
        return self._write_sheet(started)

    def _write_sheet(self, started: float) -> bool:
        """The newest generation's spreadsheet, when nothing else waits: it takes longest."""
        if started < self._next_sheet or not sheet_is_due(self._deps) or not self._lease.acquire():
            return False
        export_sheet(self._deps)
        self._next_sheet = _after(started, SHEET_PAUSE)
        return True

    def _due(self) -> bool:
        manifest = read_manifest(self._deps.data_dir / FOLDER)
        if manifest is None or manifest.day != self._deps.clock.today().isoformat():
            return True
        with self._deps.db.read() as session:
            return changed_since(session, manifest.position)

    def wait(self, timeout: float) -> bool:
        return not self._closed.wait(max(timeout, LOOK_SECONDS))

    def close(self) -> None:
        self._closed.set()
        self._lease.release()


def _after(started: float, least: float) -> float:
    """When to do again what took since then."""
    now = time.monotonic()
    return now + max(least, PAUSE_FACTOR * (now - started))


def export(deps: Deps) -> Manifest | None:
    """The new generation; None when it is blocked."""
    folder, today = deps.data_dir / FOLDER, deps.clock.today()
    folder.mkdir(parents=True, exist_ok=True)
    old = read_manifest(folder)
    generation = old.generation + 1 if old else 1
    names = {form: folder / f"{generation:08d}.{form}" for form in ("ndjson", "csv", "delta")}
    with deps.db.read() as session:
        position = newest_position(session)
        found = _write(folder, old, organisations_in_force(session, today), names)
        lost = unexplained(session, found.missing, old.position, today) if old else []
    if lost:
        _block(folder, lost, names, deps)
        return None
    manifest = _manifest(old, generation, position, found, names, today, stamp(deps.clock.now()))
    write_manifest(folder, manifest)
    _tidy(folder, manifest)
    blocked_gauge.set(0)
    rows_gauge.set(manifest.rows)
    return manifest


def sheet_is_due(deps: Deps) -> bool:
    """Whether the newest generation has no spreadsheet yet."""
    manifest = read_manifest(deps.data_dir / FOLDER)
    return manifest is not None and all(each.form != "xlsx" for each in manifest.files)


def export_sheet(deps: Deps) -> None:
    """XLSX of the newest generation from its NDJSON file."""
    folder = deps.data_dir / FOLDER
    manifest = read_manifest(folder)
    if manifest is None:
        return
    path = folder / f"{manifest.generation:08d}.xlsx"
    with (folder / manifest.of_form("ndjson").name).open("rb") as lines, path.open("wb") as file:
        write_sheets(map(_cells, lines), file)
    stored = StoredFile.of(path, "xlsx", manifest.rows, manifest.position)
    write_manifest(folder, replace(manifest, files=[*manifest.files, stored]))


def _cells(line: bytes) -> list[Any]:
    row = json.loads(line)
    return [row.get(name) for name in NAMES]  # a file of an earlier release may lack a column


def _write(
    folder: Path, old: Manifest | None, rows: Iterable[dict[str, Any]], names: dict[str, Path]
) -> Pass:
    found = Pass()
    with ExitStack() as open_files:
        before: Iterator[bytes] = iter(())
        if old is not None:
            before = open_files.enter_context((folder / old.of_form("ndjson").name).open("rb"))
        files = {form: open_files.enter_context(path.open("wb")) for form, path in names.items()}
        files["csv"].write("\ufeff".encode() + _csv_line([label for _, label, _ in COLUMNS]))
        _compare(before, rows, files, found)
    return found


def _compare(
    before: Iterator[bytes], rows: Iterable[dict[str, Any]], files: Mapping[str, IO[bytes]], found: Pass
) -> None:
    old = next(before, None)
    for row in rows:
        line = ndjson_line(row)
        while old is not None and id_of(old, "ndjson") < row["id"]:
            _vanish(old, files, found)
            old = next(before, None)
        if old is not None and id_of(old, "ndjson") == row["id"]:
            same, old = old == line, next(before, None)
            if not same:
                found.changed.add(row["id"])
        else:
            same = False
        if not same:
            files["delta"].write(current(line, row["id"]))
            found.changes += 1
        files["ndjson"].write(line)
        files["csv"].write(_csv_line([safe_cell(cell) for cell in flat(row)]))
        found.rows += 1
    while old is not None:
        _vanish(old, files, found)
        old = next(before, None)


def _vanish(line: bytes, files: Mapping[str, IO[bytes]], found: Pass) -> None:
    listing_id = id_of(line, "ndjson")
    files["delta"].write(tombstone(listing_id))
    found.missing.append(listing_id)
    found.changes += 1


def _csv_line(cells: list[str]) -> bytes:
    """One line in the file: a line break inside a cell would tear a record apart."""
    text = io.StringIO(newline="")
    csv.writer(text).writerow([" ".join(cell.splitlines()) for cell in cells])
    return text.getvalue().encode()


def _block(folder: Path, lost: list[str], names: dict[str, Path], deps: Deps) -> None:
    for path in names.values():
        path.unlink(missing_ok=True)
    write_json(folder / BLOCKED, {"at": stamp(deps.clock.now()), "count": len(lost), "listings": lost})
    blocked_gauge.set(len(lost))
    log.error("register export blocked: listings vanished without a removal", count=len(lost))


def _manifest(
    old: Manifest | None,
    generation: int,
    position: int,
    found: Pass,
    names: dict[str, Path],
    today: date,
    built_at: str,
) -> Manifest:
    files = [StoredFile.of(names[form], form, found.rows, position) for form in ("ndjson", "csv")]
    deltas = [_forgetting(names["delta"].parent, each, found) for each in old.deltas] if old else []
    if old is not None and found.changes:
        deltas.append(StoredFile.of(names["delta"], "delta", found.changes, position))
    return Manifest(
        generation, built_at, position, found.rows, today.isoformat(), files, deltas[-DELTAS_KEPT:]
    )


def _forgetting(folder: Path, delta: StoredFile, found: Pass) -> StoredFile:
    """An older delta without what has gone or changed since: nothing that was covered stays in it."""
    path, gone = folder / delta.name, set(found.missing)
    old = gone | found.changed
    with path.open("rb") as lines:
        if not any(id_of(line, "delta") in old for line in lines):
            return delta
        lines.seek(0)
        fresh = path.with_suffix(".tmp")
        with fresh.open("wb") as file:
            left = sum(1 for line in shown_lines(lines, "delta", gone, found.changed) if file.write(line))
    fresh.replace(path)
    return StoredFile.of(path, "delta", left, delta.position)


def _tidy(folder: Path, manifest: Manifest) -> None:
    """What no manifest names any more goes; whoever reads it still has it open."""
    kept = {each.name for each in (*manifest.files, *manifest.deltas)}
    for path in folder.iterdir():
        if path.suffix.lstrip(".") in {"ndjson", "csv", "delta", "xlsx"} and path.name not in kept:
            path.unlink(missing_ok=True)
    (folder / BLOCKED).unlink(missing_ok=True)
