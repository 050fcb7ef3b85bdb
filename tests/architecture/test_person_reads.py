"""Every route of staff says what trace it leaves where a natural person is named; none forgets it."""

import re
from pathlib import Path

HERE = Path(__file__).parent
KINDS = {"case", "list", "paper"}
ENDS = {"public", "proof"}


def staff_reads() -> set[str]:
    """Paths of the register's GET routes that only staff or their systems may call."""
    section = (HERE / "access.txt").read_text("utf-8").partition("[blacklist]")[2].partition("\n[")[0]
    rows = re.findall(r"^GET (\S+) \| ([^|]+) \|", section, re.MULTILINE)
    return {path for path, who in rows if who.strip() not in ENDS}


def table() -> dict[str, str]:
    text = (HERE / "person_reads.txt").read_text("utf-8")
    rows = [line.split(" | ") for line in text.splitlines() if line and not line.startswith("#")]
    assert len({path for path, _ in rows}) == len(rows), "a route stands there once"
    return {row[0]: row[1] for row in rows}


def test_every_route_of_staff_says_how_a_person_named_there_is_traced():
    known = table()
    assert staff_reads() - set(known) == set(), "say in person_reads.txt what it leaves"
    assert set(known) - staff_reads() == set(), "no such route any more"
    assert len(known) > 100


def test_each_trace_is_of_a_known_kind_or_has_its_reason():
    for path, how in table().items():
        assert how in KINDS or re.fullmatch(r"no: \S.{9,}", how), path
