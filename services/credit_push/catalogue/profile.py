"""What a platform's file says, typed."""

from dataclasses import dataclass, field
from datetime import time

ANY = "*"
OBSERVED = "observed"
"""Transport kind of a platform that is reached by relay only: its state is observed, nothing is ever sent."""


@dataclass(frozen=True)
class Takes:
    """Which listings are routed to the platform; `*` means all."""

    regions: tuple[str, ...]
    department_levels: tuple[str, ...]
    domains: tuple[str, ...]
    list_classes: tuple[str, ...]
    subject_types: tuple[str, ...]


@dataclass(frozen=True)
class RecordLayout:
    """Which format a record takes; `by-class`: penalties and blacklists in tables of their own."""

    format: str
    penalty_classes: tuple[str, ...] = ()
    tables: dict[str, str] = field(default_factory=dict)
    """Table of an exchange database by format (penalty_organization, penalty_individual, blacklist_org …)."""
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    """Code sets: by standard column, this platform's own value for a standard one."""
    columns: dict[str, str] = field(default_factory=dict)
    """City variants: this platform's own name for a standard column."""


@dataclass(frozen=True)
class TransportSpec:
    """How the platform is reached. Addresses are settings, filled in from the environment."""

    kind: str
    protocol: str = ""
    endpoint: str = ""
    database: str = ""
    directory: str = ""
    """A folder, or sftp://host[:port]/folder: then `key` names the account, `host_key` its public key."""
    host_key: str = ""
    ledger: str = ""
    file: str = ""
    key: str = ""
    events: str = ""
    """Log a topic lies in, as `EVENTS_URL` is written: kafka://… or, where there is no broker, sqlite:///…"""
    topic: str = ""
    """The platform's own (compacted) topic; its receipts come on `receipts_topic` where it writes any."""
    receipts_topic: str = ""
    mechanism: str = "SCRAM-SHA-512"
    tls: bool = True
    ca_file: str = ""
    in_flight: int = 16
    rows_per_request: int = 1
    batch_rows: int = 500
    timeout_seconds: float = 5.0


@dataclass(frozen=True)
class Receipts:
    """How the platform says that a row is filed: answer, callback, column, feedback, hand or relay."""

    by: str
    wait_seconds: float = 5.0
    """An accepted row without a receipt for so long is asked about."""


@dataclass(frozen=True)
class Withdrawal:
    """How a record leaves the platform: a message, by content, by numbered letter, or by relay."""

    by: str
    reply_working_days: int = 0


@dataclass(frozen=True)
class Deadline:
    """Working days after the event within which the platform must have it."""

    list_working_days: int
    withdraw_working_days: int


@dataclass(frozen=True)
class Window:
    """Hours in which the platform takes nothing, Asia/Shanghai: `weekday` 0 is Monday, None every day."""

    weekday: int | None
    begins: time
    ends: time
    """00:00 is the end of the day."""


@dataclass(frozen=True)
class Limits:
    """What the platform bears; 0 is no limit."""

    rows_per_second: float = 0.0
    daily_rows: int = 0
    """A tenth of it is kept for withdrawals."""
    maintenance: tuple[Window, ...] = ()


@dataclass(frozen=True)
class Breaker:
    """When to leave a platform that does not answer alone, and for how long."""

    failures: int = 10
    """So many tries in a row without an answer."""
    pause_seconds: tuple[float, ...] = (2.0, 5.0, 10.0, 30.0)
    """Before each probe; the last one again and again."""
    deadline_hours: float = 4.0
    """So long before the end of its due day a delivery is tried in spite of the pause."""


@dataclass(frozen=True)
class Door:
    """How the platform itself comes for events and brings receipts; without a key it has no door."""

    key: str = ""
    """Reference of the key its requests are signed with."""
    addresses: tuple[str, ...] = ()
    """Networks it may come from; none named: any."""
    requests: bool = False
    """Whether parties' objections and repairs come back through it."""


@dataclass(frozen=True)
class Asking:
    """How a platform's public site is asked; without an endpoint it is not."""

    endpoint: str = ""
    key: str = ""
    """Reference of the key questions are signed with; none named: that of the transport."""
    rows_per_request: int = 50
    requests_per_minute: float = 30.0
    pause_seconds: tuple[float, ...] = (30.0, 300.0, 1800.0, 7200.0, 21_600.0, 86_400.0)
    """Before a listing is asked about again; the last one again and again."""
    settle_hours: float = 24.0
    """So long after a receipt the site may not show yet what it says; later it contradicts the receipt."""
    relay_hours: float = 72.0
    """The same where what is shown comes by relay."""


@dataclass(frozen=True)
class Answers:
    """How the platform is told what became of the requests it brought."""

    by: str = "events"
    """http (signed, to a path of the platform's), packet (a file with manifest), exchange_db (a row of a
    table), hand, or events: it reads them itself.
    """
    endpoint: str = ""
    """None written: that of the transport."""
    path: str = ""
    key: str = ""
    directory: str = ""
    """Of packets; none written: that of the transport. `file` likewise."""
    file: str = ""
    database: str = ""
    """Of the table; none written: that of the transport."""
    table: str = ""
    columns: dict[str, str] = field(default_factory=dict)
    """The platform's own names of the columns of file or table."""
    outcomes: dict[str, str] = field(default_factory=dict)
    """The platform's own word for each outcome."""
    basis: str = ""
    source: str = ""


@dataclass(frozen=True)
class Template:
    """The platform's own sheet for those who file by hand; without columns the layout's own are used."""

    file: str = "xlsx"
    encoding: str = "utf-8"
    """Of a csv."""
    sheet: str = ""
    heads: tuple[str, ...] = ()
    """Lines above the columns' titles."""
    columns: dict[str, str] = field(default_factory=dict)
    """By title, in order: a standard column, @operation, @key, @number, or = and a fixed text."""


@dataclass(frozen=True)
class Profile:
    """One platform."""

    id: str
    name: str
    site: str
    level: str
    region: str
    named_in: tuple[str, ...]
    takes: Takes
    record: RecordLayout
    transport: TransportSpec
    receipts: Receipts
    withdrawal: Withdrawal
    deadline: Deadline
    retry_seconds: tuple[float, ...]
    relay_to: str
    basis: str
    source: str
    limits: Limits = Limits()
    breaker: Breaker = Breaker()
    door: Door = Door()
    observation: Asking = Asking()
    answers: Answers = Answers()
    template: Template = Template()
    signature: str = "hmac-sha256"
    """How everything between it and us is signed: requests, questions, callbacks, what comes to the door."""
    reconcile_hours: int = 24
    """How often its ledger is compared without anybody's asking; 0: never."""

    @property
    def pushed(self) -> bool:
        """Whether we ever send to it ourselves."""
        return self.transport.kind != OBSERVED
