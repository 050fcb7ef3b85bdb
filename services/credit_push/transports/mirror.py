"""A platform's own topic: every version of a listing under its id; compaction keeps what is shown now.

Identity numbers travel sealed to the platform's registered key, never in the clear; a withdrawal carries
neither them nor the facts. The broker's acknowledgement is the receipt, or a topic the platform writes.
"""

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

from services.credit_push.catalogue import Profile
from services.credit_push.domain import WITHDRAW
from services.credit_push.formats import content_digest
from services.credit_push.transports.base import (
    FILED,
    REFUSED,
    TAKEN,
    UNKNOWN,
    UNSEEN,
    Job,
    Ledger,
    LedgerRow,
    Outcome,
    Preview,
    Receipt,
    TransportDown,
    not_ours,
)
from services.credit_push.transports.packet import ListLedger
from shared.crypto import hpke_seal
from shared.eventlog import Access, EventLog, LogError, Record, RefusedRecords, open_log
from shared.logs import get_log
from shared.platform_keys import PlatformKey

log = get_log(__name__)
DIGEST: Final = "content_digest"
"""Header with the digest of the content as the platform is to show it, identity numbers included."""
GONE = ("listing_id", "version", "status", "document_number", "subject_name", "reason_code", "reason")
RESULTS = {"accepted": FILED, "rejected": REFUSED}
MOST_RECEIPTS = 500
INFO = b"credit-blacklist mirror v1"
Recipients = Callable[[str], Sequence[tuple[str, X25519PublicKey]]]
"""Keys a platform has registered, by its id: (key id, public key)."""


def mirror_aad(key: str, field: str) -> bytes:
    """What a sealed number is bound to."""
    return f"{key}|{field}".encode()


class Mirror:
    """A platform that reads a topic of its own."""

    def __init__(self, profile: Profile, key: PlatformKey | None, recipients: Recipients) -> None:
        self._profile, self._recipients = profile, recipients
        self._log: EventLog = open_log(profile.transport.events, _access(profile, key))
        self._reader: Any = None
        self._arrived: list[Receipt] = []

    def send(self, jobs: Sequence[Job]) -> list[Outcome]:
        sealed = [job for job in jobs if job.operation == WITHDRAW or self._can_seal(job)]
        told = {job.delivery_id: _no_key(job) for job in jobs} | self._append(sealed)
        return list(told.values())

    def _can_seal(self, job: Job) -> bool:
        return not job.content.row["id_number"] or bool(self._recipients(self._profile.id))

    def _append(self, jobs: Sequence[Job]) -> dict[str, Outcome]:
        done = TAKEN if self._profile.transport.receipts_topic else FILED
        told = {job.delivery_id: Outcome(job.delivery_id, done) for job in jobs}
        try:
            records = [self._record(job) for job in jobs]
            if held := not_ours(jobs):
                return {one.delivery_id: one for one in held}
            self._log.append(records)
        except RefusedRecords as error:
            for at in error.reasons.keys() | error.withheld:
                reason = error.reasons.get(at, "")
                told[jobs[at].delivery_id] = Outcome(
                    jobs[at].delivery_id, REFUSED, code="SIZE", message=reason
                )
        except (LogError, OSError) as error:
            return {id_: Outcome(id_, UNKNOWN, message=type(error).__name__) for id_ in told}
        return told

    def _record(self, job: Job) -> Record:
        headers = ((DIGEST, content_digest(job.content).encode()),)
        return Record(self._profile.transport.topic, job.listing_id, self._value(job), headers)

    def _value(self, job: Job) -> bytes:
        row = job.content.row
        if job.operation == WITHDRAW:
            return _json({"idempotency_key": job.key, **{name: row[name] for name in GONE}})
        open_part = {name: value for name, value in row.items() if name != "id_number"}
        return _json({"idempotency_key": job.key, **open_part, "identity": self._sealed(job)})

    def _sealed(self, job: Job) -> list[dict[str, str]]:
        number = str(job.content.row["id_number"])
        return [
            {
                "field": "id_number",
                "key_id": key_id,
                "sealed": base64.b64encode(
                    hpke_seal(public, number.encode(), mirror_aad(job.key, "id_number"), INFO)
                ).decode(),
            }
            for key_id, public in (self._recipients(self._profile.id) if number else ())
        ]

    def query(self, jobs: Sequence[Job]) -> list[Outcome]:
        """Nobody is there to be asked; whoever reads the topic drops what he has."""
        return [Outcome(job.delivery_id, UNSEEN) for job in jobs]

    def receipts(self, awaited: Sequence[str]) -> list[Receipt]:  # noqa: ARG002  whatever has been written
        topic = self._profile.transport.receipts_topic
        if not topic:
            return []
        if self._reader is None:
            self._reader = self._log.reader([topic], f"credit-push-receipts-{self._profile.id}")
        more = self._reader.poll(max(0, MOST_RECEIPTS - len(self._arrived)), timeout=0.0)
        self._arrived += [receipt for record in more if (receipt := _receipt(record)) is not None]
        return list(self._arrived)

    def forget(self, receipts: Sequence[Receipt]) -> None:
        self._arrived = [receipt for receipt in self._arrived if receipt not in receipts]
        if self._reader is not None and not self._arrived:
            self._reader.commit()

    def ledger(self, run_id: str) -> Ledger | None:  # noqa: ARG002  read on the spot
        shown: dict[str, LedgerRow | None] = {}
        newest: dict[str, int] = {}
        try:
            for record in self._log.read_back(self._profile.transport.topic):
                if not record.value:
                    shown[record.key] = None
                    continue
                row, version = _shown(record)
                if version >= newest.get(record.key, 0):
                    shown[record.key], newest[record.key] = row, version
        except (LogError, OSError) as error:
            raise TransportDown(type(error).__name__) from error
        return ListLedger([row for row in shown.values() if row is not None])

    def preview(self, job: Job) -> Preview:
        return Preview(f"{self._profile.transport.topic} {job.listing_id}", self._value(job))

    def close(self) -> None:
        if self._reader is not None:
            self._reader.close()
        self._log.close()


def _access(profile: Profile, key: PlatformKey | None) -> Access | None:
    spec = profile.transport
    if key is None and not spec.ca_file:
        return None
    name, word = (key.key_id, key.secret.decode()) if key else ("", "")
    return Access(name, word, spec.mechanism, spec.tls, spec.ca_file)


def _no_key(job: Job) -> Outcome:
    message = "平台未登记接收公钥，个人证件号码不能进入主题"
    return Outcome(job.delivery_id, REFUSED, field="id_number", code="NO_KEY", message=message)


def _json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _receipt(record: Record) -> Receipt | None:
    """One receipt of the platform's; None for what is none, which is told to operators and left behind."""
    names = ("receipt_number", "field", "code", "message")
    try:
        told = json.loads(record.value)
        texts = {name: str(told.get(name) or "") for name in names}
        return Receipt(str(told["idempotency_key"]), RESULTS.get(told["result"], UNKNOWN), **texts)
    except (ValueError, KeyError, TypeError, AttributeError):
        log.warning("receipt not readable", topic=record.topic, offset=record.offset)
        return None


def _shown(record: Record) -> tuple[LedgerRow | None, int]:
    """What a record makes the platform show of a listing (None: nothing), and its version."""
    told = json.loads(record.value)
    if told["status"] == "撤销":
        return None, told["version"]
    digest = dict(record.headers).get(DIGEST, b"").decode()
    number, name = told["document_number"], told["subject_name"]
    return LedgerRow(record.key, record.key, number, name, told["version"], digest), told["version"]
