"""The event log on Apache Kafka, with kafka-python.

The settings that were measured to matter: crc32c installed (4x), batches of 256 KB (2x), reconnect
back-off at most 1 s (recovery after an outage in 1 s instead of a minute), acks=all with idempotence.
No Kafka transactions: the outbox and the inbox carry the promise.
"""

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any

import crc32c  # noqa: F401  without it kafka-python falls from 28,000 to 5,400 records a second
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, OffsetAndMetadata, TopicPartition
from kafka import errors as kafka_errors
from kafka.errors import KafkaError

from shared.contracts.topics import MAX_MESSAGE_BYTES, TOPICS, Topic
from shared.eventlog.base import Access, LogError, Record, RefusedRecords
from shared.eventlog.partitioning import KeyPartitioner
from shared.logs import get_log

log = get_log(__name__)

APPEND_SECONDS = 10.0
LEAST_POLL_MS = 20  # with 0 kafka-python never finishes joining its group
NEVER = (
    kafka_errors.MessageSizeTooLargeError,
    kafka_errors.RecordListTooLargeError,
    kafka_errors.InvalidRecordError,
    kafka_errors.InvalidTopicError,
)
LOST_MEMBERSHIP = (
    kafka_errors.CommitFailedError,
    kafka_errors.IllegalGenerationError,
    kafka_errors.RebalanceInProgressError,
    kafka_errors.UnknownMemberIdError,
    kafka_errors.CoordinatorLoadInProgressError,
    kafka_errors.CoordinatorNotAvailableError,
    kafka_errors.NotCoordinatorError,
)
COMMON: dict[str, Any] = {
    "reconnect_backoff_max_ms": 1000,
    "allow_auto_create_topics": False,
    "metrics_enabled": False,
    "bootstrap_timeout_ms": 5000,
}
PRODUCER: dict[str, Any] = {
    "acks": "all",
    "enable_idempotence": True,
    "batch_size": 256 * 1024,
    "linger_ms": 5,
    "max_block_ms": 5000,
    "max_request_size": MAX_MESSAGE_BYTES,
    "request_timeout_ms": 10_000,
    "delivery_timeout_ms": 60_000,
    "partitioner": KeyPartitioner(),
}
CONSUMER: dict[str, Any] = {
    "enable_auto_commit": False,
    "auto_offset_reset": "earliest",
    "max_poll_records": 2000,
    "fetch_max_wait_ms": 200,
    "max_partition_fetch_bytes": 4 * 1024 * 1024,
    "session_timeout_ms": 6000,
    "heartbeat_interval_ms": 1500,
    "metadata_max_age_ms": 5000,
}


class KafkaLog:
    """EventLog over a Kafka cluster. The producer is replaced after a failure."""

    def __init__(self, servers: Sequence[str], access: Access | None = None) -> None:
        self._servers = list(servers)
        self._common = COMMON | (_credentials(access) if access else {})
        self._producer: Any = None
        self._lock = threading.Lock()

    def append(self, records: Sequence[Record]) -> None:
        with self._lock:
            try:
                self._append(records)
            except KafkaError as error:
                self._abandon()
                raise LogError(f"{type(error).__name__}: {error}") from error

    def _append(self, records: Sequence[Record]) -> None:
        if self._producer is None:
            self._producer = KafkaProducer(bootstrap_servers=self._servers, **self._common, **PRODUCER)
        refused: dict[int, str] = {}
        withheld: set[int] = set()
        futures: dict[int, Any] = {}
        barred: set[tuple[str, str]] = set()
        for at, record in enumerate(records):
            if barred and (record.topic, record.key) in barred:
                withheld.add(at)
                continue
            try:
                futures[at] = self._send(record)
            except (*NEVER, ValueError, TypeError) as error:
                refused[at] = type(error).__name__
                barred.add((record.topic, record.key))
        self._producer.flush(APPEND_SECONDS)
        refused.update(_failures(futures))
        if refused:
            raise RefusedRecords(refused, frozenset(withheld))

    def _send(self, record: Record) -> Any:
        return self._producer.send(
            record.topic, value=record.value, key=record.key.encode(), headers=list(record.headers)
        )

    def _abandon(self) -> None:
        """Gives the producer up without waiting; what it had in flight can only arrive as a duplicate."""
        producer, self._producer = self._producer, None
        if producer is None:
            return
        try:
            producer.close(timeout=0)
        except KafkaError:  # close() flushes first and gives up half-way when the broker is away
            producer._sender.force_close()
            producer._closed = True

    def reader(self, topics: Sequence[str], group: str) -> "KafkaReader":
        return KafkaReader(self._servers, topics, group, self._common)

    def read_back(self, topic: str) -> Iterator[Record]:
        consumer = KafkaConsumer(bootstrap_servers=self._servers, **self._common, **CONSUMER)
        try:
            yield from _from_oldest_to_newest(consumer, topic)
        except KafkaError as error:
            raise LogError(f"{type(error).__name__}: {error}") from error
        finally:
            consumer.close(autocommit=False)

    def close(self) -> None:
        with self._lock:
            producer, self._producer = self._producer, None
            if producer is not None:
                producer.close(timeout=5)


def _credentials(access: Access) -> dict[str, Any]:
    """Settings of the client for a cluster that asks for a name and, over TLS, shows its certificate."""
    found: dict[str, Any] = {}
    if access.tls and access.ca_file:
        found["ssl_cafile"] = access.ca_file
    if access.username:
        found["sasl_mechanism"] = access.mechanism
        found["sasl_plain_username"], found["sasl_plain_password"] = access.username, access.password
    protocol = ("SASL_" if access.username else "") + ("SSL" if access.tls else "PLAINTEXT")
    return {**found, "security_protocol": protocol}


def _from_oldest_to_newest(consumer: Any, topic: str) -> Iterator[Record]:
    """What lies between the ends of every partition as they are now; compaction leaves gaps."""
    parts = [TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic) or ()]
    consumer.assign(parts)
    ends, oldest = consumer.end_offsets(parts), consumer.beginning_offsets(parts)
    for part in parts:
        consumer.seek(part, oldest[part])
    quiet_until = time.monotonic() + APPEND_SECONDS
    while any(consumer.position(part) < ends[part] for part in parts):
        polled = consumer.poll(timeout_ms=500)
        if polled:
            quiet_until = time.monotonic() + APPEND_SECONDS
        elif time.monotonic() > quiet_until:
            raise kafka_errors.KafkaTimeoutError(f"nothing more of {topic}")
        for messages in polled.values():
            yield from map(_record, messages)


def _failures(futures: Mapping[int, Any]) -> dict[int, str]:
    """Records the broker refused for good; any other failure is raised."""
    refused: dict[int, str] = {}
    for at, future in futures.items():
        if future.succeeded():
            continue
        error = future.exception or kafka_errors.KafkaTimeoutError("no acknowledgement")
        if not isinstance(error, NEVER):
            raise error
        refused[at] = type(error).__name__
    return refused


class KafkaReader:
    """Reader over one KafkaConsumer. Outages and rebalances give empty polls, never a crash."""

    def __init__(
        self, servers: Sequence[str], topics: Sequence[str], group: str, common: Mapping[str, Any] = COMMON
    ) -> None:
        self._common = common
        self._servers, self._topics, self._group = list(servers), list(topics), group
        self._made: Any = None
        self._stash: list[Record] = []
        self._polled: dict[Any, int] = {}

    @property
    def _consumer(self) -> Any:
        if self._made is None:
            made = KafkaConsumer(
                *self._topics,
                bootstrap_servers=self._servers,
                group_id=self._group,
                **self._common,
                **CONSUMER,
            )
            for topic in self._topics:  # joining before the partitions are known assigns none of them
                made.partitions_for_topic(topic)
            self._made = made
        return self._made

    def poll(self, limit: int = 500, timeout: float = 0.0) -> list[Record]:
        found, self._stash = self._stash[:limit], self._stash[limit:]
        if len(found) < limit:
            found += self._fetch(limit - len(found), 0.0 if found else timeout)
        for record in found:
            self._polled[TopicPartition(record.topic, record.partition)] = record.offset + 1
        return found

    def wait(self, timeout: float) -> bool:
        if not self._stash:
            self._stash = self._fetch(1, timeout)
        return bool(self._stash)

    def _fetch(self, limit: int, timeout: float) -> list[Record]:
        started = time.monotonic()
        try:
            milliseconds = max(int(timeout * 1000), LEAST_POLL_MS)
            polled = self._consumer.poll(timeout_ms=milliseconds, max_records=limit)
        except KafkaError as error:
            log.warning("kafka poll failed", group=self._group, error=type(error).__name__)
            threading.Event().wait(max(0.0, timeout - (time.monotonic() - started)))
            return []
        return [_record(message) for messages in polled.values() for message in messages]

    def commit(self) -> None:
        ours = self._consumer.assignment() or set()
        offsets = {tp: _offset(at) for tp, at in self._polled.items() if tp in ours}
        self._polled = {}
        if not offsets:
            return
        try:
            self._consumer.commit(offsets, timeout_ms=5000)
        except (*LOST_MEMBERSHIP, kafka_errors.RetriableError) as error:
            log.warning("kafka commit lost", group=self._group, error=type(error).__name__)

    def rewind(self) -> None:
        """For the partitions this member holds."""
        ours = self._assigned(30.0)
        self._stash, self._polled = [], {}
        oldest = self._consumer.beginning_offsets(list(ours))
        for partition, offset in oldest.items():
            self._consumer.seek(partition, offset)
        self._consumer.commit(
            {partition: _offset(offset) for partition, offset in oldest.items()}, timeout_ms=5000
        )

    def _assigned(self, seconds: float) -> set[Any]:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self._stash += self._fetch(1, 0.1)
            if ours := self._consumer.assignment():
                return set(ours)
        raise LogError(f"group {self._group} got no partitions within {seconds} s")

    def lag(self) -> int:
        try:
            ours = list(self._consumer.assignment() or ())
            newest = self._consumer.end_offsets(ours, timeout_ms=5000)
            oldest = self._consumer.beginning_offsets(ours, timeout_ms=5000)
            return sum(
                newest[tp] - (self._consumer.committed(tp, timeout_ms=5000) or oldest[tp]) for tp in ours
            )
        except KafkaError as error:
            raise LogError(f"{type(error).__name__}: {error}") from error

    def close(self) -> None:
        if self._made is not None:
            self._made.close(autocommit=False, timeout_ms=3000)
            self._made = None


def _offset(at: int) -> Any:
    return OffsetAndMetadata(at, "", -1)


def _record(message: Any) -> Record:
    key = (message.key or b"").decode("utf-8", "replace")
    headers = tuple(message.headers)
    if None in map(itemgetter(1), headers):
        headers = tuple((name, value or b"") for name, value in headers)
    return Record(message.topic, key, message.value or b"", headers, message.partition, message.offset)


def create_topics(servers: Sequence[str], topics: Sequence[Topic] = TOPICS) -> None:
    """Creates what is missing of the topics and their `.unreadable` companions; alters nothing."""
    admin = KafkaAdminClient(bootstrap_servers=list(servers), reconnect_backoff_max_ms=1000)
    try:
        present = set(admin.list_topics())
        replicas = min(3, len(admin.describe_cluster()["brokers"]))
        wanted = {each.name: _creation(each, replicas) for each in topics}
        wanted |= {each.unreadable: {"num_partitions": 1, "replication_factor": replicas} for each in topics}
        missing = {name: how for name, how in wanted.items() if name not in present}
        if missing:
            admin.create_topics(missing, raise_errors=False, wait_for_metadata=True)
    finally:
        admin.close()


def _creation(each: Topic, replicas: int) -> dict[str, Any]:
    kept = str(each.retention_days * 86_400_000)
    policy = (
        {"cleanup.policy": "compact", "delete.retention.ms": kept, "max.compaction.lag.ms": "3600000"}
        if each.compacted
        else {"cleanup.policy": "delete", "retention.ms": kept}
    )
    policy["max.message.bytes"] = str(MAX_MESSAGE_BYTES)
    policy["min.insync.replicas"] = str(max(1, replicas - 1))
    return {"num_partitions": each.partitions, "replication_factor": replicas, "configs": policy}
