"""The event log: `open_log(url)` is the one place where the mode is chosen."""

from shared.eventlog.base import Access, EventLog, LogError, Reader, Record, RefusedRecords

__all__ = [
    "Access",
    "EventLog",
    "LogError",
    "Reader",
    "Record",
    "RefusedRecords",
    "ensure_topics",
    "open_log",
]


def open_log(url: str, access: Access | None = None) -> EventLog:
    """sqlite:///path/events.db or kafka://host:9092[,host2:9092]; nothing else. Connects lazily."""
    scheme, _, rest = url.partition("://")
    if scheme == "sqlite" and rest.startswith("/") and len(rest) > 1:
        from shared.eventlog.sql import SqlLog

        return SqlLog(rest[1:])
    if scheme == "kafka" and rest:
        from shared.eventlog.kafka import KafkaLog

        return KafkaLog(rest.rstrip("/").split(","), access)
    raise ValueError(f"EVENTS_URL {scheme}://…: use sqlite:///path or kafka://host:9092")


def ensure_topics(url: str) -> None:
    """Creates the topics of the contract where the log needs that (Kafka); safe to repeat."""
    scheme, _, rest = url.partition("://")
    if scheme == "kafka":
        from shared.eventlog.kafka import create_topics

        create_topics(rest.rstrip("/").split(","))
