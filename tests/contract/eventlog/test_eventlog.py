"""The promises of the event log port, held by both adapters."""

import subprocess
import sys
import threading
from collections.abc import Callable

import pytest

from shared.eventlog import EventLog, Reader, Record, RefusedRecords, open_log
from tests.harness.wait import until

NewTopic = Callable[..., str]


def records(topic: str, count: int, keys: int = 3) -> list[Record]:
    return [
        Record(
            topic, f"k{at % keys}", f"{at}".encode(), (("ce_id", f"{at}".encode()), ("name", "名单".encode()))
        )
        for at in range(count)
    ]


def read(reader: Reader, count: int, timeout: float = 20.0) -> list[Record]:
    """At least `count` records."""
    found: list[Record] = []

    def enough() -> bool:
        found.extend(reader.poll(500, 0.2))
        return len(found) >= count

    until(enough, timeout, f"{count} records")
    return found


def by_key(found: list[Record]) -> dict[str, list[int]]:
    keys: dict[str, list[int]] = {}
    for record in found:
        keys.setdefault(record.key, []).append(int(record.value))
    return keys


def test_a_record_comes_back_as_it_was(any_log: EventLog, new_topic: NewTopic) -> None:
    topic = new_topic()
    sent = Record(topic, "名单-1", '{"a":"公开"}'.encode(), (("ce_type", b"x.y"), ("empty", b"")))
    any_log.append([sent])
    reader = any_log.reader([topic], "g")
    (got,) = read(reader, 1)
    assert (got.topic, got.key, got.value, got.headers) == (sent.topic, sent.key, sent.value, sent.headers)
    assert got.offset >= 0
    reader.close()


def test_order_per_key_and_nothing_lost_over_many_batches(any_log: EventLog, new_topic: NewTopic) -> None:
    topic = new_topic()
    sent = records(topic, 3000, keys=7)
    for start in range(0, 3000, 431):
        any_log.append(sent[start : start + 431])
    reader = any_log.reader([topic], "g")
    keys = by_key(read(reader, 3000))
    assert sum(map(len, keys.values())) == 3000
    assert all(numbers == sorted(numbers) for numbers in keys.values())
    reader.close()


def test_appended_means_durable(any_log_url: str, new_topic: NewTopic) -> None:
    """Another process appends and dies without closing anything."""
    topic = new_topic()
    program = f"""
import os
from shared.eventlog import Record, open_log
open_log({any_log_url!r}).append([Record({topic!r}, "k", b"%d" % at) for at in range(700)])
os._exit(9)
"""
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 9
    log = open_log(any_log_url)
    reader = log.reader([topic], "g")
    assert [int(r.value) for r in read(reader, 700)] == list(range(700))
    reader.close()
    log.close()


def test_uncommitted_records_come_again_and_committed_ones_do_not(
    any_log: EventLog, new_topic: NewTopic
) -> None:
    topic = new_topic(1)
    any_log.append(records(topic, 10, keys=1))
    first = any_log.reader([topic], "g")
    assert len(read(first, 10)) == 10
    first.close()
    second = any_log.reader([topic], "g")
    again = second.poll(4, 20.0)
    assert [int(r.value) for r in again] == [0, 1, 2, 3]
    second.commit()
    second.close()
    third = any_log.reader([topic], "g")
    assert [int(r.value) for r in read(third, 6)] == [4, 5, 6, 7, 8, 9]
    third.close()


def test_commit_covers_only_what_was_polled(any_log: EventLog, new_topic: NewTopic) -> None:
    topic = new_topic(1)
    any_log.append(records(topic, 5, keys=1))
    first = any_log.reader([topic], "g")
    assert [int(r.value) for r in first.poll(2, 20.0)] == [0, 1]
    assert first.wait(20.0)
    first.commit()
    first.close()
    second = any_log.reader([topic], "g")
    assert [int(r.value) for r in read(second, 3)] == [2, 3, 4]
    second.close()


def test_each_group_has_its_own_cursor(any_log: EventLog, new_topic: NewTopic) -> None:
    topic = new_topic()
    any_log.append(records(topic, 20))
    one, other = any_log.reader([topic], "one"), any_log.reader([topic], "other")
    read(one, 20)
    one.commit()
    assert len(read(other, 20)) == 20
    one.close()
    other.close()


def test_a_group_reads_several_topics(any_log: EventLog, new_topic: NewTopic) -> None:
    topics = [new_topic(2), new_topic(1)]
    for topic in topics:
        any_log.append(records(topic, 50))
    reader = any_log.reader(topics, "g")
    found = read(reader, 100)
    assert {topic: sum(r.topic == topic for r in found) for topic in topics} == dict.fromkeys(topics, 50)
    reader.close()


def test_rewind_replays_from_the_start(any_log: EventLog, new_topic: NewTopic) -> None:
    topic = new_topic()
    any_log.append(records(topic, 30))
    reader = any_log.reader([topic], "g")
    read(reader, 30)
    reader.commit()
    reader.rewind()
    reader.close()
    after = any_log.reader([topic], "g")
    assert len(read(after, 30)) == 30
    after.close()


def test_rewind_of_an_open_reader(any_log: EventLog, new_topic: NewTopic) -> None:
    topic = new_topic()
    any_log.append(records(topic, 30))
    reader = any_log.reader([topic], "g")
    read(reader, 30)
    reader.commit()
    reader.rewind()
    assert len(read(reader, 30)) == 30
    reader.close()


def test_lag_counts_what_is_not_committed(any_log: EventLog, new_topic: NewTopic) -> None:
    topic = new_topic()
    any_log.append(records(topic, 12))
    reader = any_log.reader([topic], "g")
    read(reader, 12)
    assert reader.lag() == 12
    reader.commit()
    assert reader.lag() == 0
    any_log.append(records(topic, 3))
    assert reader.lag() == 3
    reader.close()


def test_wait_ends_when_something_arrives(any_log: EventLog, new_topic: NewTopic) -> None:
    topic = new_topic(1)
    reader = any_log.reader([topic], "g")
    any_log.append(records(topic, 1))
    read(reader, 1)
    done = threading.Event()

    def wait() -> None:
        until(lambda: reader.wait(0.5) and reader.poll(10), 20.0)
        done.set()

    waiter = threading.Thread(target=wait)
    waiter.start()
    any_log.append(records(topic, 1))
    waiter.join(20.0)
    assert done.is_set()
    reader.close()


def test_nothing_there_is_an_empty_poll(any_log: EventLog, new_topic: NewTopic) -> None:
    reader = any_log.reader([new_topic()], "g")
    assert reader.poll(10, 0.1) == []
    reader.commit()
    reader.close()


@pytest.mark.parametrize("poison_at", [0, 2])
def test_poison_is_refused_with_what_follows_of_its_key(
    any_log: EventLog, new_topic: NewTopic, poison_at: int
) -> None:
    topic = new_topic()
    sent = records(topic, 9, keys=3)
    sent[poison_at] = Record(topic, sent[poison_at].key, b"x" * 3_000_000)
    with pytest.raises(RefusedRecords) as refused:
        any_log.append(sent)
    assert set(refused.value.reasons) == {poison_at}
    assert refused.value.withheld == {poison_at + 3, poison_at + 6}
    reader = any_log.reader([topic], "g")
    expected = {str(at) for at in range(9)} - {str(poison_at + step) for step in (0, 3, 6)}
    assert {r.value.decode() for r in read(reader, 6)} == expected
    reader.close()


def test_several_processes_append_at_once(any_log_url: str, new_topic: NewTopic) -> None:
    topic = new_topic()
    program = """
import sys
from shared.eventlog import Record, open_log
url, topic, who = sys.argv[1:]
log = open_log(url)
for start in range(0, 500, 50):
    log.append([Record(topic, who, b"%d" % at) for at in range(start, start + 50)])
log.close()
"""
    writers = [
        subprocess.Popen([sys.executable, "-c", program, any_log_url, topic, f"w{n}"]) for n in range(4)
    ]
    assert [writer.wait(60) for writer in writers] == [0] * 4
    log = open_log(any_log_url)
    reader = log.reader([topic], "g")
    assert by_key(read(reader, 2000)) == {f"w{n}": list(range(500)) for n in range(4)}
    reader.close()
    log.close()


def test_two_members_share_a_group(any_log: EventLog, new_topic: NewTopic) -> None:
    """Nothing is lost when a member joins and another leaves; what comes twice is the inbox's concern."""
    topic = new_topic(4)
    first = any_log.reader([topic], "g")
    any_log.append(records(topic, 100, keys=10))
    seen = {r.value for r in read(first, 100)}
    first.commit()
    second = any_log.reader([topic], "g")
    any_log.append([Record(topic, f"k{at % 10}", f"{at}".encode()) for at in range(100, 300)])

    def all_seen() -> bool:
        for reader in (first, second):
            seen.update(r.value for r in reader.poll(50, 0.1))
            reader.commit()
        return len(seen) == 300

    until(all_seen, 30.0, "300 records between two members")
    second.close()
    any_log.append([Record(topic, f"k{at % 10}", f"{at}".encode()) for at in range(300, 400)])

    def rest_seen() -> bool:
        seen.update(r.value for r in first.poll(50, 0.1))
        first.commit()
        return len(seen) == 400

    until(rest_seen, 30.0, "the rest after a member left")
    first.close()


def test_reading_back_tells_all_there_is_and_moves_no_cursor(any_log: EventLog, new_topic: NewTopic) -> None:
    topic = new_topic()
    assert list(any_log.read_back(topic)) == []
    any_log.append(records(topic, 1200, keys=5))
    found = list(any_log.read_back(topic))
    assert len(found) == 1200
    assert all(numbers == sorted(numbers) for numbers in by_key(found).values())
    reader = any_log.reader([topic], "g")
    assert len(read(reader, 1200)) == 1200
    reader.close()
