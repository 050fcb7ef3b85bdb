"""What the SQL log does besides the promises of the port: compaction, retention, speed of a wake-up."""

import threading
import time
from pathlib import Path

from shared.contracts.topics import Topic
from shared.eventlog import Record, open_log
from shared.eventlog.sql import DAY, SqlLog

KEPT = Topic("kept", "t", ("t",), (), "id", retention_days=2)
COMPACT = Topic("compact", "t", ("t",), (), "id", compacted=True)


def values(log: SqlLog, topic: str) -> list[bytes]:
    reader = log.reader([topic], "check")
    found = [record.value for record in reader.poll(1000)]
    reader.close()
    return found


def test_retention_drops_old_records_and_cursors_stay_right(tmp_path: Path) -> None:
    log = SqlLog(f"{tmp_path}/e.db")
    log.append([Record("kept", "a", b"1"), Record("kept", "a", b"2"), Record("other", "a", b"3")])
    reader = log.reader(["kept"], "g")
    assert len(reader.poll(1)) == 1
    reader.commit()
    assert log.tidy(time.time() + DAY, [KEPT]) == 0
    assert log.tidy(time.time() + 3 * DAY, [KEPT]) == 2
    log.append([Record("kept", "a", b"4")])
    assert [record.value for record in reader.poll(10)] == [b"4"]
    assert values(log, "other") == [b"3"]


def test_compaction_keeps_the_newest_of_each_key_and_what_is_recent(tmp_path: Path) -> None:
    log = SqlLog(f"{tmp_path}/e.db")
    log.append([Record("compact", key, value) for key, value in (("a", b"1"), ("b", b"2"), ("a", b"3"))])
    assert log.tidy(time.time(), [COMPACT]) == 0
    assert log.tidy(time.time() + 7200, [COMPACT]) == 1
    assert values(log, "compact") == [b"2", b"3"]


def test_upkeep_happens_while_appending(tmp_path: Path) -> None:
    log = SqlLog(f"{tmp_path}/e.db")
    log.append([Record("blacklist.cases.v1", "a", b"1")])
    log._open().execute("UPDATE records SET at = 0")
    log._upkeep_at = 0.0
    log.append([Record("blacklist.cases.v1", "a", b"2")])
    assert values(log, "blacklist.cases.v1") == [b"2"]


def test_other_urls_are_refused() -> None:
    for url in ("sqlite://", "kafka://", "redis://x", "events.db", "postgresql://x/y"):
        try:
            open_log(url)
        except ValueError:
            continue
        raise AssertionError(url)


def test_threads_share_one_log(tmp_path: Path) -> None:
    log = SqlLog(f"{tmp_path}/e.db")

    def append(key: str) -> None:
        for at in range(50):
            log.append([Record("t", key, b"%d" % at)])

    writers = [threading.Thread(target=append, args=(f"k{n}",)) for n in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(30)
    assert len(values(log, "t")) == 200
