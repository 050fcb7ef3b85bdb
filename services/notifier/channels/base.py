"""The port every channel fulfils: carry one message to one target, or say why not and whether to try again.

A channel is called with no database session open. Sending the same message id twice must be harmless or
recognisable by the receiver: after a crash between send and record the sender repeats.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

from shared.clock import Clock
from shared.db import Database
from shared.errors import DeliveryError
from shared.http import Resolver


@dataclass(frozen=True)
class Attachment:
    """A file that goes with a mail."""

    name: str
    media: str
    content: bytes = field(repr=False)


@dataclass(frozen=True)
class Message:
    """What a channel carries. `id` stays the same on every repeat: receivers recognise a message by it."""

    id: str
    notice_id: str
    event_type: str
    severity: str
    title: str
    body: str
    link: str
    subject_id: str
    case_id: str | None
    listing_id: str | None
    document_number: str
    department_id: str
    department_name: str
    occurred_at: datetime
    created_at: datetime
    unsubscribe: str = ""  # where one click ends such mails (RFC 8058); only mails to the public have it
    footer: str = ""  # instead of the one for officers
    kind: str = ""  # what a text message calls the matter; empty: as the route is called
    public: Mapping[str, Any] | None = None  # instead of ours, what a webhook outside may be told
    attachments: tuple[Attachment, ...] = ()
    proof: str = ""  # of a mail: what makes its Message-ID ours alone, so that no bounce of it can be made up


@dataclass(frozen=True)
class Target:
    """Where to: a mail address, a webhook's URL, a department's inbox. Secrets never reach a log."""

    ref: str
    address: str = field(repr=False)
    secrets: tuple[bytes, ...] = field(default=(), repr=False)
    counted_as: str = ""
    """Whose limit a send counts against: the same for everybody at one number. Empty: the target's own."""


@dataclass(frozen=True)
class Try:
    """One provider that was asked, and why it did not take the message; `reason` empty: it did."""

    provider: str
    reason: str = ""
    duration_ms: int = 0
    cost: int | None = None


@dataclass(frozen=True)
class Sent:
    """The receiver took it; `provider_id` is its own number for it, where it has one."""

    provider_id: str | None = None
    tries: tuple[Try, ...] = ()
    """Where a channel has several providers: those asked, the one that took it last."""


class Gone(DeliveryError):
    """The address itself is finished; nothing is sent there until somebody renews it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, permanent=True)


class Postponed(DeliveryError):
    """Not tried, or not taken, for the receiver's rate limit: all for this target wait so many seconds.

    It counts neither as an attempt nor against the repeats.
    """

    def __init__(self, reason: str, wait: float) -> None:
        super().__init__(reason, retry_after=wait)
        self.wait = wait


class AllFailed(DeliveryError):
    """No provider of a channel took it; the last one's reason counts."""

    def __init__(self, last: DeliveryError, tries: tuple[Try, ...]) -> None:
        super().__init__(last.reason, permanent=last.permanent, retry_after=last.retry_after)
        self.tries = tries


class Channel(Protocol):
    """One way to reach people."""

    @property
    def name(self) -> str: ...

    @property
    def retries(self) -> Sequence[float]:
        """Seconds to wait before each repeat; when they are used up the dispatch is dead."""
        ...

    @property
    def concurrency(self) -> int:
        """How many sends may be under way at once."""
        ...

    @property
    def per_target(self) -> int:
        """How many of them to one target, so that a slow one does not hold every place."""
        ...

    def send(self, message: Message, target: Target) -> Sent:
        """Carry the message; raises DeliveryError(reason in Chinese, permanent or not)."""
        ...


@runtime_checkable
class Starting(Protocol):
    """A channel that needs no thread for each send."""

    def start(self, message: Message, target: Target) -> Future[Sent]:
        """As `send`; what it would raise comes out of the future."""
        ...


@dataclass(frozen=True)
class Ports:
    """What a channel may use of the outside."""

    db: Database
    clock: Clock
    resolve: Resolver | None = None  # names to addresses; None is the system's resolver


class ChannelModule(Protocol):
    """What each file of this package offers to the registry."""

    NAME: str
    SETTINGS: Any  # a marshmallow schema whose keys are the names of environment variables

    def open_channel(self, settings: Mapping[str, Any], ports: Ports) -> Channel | None:
        """The channel, or None where it is not configured."""
        ...
