"""A cluster that asks who we are: the right name and password get in, and only where its rules let them."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from shared.contracts.topics import Topic
from shared.eventlog import Access, LogError, Record, open_log
from shared.eventlog.kafka import create_topics
from tests.conftest import unavailable
from tests.harness.broker import LocalKafka, NotAvailable
from tests.harness.ports import free_port

US = Access("us", "our-secret", "PLAIN", tls=False)
OURS, THEIRS = "platform.a.v1", "platform.b.v1"


class GuardedKafka(LocalKafka):
    """One node with a second door, which asks for a password; `us` may do as it likes with one topic only."""

    def __init__(self) -> None:
        self.guarded = free_port()
        super().__init__()

    def _properties(self) -> str:
        plain = super()._properties()
        door = f"SASL_PLAINTEXT://127.0.0.1:{self.guarded}"
        plain = plain.replace(f"127.0.0.1:{self.port}", f"127.0.0.1:{self.port},{door}")
        plain = plain.replace("PLAINTEXT:PLAINTEXT", "PLAINTEXT:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT")
        login = "org.apache.kafka.common.security.plain.PlainLoginModule required"
        return plain + (
            "sasl.enabled.mechanisms=PLAIN\n"
            "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer\n"
            "super.users=User:ANONYMOUS\n"
            f'listener.name.sasl_plaintext.plain.sasl.jaas.config={login} user_us="our-secret";\n'
        )


@pytest.fixture(scope="module")
def cluster() -> Iterator[GuardedKafka]:
    try:
        broker = GuardedKafka()
        broker.start()
    except NotAvailable as error:
        unavailable(str(error))
        return
    address = f"127.0.0.1:{broker.port}"
    made = [Topic(name, "t", ("t",), (), "id", partitions=1, compacted=True) for name in (OURS, THEIRS)]
    create_topics([address], made)
    allow(address, OURS)
    yield broker
    broker.close()


def allow(address: str, topic: str) -> None:
    """`us` may write and read this topic."""
    from kafka.admin import (
        ACL,
        ACLOperation,
        ACLPermissionType,
        KafkaAdminClient,
        ResourcePattern,
        ResourceType,
    )

    admin = KafkaAdminClient(bootstrap_servers=[address])
    try:
        pattern = ResourcePattern(ResourceType.TOPIC, topic)
        admin.create_acls(
            [
                ACL("User:us", "*", operation, ACLPermissionType.ALLOW, pattern)
                for operation in (ACLOperation.READ, ACLOperation.WRITE, ACLOperation.DESCRIBE)
            ]
        )
    finally:
        admin.close()


def test_only_who_is_known_and_only_where_allowed(cluster: GuardedKafka) -> None:
    url = f"kafka://127.0.0.1:{cluster.guarded}"
    ours = open_log(url, US)
    ours.append([Record(OURS, "k", b"1")])
    assert [record.value for record in ours.read_back(OURS)] == [b"1"]
    with pytest.raises(LogError):
        ours.append([Record(THEIRS, "k", b"1")])
    ours.close()
    stranger = open_log(url, replace(US, password="guessed"))
    with pytest.raises(LogError):
        stranger.append([Record(OURS, "k", b"2")])
    stranger.close()
