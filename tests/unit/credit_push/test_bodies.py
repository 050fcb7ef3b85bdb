"""Bodies of packets, read back by the stand-ins' strict reader: nothing is lost, nothing added."""

import json
from dataclasses import replace
from typing import Any

import pytest

from services.credit_push.catalogue import SAMPLE_VALUES, load_catalogue
from services.credit_push.domain import CORRECT, LIST
from services.credit_push.formats import encode, packet
from services.credit_push.formats.bodies import packet_body
from services.credit_push.sandbox.bodies import read_body
from services.credit_push.sandbox.sheets import BadSheet, read_sheet
from tests.unit.credit_push.records import DOCUMENT, PERSON, record

CATALOGUE = load_catalogue(SAMPLE_VALUES)
ODD = ' 甲\r\n乙\n\t<丙> & "丁" \U00020000 '
MEASURES = ({"code": "trading-ban", "from": "2026-11-02", "to": None, "count": 2, "acts": ["a", ""]},)


def lines(platform: str, **changes: Any) -> tuple[str, list[packet.Line]]:
    made = [encode(CATALOGUE[platform], record(**changes), operation) for operation in (LIST, CORRECT)]
    told = zip((LIST, CORRECT), made, strict=True)
    return made[0].layout, [packet.Line(operation, operation, "L", 1, one.row) for operation, one in told]


@pytest.mark.parametrize("kind", ["xml", "json"])
def test_what_is_written_is_read(kind: str) -> None:
    head = {"batch_id": "b", "count": 2}
    layout, rows = lines("credit-quanzhou", facts=ODD, measures=MEASURES)
    told, records = read_body(packet_body(layout, rows, kind, head), kind)
    assert told == head
    assert records == [line.row for line in rows]
    assert records[0]["measures"] == [dict(MEASURES[0])]
    layout, rows = lines("credit-hebei", facts=ODD, subject=PERSON)
    _, records = read_body(packet_body(layout, rows, kind, head), kind)
    assert records == [{"CZ": name, **line.row} for name, line in zip(("新增", "变更"), rows, strict=True)]


@pytest.mark.parametrize("kind", ["xlsx", "csv"])
def test_sheets_keep_every_character_too(kind: str) -> None:
    layout, rows = lines("credit-hebei", facts=ODD, document=replace(DOCUMENT, number="=1+1"))
    cells = read_sheet(packet_body(layout, rows, kind, {}), kind)
    assert cells[2] == ["新增", *rows[0].row.values()]


RECORDS = b'{"head": {}, "records": [%b]}'
PACKET = b"<Packet><Head></Head><Records>%b</Records></Packet>"


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("json", b"[]"),
        ("json", b'{"head": {}}'),
        ("json", RECORDS % b'{"a": 1, "a": 2}'),
        ("json", RECORDS % b'{"a": NaN}'),
        ("json", RECORDS % b"3"),
        ("json", b"[" * 50_000),
        ("xml", b"<Packet/>"),
        ("xml", PACKET % b"<Row/>"),
        ("xml", PACKET % b"<Record><a/><a/></Record>"),
        ("xml", PACKET % b"<Record>text<a/></Record>"),
        ("xml", PACKET % b'<Record><a type="list"><b/></a></Record>'),
        ("xml", PACKET % b'<Record><a kind="x"/></Record>'),
        ("xml", PACKET % b'<Record><a type="json">x</a></Record>'),
        ("xml", PACKET % b"<Record><a><b/></a></Record>"),
        ("xml", b'<!DOCTYPE a [<!ENTITY b "c">]>' + PACKET % b"<Record><a>&b;</a></Record>"),
        ("xml", PACKET % (b"<Record>" + b'<a type="object">' * 50 + b"</a>" * 50 + b"</Record>")),
    ],
)
def test_what_is_no_packet_is_refused_whole(kind: str, body: bytes) -> None:
    with pytest.raises(BadSheet):
        read_body(body, kind)


def test_a_packet_in_json_is_what_the_page_says() -> None:
    layout, rows = lines("credit-quanzhou")
    document = json.loads(packet_body(layout, rows[:1], "json", {"count": 1}))
    assert list(document) == ["head", "records"]
    assert document["records"][0]["status"] == "新增"
