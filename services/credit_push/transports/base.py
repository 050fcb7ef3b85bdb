"""The transport port: a synchronous batch out, outcomes back, receipts later, and a ledger to compare with.

Whatever the way, a transport is idempotent by key, answers per row, and says plainly what it does not know:
an `unknown` outcome is asked about (`query`) before anything is sent again.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol

from services.credit_push.formats import Content

FILED: Final = "filed"
"""The platform says the row is in its register (or out of it, for a withdrawal)."""
TAKEN: Final = "taken"
"""The platform took the row; its receipt follows."""
REFUSED: Final = "refused"
"""The platform examined the row and did not take it."""
FAILED: Final = "failed"
"""The row certainly had no effect (connection refused, 503 before reading): try again."""
UNKNOWN: Final = "unknown"
"""The row may have had its effect (time-out after sending, garbled answer): ask first."""
ABSENT: Final = "absent"
"""Answer to a query: the platform knows nothing of the key."""
UNSEEN: Final = "unseen"
"""Answer to a query: nothing is to be seen, yet the row may have been taken. Send it again under its key."""
HELD: Final = "held"
"""Not handed over: the platform had stopped answering before it was this row's turn."""
BY_HAND: Final = "by-hand"
"""A person has to carry it."""

ALREADY_GONE: Final = "NOT_FOUND"
ALREADY_THERE: Final = "EXISTS"


def always() -> bool:
    return True


@dataclass(frozen=True)
class Job:
    """One row to be sent. `formers`: rows the platform may show now, likeliest first, where it is changed by
    content: what its receipts say, and what may stand there should one of them have been wrong. `stands`:
    whether it is still ours to send, to be asked right before the row goes out, from any thread.
    """

    delivery_id: str
    key: str
    listing_id: str
    version: int
    operation: str
    batch_id: str
    content: Content
    formers: tuple[Mapping[str, str], ...] = ()
    stands: Callable[[], bool] = field(default=always, repr=False, compare=False)


@dataclass(frozen=True)
class Outcome:
    """What became of one job."""

    delivery_id: str
    result: str
    receipt_number: str = ""
    field: str = ""
    code: str = ""
    message: str = ""
    http_status: int | None = None
    milliseconds: int | None = None
    retry_after: float | None = None
    evidence: bytes = b""


def not_ours(jobs: Sequence[Job]) -> list[Outcome]:
    """Rows held back, where one is no longer ours to send; empty where all still are."""
    if all(job.stands() for job in jobs):
        return []
    return [Outcome(job.delivery_id, HELD, message="推送权已到期，退回待推送") for job in jobs]


@dataclass(frozen=True)
class Receipt:
    """A row's receipt that came on its own. `token` lets the transport forget it once it is stored."""

    key: str
    result: str
    receipt_number: str = ""
    field: str = ""
    code: str = ""
    message: str = ""
    batch_id: str = ""
    token: str = ""


@dataclass(frozen=True)
class PreviewFile:
    """A file as it would be laid down."""

    name: str
    media_type: str
    body: bytes

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.body).hexdigest()


@dataclass(frozen=True)
class Preview:
    """The bytes that would go, and where to. `readable`: the same for the eye, where the bytes are none."""

    target: str
    body: bytes
    head: str = ""
    """Of a request its first line and headers, the signature cut short."""
    signed: str = ""
    """What that signature is over."""
    files: tuple[PreviewFile, ...] = ()
    readable: bytes = b""


@dataclass(frozen=True)
class LedgerRow:
    """One record as the platform shows it."""

    match_key: str
    listing_id: str
    document_number: str
    subject_name: str
    version: int | None
    content_digest: str
    uscc: str = ""
    listed_in: str = ""
    """The list's code, or the sheet or table the record lies in; empty where the platform does not tell."""
    content: Mapping[str, str] | None = field(default=None, repr=False, compare=False)
    """The whole row, where the platform is changed by content."""


@dataclass(frozen=True)
class Digest:
    """Count and digest per bucket; buckets without rows are left out."""

    count: int
    buckets: dict[int, tuple[int, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Within:
    """Only what falls into this bucket when there are so many."""

    buckets: int
    bucket: int


class Ledger(Protocol):
    """What a platform holds, asked level by level so that only what differs is exchanged."""

    def digest(self, buckets: int, within: Within | None = None) -> Digest: ...

    def rows(self, bucket: int, buckets: int) -> Iterator[LedgerRow]: ...


class Transport(Protocol):
    """One platform's way in."""

    def send(self, jobs: Sequence[Job]) -> list[Outcome]:
        """Hand over a batch; one outcome a job, in any order. Never raises for what the platform does."""
        ...

    def query(self, jobs: Sequence[Job]) -> list[Outcome]:
        """What the platform knows of each job's key: filed, taken, refused, absent; unknown if silent."""
        ...

    def receipts(self, awaited: Sequence[str]) -> list[Receipt]:
        """Receipts that have arrived where this transport looks for them, at least those of `awaited` keys.

        The same ones again until `forget`.
        """
        ...

    def forget(self, receipts: Sequence[Receipt]) -> None:
        """The receipts are stored on our side."""
        ...

    def ledger(self, run_id: str) -> Ledger | None:
        """The platform's ledger; None where it is not ready yet (ask again)."""
        ...

    def preview(self, job: Job) -> Preview:
        """What `send` would hand over for this row; nothing leaves the house."""
        ...

    def close(self) -> None: ...


class TransportDown(Exception):
    """The platform cannot be reached for a question that must be answered now."""


class Timing(Protocol):
    """The part of the clock that transports need: stamps and signatures use system time."""

    def system_now(self) -> datetime: ...
