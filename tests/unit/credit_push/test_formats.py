"""Record layouts: what goes out, and what is stopped with field and rule before it goes."""

import csv
import io
import json
from dataclasses import replace

import pytest
from defusedxml.ElementTree import fromstring
from python_calamine import CalamineWorkbook

from services.credit_push.catalogue import SAMPLE_VALUES, load_catalogue
from services.credit_push.domain import CORRECT, LIST, WITHDRAW, record_from
from services.credit_push.formats import (
    Content,
    Unacceptable,
    columns_of,
    content_digest,
    encode,
    match_key,
    packet,
    penalty_2018,
    trade_v2,
)
from services.credit_push.formats.base import wan
from tests.unit.credit_push.records import COMPANY, DOCUMENT, ORGAN, PERSON, record

CATALOGUE = load_catalogue(SAMPLE_VALUES)


def refusals(platform: str, **changes: object) -> list[tuple[str, str]]:
    with pytest.raises(Unacceptable) as caught:
        encode(CATALOGUE[platform], record(**changes), LIST)
    return [(fault.field, fault.code) for fault in caught.value.faults]


def test_penalty_2018_has_the_thirty_fields_of_the_standard_in_order() -> None:
    row = penalty_2018.encode(record())
    assert list(row) == [column.code for column in penalty_2018.COLUMNS]
    assert len(row) == 30
    assert row["CF_NR_FK"] == "2.5"  # 万元
    assert (row["CF_XDR_LB"], row["CF_CFLB"], row["CF_JDRQ"]) == ("法人及非法人组织", "罚款", "2026-11-02")
    assert row["CF_CFJGDM"] == ORGAN.uscc


@pytest.mark.parametrize(
    ("fine", "category", "expected"),
    [("2.5", "", "罚款"), ("0", "", "其他"), ("", "", "其他"), ("2.5", "警告", "警告")],
)
def test_penalty_category_has_a_default(fine: str, category: str, expected: str) -> None:
    document = replace(DOCUMENT, fine_wan=fine, penalty_category=category)
    assert penalty_2018.encode(record(document=document))["CF_CFLB"] == expected


def test_persons_and_sole_traders_in_penalty_2018() -> None:
    row = penalty_2018.encode(record(subject=PERSON))
    assert (row["CF_XDR_LB"], row["CF_XDR_ZJLX"], row["CF_XDR_ZJHM"]) == (
        "自然人",
        "身份证",
        PERSON.id_number,
    )
    assert row["CF_FRDB"] == row["CF_XDR_SHXYM"] == ""
    trader = replace(COMPANY, uscc="92" + COMPANY.uscc[2:])
    assert penalty_2018.subject_kind(record(subject=trader)) == "个体工商户"


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"facts": ""}, ("CF_SY", "REQUIRED")),
        ({"facts": "长" * 5001}, ("CF_SY", "LENGTH")),
        ({"subject": replace(COMPANY, uscc="")}, ("CF_XDR_SHXYM", "REQUIRED")),
        ({"subject": replace(COMPANY, uscc=COMPANY.uscc[:-1] + "A")}, ("CF_XDR_SHXYM", "CHECKSUM")),
        ({"subject": replace(PERSON, id_number="")}, ("CF_XDR_ZJHM", "REQUIRED")),
        ({"document": replace(DOCUMENT, date="2026-13-01")}, ("CF_JDRQ", "DATE")),
        ({"document": replace(DOCUMENT, fine_wan="二万")}, ("CF_NR_FK", "FORMAT")),
        ({"document": replace(DOCUMENT, penalty_category="训诫")}, ("CF_CFLB", "CODE")),
        ({"organ": replace(ORGAN, uscc="")}, ("CF_CFJGDM", "REQUIRED")),
    ],
)
def test_penalty_2018_stops_what_the_platform_would_refuse(
    changes: dict[str, object], fault: tuple[str, str]
) -> None:
    with pytest.raises(Unacceptable) as caught:
        penalty_2018.encode(record(**changes))
    assert fault in [(found.field, found.code) for found in caught.value.faults]


def test_blacklist_tables() -> None:
    row = encode(CATALOGUE["credit-liaoning"], record(), LIST)
    assert (row.layout, row.table, row.row["JGQC"]) == ("blacklist_org", "frblack", COMPANY.name)
    person = encode(CATALOGUE["credit-liaoning"], record(subject=PERSON), LIST)
    assert (person.layout, person.table, person.row["SFZH"]) == (
        "blacklist_person",
        "zrrblack",
        PERSON.id_number,
    )
    penalty = encode(CATALOGUE["credit-liaoning"], record(list_class="penalty-record", subject=PERSON), LIST)
    assert (penalty.layout, penalty.table) == ("penalty_2018", "zrrxzcf")
    assert refusals("credit-liaoning", document=replace(DOCUMENT, number="")) == [("RDWH", "REQUIRED")]


def test_canonical() -> None:
    content = encode(CATALOGUE["credit-quanzhou"], record(version=3), CORRECT)
    assert (content.row["status"], content.row["version"]) == ("变更", 3)
    assert refusals("credit-quanzhou", subject=replace(PERSON, id_number="123")) == [
        ("id_number", "CHECKSUM")
    ]
    assert refusals("credit-quanzhou", subject=replace(COMPANY, uscc="")) == [("uscc", "REQUIRED")]


def test_the_digest_is_of_what_is_shown() -> None:
    def digest(changed: dict[str, object], operation: str = LIST) -> str:
        return content_digest(encode(CATALOGUE["credit-quanzhou"], record(**changed), operation))

    assert digest({}) == digest({"version": 2}, CORRECT)
    assert digest({}) != digest({"facts": "别的事实"})


def test_match_keys() -> None:
    kept = encode(CATALOGUE["trade-quanzhou"], record(), LIST)
    assert match_key(kept.layout, kept.row, "L") == "L"
    bare = encode(CATALOGUE["credit-liaoning"], record(), LIST)
    assert match_key(bare.layout, bare.row, "L") == f"{DOCUMENT.number}\n{COMPANY.name}"


def test_a_platform_may_name_columns_and_code_values_its_own_way() -> None:
    plain = CATALOGUE["credit-liaoning"]
    own = replace(
        plain.record,
        columns={"RDWH": "WH", "JGQC": "MC"},
        codes={"RDDW": {ORGAN.name: "01"}, "ZYSXSS": {"甲": "乙"}},
    )
    content = encode(replace(plain, record=own), record(facts="甲;丙"), LIST)
    assert (content.row["WH"], content.row["MC"]) == (DOCUMENT.number, COMPANY.name)
    assert (content.row["RDDW"], content.row["ZYSXSS"]) == ("01", "乙;丙")
    assert match_key(content.layout, content.row, "L") == f"{DOCUMENT.number}\n{COMPANY.name}"
    codes = packet.table_of(content.layout, [packet.Line("k", LIST, "L", 1, content.row)])[1]
    assert codes == ["CZ", *content.row]
    assert "RDWH" not in codes


def test_trade_v2_lists_and_revokes_by_separate_messages() -> None:
    listed = encode(CATALOGUE["trade-quanzhou"], record(), LIST)
    assert tuple(listed.row) == trade_v2.LISTING_NAMES
    assert (listed.row["SubjectType"], listed.row["PunishEnd"]) == ("法人", "2027-11-02")
    revoked = encode(CATALOGUE["trade-quanzhou"], record(reason_code="repair", version=2), WITHDRAW)
    assert (revoked.row["RevokeReason"], revoked.row["RevokeDate"]) == ("信用修复", "2026-11-02")
    body = trade_v2.to_xml(trade_v2.REVOCATION, revoked.row, message_id="k", sender="s", sent_at="t")
    root = fromstring(body)
    assert root.findtext("Head/MessageType") == "17.3"
    assert root.findtext("Body/RevokeBlacklistInfo/RecordVersion") == "2"


def test_xml_text_is_escaped() -> None:
    row = trade_v2.encode_listing(record(facts="<骗取> & 中标"))
    body = trade_v2.to_xml(trade_v2.LISTING, row, message_id="k", sender="s", sent_at="t")
    assert fromstring(body).findtext("Body/BlacklistInfo/Facts") == "<骗取> & 中标"


def test_packets() -> None:
    content = encode(CATALOGUE["credit-hebei"], record(list_class="penalty-record"), LIST)
    line = packet.Line("key", WITHDRAW, "L", 2, content.row)
    rows = list(csv.reader(io.StringIO(packet.sheet(content.layout, [line], "csv").decode("utf-8-sig"))))
    assert rows[0][:2] == ["操作", "行政相对人名称"]
    assert rows[1][:2] == ["CZ", "CF_XDR_MC"]
    assert rows[2][:2] == ["撤销", COMPANY.name]
    book = packet.sheet(content.layout, [line], "xlsx")
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(book)).get_sheet_by_index(0).to_python()
    assert sheet[2][0] == "撤销"
    head = json.loads(packet.manifest("b", "s", content.layout, "b.csv", book, [line], record().time))
    assert head["rows"] == [
        {"line": 1, "idempotency_key": "key", "operation": "withdraw", "listing_id": "L", "version": 2}
    ]


def test_a_cell_is_never_a_formula() -> None:
    content = Content("procurement_sheet", "", {})
    book = packet.to_xlsx([["=1+1"]], content.layout)
    assert CalamineWorkbook.from_filelike(io.BytesIO(book)).get_sheet_by_index(0).to_python() == [["=1+1"]]


def test_feedback_sheets() -> None:
    good = packet.to_csv([packet.FEEDBACK_COLUMNS, ("1", "k", "accepted", "R", "", "", "")])
    assert packet.read_feedback(good)[0]["receipt_number"] == "R"
    with pytest.raises(ValueError, match="缺少列"):
        packet.read_feedback(b"a,b\n1,2\n")


@pytest.mark.parametrize(
    ("given", "plain"), [("2.50", "2.5"), ("0.000001", "0.000001"), ("100", "100"), ("", "")]
)
def test_amounts_in_wan(given: str, plain: str) -> None:
    assert wan(given) == plain


def test_every_layout_names_its_columns() -> None:
    for layout in ("penalty_2018", "blacklist_org", "blacklist_person", "procurement_sheet", "trade_v2"):
        codes = [column.code for column in columns_of(layout)]
        assert len(codes) == len(set(codes))


def test_missing_values_of_an_event_are_empty_text() -> None:
    data = {
        "listing_id": "L", "version": 1, "sequence": 1, "operation": "list",
        "occurred_at": "2026-11-02T02:00:00Z",
        "list": {"code": "c", "name": "n", "class": "notice", "basis": None},
        "domain": "tax", "region": "130102",
        "department_id": None, "subject": {"type": "organization", "name": "甲", "uscc": None},
        "organ": {"name": "o", "uscc": None}, "source": None, "document": {"number": "1"},
        "misconduct": {"category": None, "facts": None}, "measures": [], "publicity": {"start": None},
    }  # fmt: skip
    made = record_from(data)
    assert (made.organ.uscc, made.source.name, made.facts, made.document.date) == ("", "", "", "")
