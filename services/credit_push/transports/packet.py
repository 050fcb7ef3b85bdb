"""Data packets in a folder both sides reach: sheet, manifest, then an empty .ok by rename; feedback returns.

A row that got no feedback is sent again in another packet under its own key: the platform answers it once.
"""

import csv
import io
import os
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from services.credit_push.catalogue import Profile
from services.credit_push.formats import packet
from services.credit_push.transports.base import (
    FAILED,
    FILED,
    REFUSED,
    TAKEN,
    UNKNOWN,
    UNSEEN,
    Digest,
    Job,
    Ledger,
    LedgerRow,
    Outcome,
    Preview,
    Receipt,
    Timing,
    Within,
)
from services.credit_push.transports.buckets import bucket_hash, digest_rows
from services.credit_push.transports.http_ledger import ledger_row

RESULTS = {"accepted": FILED, "rejected": REFUSED}


class PacketFolder:
    """A platform that takes data packets."""

    def __init__(self, profile: Profile, clock: Timing, sender: str) -> None:
        self._profile, self._clock, self._sender = profile, clock, sender
        folder = Path(profile.transport.directory)
        self._in, self._out = folder / "in", folder / "out"

    def send(self, jobs: Sequence[Job]) -> list[Outcome]:
        batches: dict[str, list[Job]] = defaultdict(list)
        for job in jobs:
            batches[job.batch_id].append(job)
        return [outcome for batch in batches.values() for outcome in self._deliver(batch)]

    def _deliver(self, jobs: Sequence[Job]) -> list[Outcome]:
        batch_id = jobs[0].batch_id
        try:
            if not self._sent(batch_id):
                self._write(batch_id, jobs)
        except OSError as error:
            result = UNKNOWN if (self._in / f"{batch_id}.ok").exists() else FAILED
            return [Outcome(job.delivery_id, result, message=type(error).__name__) for job in jobs]
        return [Outcome(job.delivery_id, TAKEN) for job in jobs]

    def _sent(self, batch_id: str) -> bool:
        return (self._in / f"{batch_id}.ok").exists() or (self._out / f"{batch_id}.feedback.ok").exists()

    def _write(self, batch_id: str, jobs: Sequence[Job]) -> None:
        layout, kind = jobs[0].content.layout, self._profile.transport.file
        lines = [
            packet.Line(job.key, job.operation, job.listing_id, job.version, job.content.row) for job in jobs
        ]
        body = packet.sheet(layout, lines, kind)
        file, now = f"{batch_id}.{kind}", self._clock.system_now()
        self._in.mkdir(parents=True, exist_ok=True)
        _put(self._in / file, body)
        _put(
            self._in / f"{batch_id}.manifest.json",
            packet.manifest(batch_id, self._sender, layout, file, body, lines, now),
        )
        _put(self._in / f"{batch_id}.ok", b"")

    def query(self, jobs: Sequence[Job]) -> list[Outcome]:
        return [self._ask(job) for job in jobs]

    def _ask(self, job: Job) -> Outcome:
        # between the taking of a packet and its feedback nothing is to be seen
        try:
            for receipt in self._feedback(job.batch_id):
                if receipt.key == job.key:
                    return _outcome(job, receipt)
            waiting = (self._in / f"{job.batch_id}.ok").exists()
        except (OSError, ValueError) as error:
            return Outcome(job.delivery_id, UNKNOWN, message=type(error).__name__)
        return Outcome(job.delivery_id, TAKEN if waiting else UNSEEN)

    def _feedback(self, batch_id: str) -> list[Receipt]:
        if not batch_id or not (self._out / f"{batch_id}.feedback.ok").exists():
            return []
        rows = packet.read_feedback((self._out / f"{batch_id}.feedback.csv").read_bytes())
        return [
            Receipt(
                key=row["idempotency_key"],
                result=RESULTS.get(row["result"], UNKNOWN),
                receipt_number=row["receipt_number"],
                field=row["field"],
                code=row["code"],
                message=row["message"],
                batch_id=batch_id,
                token=batch_id,
            )
            for row in rows
        ]

    def receipts(self, awaited: Sequence[str]) -> list[Receipt]:  # noqa: ARG002  whatever lies in the folder
        found: list[Receipt] = []
        for flag in sorted(self._out.glob("*.feedback.ok")):
            try:
                found.extend(self._feedback(flag.name.removesuffix(".feedback.ok")))
            except ValueError:
                self._put_aside(flag.name.removesuffix(".feedback.ok"))
        return found

    def _put_aside(self, batch_id: str) -> None:
        """Feedback that is no feedback sheet: kept for a person, out of the way of the others."""
        (self._out / f"{batch_id}.feedback.ok").rename(self._out / f"{batch_id}.feedback.unreadable")

    def forget(self, receipts: Sequence[Receipt]) -> None:
        for batch_id in {receipt.token for receipt in receipts if receipt.token}:
            (self._out / f"{batch_id}.feedback.ok").unlink(missing_ok=True)
            (self._out / f"{batch_id}.feedback.csv").unlink(missing_ok=True)

    def ledger(self, run_id: str) -> Ledger | None:
        done, file = self._out / f"{run_id}.ledger.ok", self._out / f"{run_id}.ledger.csv"
        if not done.exists():
            self._in.mkdir(parents=True, exist_ok=True)
            request = self._in / f"{run_id}.ledger-request"
            if not request.exists():
                _put(request, b"")
            return None
        rows = [
            _known_by_content(dict(row)) for row in csv.DictReader(io.StringIO(file.read_text("utf-8-sig")))
        ]
        done.unlink()
        file.unlink()
        return ListLedger(rows)

    def preview(self, job: Job) -> Preview:
        line = packet.Line(job.key, job.operation, job.listing_id, job.version, job.content.row)
        file = f"{job.batch_id}.{self._profile.transport.file}"
        return Preview(str(self._in / file), packet.to_csv(packet.table_of(job.content.layout, [line])))

    def close(self) -> None:
        pass


def _known_by_content(row: dict[str, str]) -> LedgerRow:
    """A sheet carries neither listing id nor version, so both sides know its records by number and name."""
    told = ledger_row(row)
    return replace(told, match_key=f"{told.document_number}\n{told.subject_name}", version=None)


class ListLedger:
    """A ledger that came as one file."""

    def __init__(self, rows: list[LedgerRow]) -> None:
        self._rows = rows

    def digest(self, buckets: int, within: Within | None = None) -> Digest:
        return digest_rows(self._rows, buckets, within)

    def rows(self, bucket: int, buckets: int) -> Iterator[LedgerRow]:
        return (row for row in self._rows if bucket_hash(row.match_key) % buckets == bucket)


def _outcome(job: Job, receipt: Receipt) -> Outcome:
    return Outcome(
        job.delivery_id,
        receipt.result,
        receipt_number=receipt.receipt_number,
        field=receipt.field,
        code=receipt.code,
        message=receipt.message,
    )


def _put(path: Path, body: bytes) -> None:
    """Write and rename, so that nobody ever sees half a file."""
    fresh = path.with_name(f".{path.name}.new")
    with fresh.open("wb") as out:
        out.write(body)
        out.flush()
        os.fsync(out.fileno())
    fresh.replace(path)
