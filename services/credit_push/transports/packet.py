"""Data packets in a place both sides reach: body, manifest, then an empty .ok by rename; feedback returns.

A row that got no feedback is sent again in another packet under its own key: the platform answers it once.
"""

import csv
import io
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace

from services.credit_push.catalogue import Profile
from services.credit_push.formats import WITH_LISTING_ID, packet
from services.credit_push.formats.bodies import MEDIA_TYPES, packet_body
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
    PreviewFile,
    Receipt,
    Timing,
    TransportDown,
    Within,
    not_ours,
)
from services.credit_push.transports.buckets import bucket_hash, digest_rows
from services.credit_push.transports.drops import ANSWERS, IN, OUT, Drop, DropFault
from services.credit_push.transports.http_ledger import ledger_row
from shared.logs import get_log

RESULTS = {"accepted": FILED, "rejected": REFUSED}
FLAG, SHEET = ".feedback.ok", ".feedback.csv"
MOST_FAULTS = 3
"""That may pass, before the rest waits for the next look: a place that hangs costs so many time-outs."""
log = get_log(__name__)


class Packets:
    """A platform that takes data packets."""

    def __init__(self, profile: Profile, drop: Drop, clock: Timing, sender: str) -> None:
        self._profile, self._drop, self._clock, self._sender = profile, drop, clock, sender
        self._faults: dict[str, int] = {}
        """How often what lies there could not be read; whatever never failed is read first."""

    def send(self, jobs: Sequence[Job]) -> list[Outcome]:
        return [outcome for batch in _batches(jobs).values() for outcome in self._deliver(batch)]

    def _deliver(self, jobs: Sequence[Job]) -> list[Outcome]:
        batch_id = jobs[0].batch_id
        try:
            if not self._drop.there(f"{IN}/{batch_id}.ok", f"{OUT}/{batch_id}.feedback.ok"):
                files = self._files(batch_id, jobs)
                if held := not_ours(jobs):
                    return held
                self._drop.put(files)
        except DropFault as fault:
            result = UNKNOWN if fault.uncertain else FAILED
            return [_silent(job, result, fault) for job in jobs]
        return [Outcome(job.delivery_id, TAKEN) for job in jobs]

    def _files(self, batch_id: str, jobs: Sequence[Job]) -> list[tuple[str, bytes]]:
        """Body, manifest, and last the mark that both are complete."""
        layout, kind = jobs[0].content.layout, self._profile.transport.file
        lines = [
            packet.Line(job.key, job.operation, job.listing_id, job.version, job.content.row) for job in jobs
        ]
        file, now = f"{batch_id}.{kind}", self._clock.system_now()
        head = packet.head_of(batch_id, self._sender, layout, lines, now)
        body = packet_body(layout, lines, kind, head)
        told = packet.manifest(batch_id, self._sender, layout, file, body, lines, now)
        return [
            (f"{IN}/{file}", body),
            (f"{IN}/{batch_id}.manifest.json", told),
            (f"{IN}/{batch_id}.ok", b""),
        ]

    def query(self, jobs: Sequence[Job]) -> list[Outcome]:
        return [outcome for batch in _batches(jobs).values() for outcome in self._ask(batch)]

    def _ask(self, jobs: Sequence[Job]) -> list[Outcome]:
        # between the taking of a packet and its feedback nothing is to be seen
        batch_id = jobs[0].batch_id
        try:
            told = {receipt.key: receipt for receipt in self._feedback(batch_id)}
            waiting = self._drop.there(f"{IN}/{batch_id}.ok")
        except DropFault as fault:
            return [_silent(job, UNKNOWN, fault) for job in jobs]
        except ValueError as error:
            return [Outcome(job.delivery_id, UNKNOWN, message=type(error).__name__) for job in jobs]
        unsaid = TAKEN if waiting else UNSEEN
        return [
            _outcome(job, told[job.key]) if job.key in told else Outcome(job.delivery_id, unsaid)
            for job in jobs
        ]

    def _feedback(self, batch_id: str) -> list[Receipt]:
        if not batch_id or not self._drop.there(f"{OUT}/{batch_id}{FLAG}"):
            return []
        rows = packet.read_feedback(self._drop.read(f"{OUT}/{batch_id}{SHEET}"))
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
        if not self._drop.ripe():
            return []
        flags, found, left = self._flags(), [], MOST_FAULTS
        self._faults = {flag: self._faults.get(flag, 0) for flag in flags}
        for flag in sorted(flags, key=self._faults.__getitem__):
            try:
                found += self._feedback(flag.removesuffix(FLAG))
            except (DropFault, ValueError) as fault:  # one odd file keeps no other from us
                passing = isinstance(fault, DropFault) and fault.passing
                self._note_odd(flag, fault, passing=passing)
                left -= passing
            if not left:
                break
        return found

    def _flags(self) -> list[str]:
        return [flag for flag in self._drop.listing(FLAG) if not flag.startswith(ANSWERS)]

    def _note_odd(self, flag: str, fault: Exception, *, passing: bool) -> None:
        """Kept for a person, out of the way of the others, unless waiting may help."""
        platform, batch_id = self._profile.id, flag.removesuffix(FLAG)
        if not self._faults[flag]:
            log.warning("feedback not readable", platform=platform, batch=batch_id, why=str(fault))
        self._faults[flag] += 1
        if passing:
            return
        try:
            self._drop.rename(f"{OUT}/{flag}", f"{OUT}/{batch_id}.feedback.unreadable")
        except DropFault as other:
            log.warning("feedback not put aside", platform=platform, batch=batch_id, why=str(other))

    def forget(self, receipts: Sequence[Receipt]) -> None:
        for batch_id in {receipt.token for receipt in receipts if receipt.token}:
            try:
                self._drop.clear(f"{OUT}/{batch_id}{FLAG}", f"{OUT}/{batch_id}{SHEET}")
            except DropFault as fault:  # found again, and by then known
                log.warning("feedback not cleared", platform=self._profile.id, why=str(fault))

    def ledger(self, run_id: str) -> Ledger | None:
        done, file = f"{OUT}/{run_id}.ledger.ok", f"{OUT}/{run_id}.ledger.csv"
        request = f"{IN}/{run_id}.ledger-request"
        try:
            if not self._drop.there(done):
                if not self._drop.there(request):
                    self._drop.put([(request, b"")])
                return None
            told = csv.DictReader(io.StringIO(self._drop.read(file).decode("utf-8-sig")))
            with_id = self._profile.record.format in WITH_LISTING_ID
            rows = [ledger_row(row) if with_id else _known_by_content(row) for row in map(dict, told)]
            self._drop.clear(done, file)
        except DropFault as fault:
            raise TransportDown(str(fault)) from fault
        except (csv.Error, ValueError) as error:
            raise TransportDown("台账答复无法读取") from error
        return ListLedger(rows)

    def preview(self, job: Job) -> Preview:
        laid, kind = self._files(job.batch_id, [job]), self._profile.transport.file
        types = (MEDIA_TYPES[kind], MEDIA_TYPES["json"], "text/plain")
        files = tuple(
            PreviewFile(name.removeprefix(f"{IN}/"), media, body)
            for (name, body), media in zip(laid, types, strict=True)
        )
        line = packet.Line(job.key, job.operation, job.listing_id, job.version, job.content.row)
        text = packet.to_csv(packet.table_of(job.content.layout, [line])) if kind == "xlsx" else b""
        return Preview(self._drop.shown(laid[0][0]), laid[0][1], files=files, readable=text)

    def close(self) -> None:
        self._drop.close()


def _batches(jobs: Sequence[Job]) -> dict[str, list[Job]]:
    batches: dict[str, list[Job]] = defaultdict(list)
    for job in jobs:
        batches[job.batch_id].append(job)
    return batches


def _silent(job: Job, result: str, fault: DropFault) -> Outcome:
    return Outcome(job.delivery_id, result, message=str(fault), retry_after=fault.retry_after)


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
