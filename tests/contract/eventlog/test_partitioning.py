"""Keys go where Kafka's own clients send them: existing topics keep their order."""

import random

from kafka.partitioner import default

from shared.eventlog.partitioning import KeyPartitioner, murmur2


class Cluster:
    def topics(self) -> set[str]:
        return {"t"}

    def partitions_for_topic(self, topic: str) -> set[int] | None:
        return {3, 0, 2, 1} if topic == "t" else None

    def available_partitions_for_topic(self, topic: str) -> set[int]:
        return {1}


def test_the_hash_is_the_clients() -> None:
    chance = random.Random(7)
    for length in range(64):
        for _ in range(10):
            key = chance.randbytes(length)
            assert murmur2(key) == default.murmur2(key)


def test_the_partition_is_the_clients() -> None:
    ours, theirs = KeyPartitioner(), default.DefaultPartitioner()
    for number in range(200):
        key = f"019ab7f3-0c52-7d3e-9b1f-{number:012d}".encode()
        told = ("t", key, key, b"", b"", Cluster())
        assert ours.partition(*told) == theirs.partition(*told)
    assert ours.partition("t", None, None, b"", b"", Cluster()) == 1
