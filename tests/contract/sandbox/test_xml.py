"""The XML platforms: 17.2 lists and corrects, 17.3 revokes."""

from xml.etree import ElementTree as ET

import pytest

from shared.identifiers import make_uscc
from shared.ids import new_id
from tests.contract.sandbox.conftest import PERSON, revocation, trade

CITY = "trade-quanzhou"


def receipt(answer):
    assert answer.status_code == 200, answer.text
    return {child.tag: child.text or "" for child in ET.fromstring(answer.data)}


def test_list_correct_revoke(bench):
    one = new_id()
    first = receipt(bench.send_xml(CITY, trade(one)))
    assert first["Result"] == "accepted"
    assert first["MessageId"] == f"trade:{one}:1:list"
    assert receipt(bench.send_xml(CITY, trade(one, 2, Facts="更正后的事实")))["Result"] == "accepted"
    (record,) = bench.records(CITY)
    assert (record["version"], record["status"]) == (2, "listed")
    assert "更正后的事实" in record["raw"]
    assert receipt(bench.send_xml(CITY, revocation(one, 3)))["Result"] == "accepted"
    assert bench.records(CITY)[0]["status"] == "withdrawn"
    assert receipt(bench.send_xml(CITY, revocation(one, 4)))["Code"] == "NOT_FOUND"


def test_the_same_message_again(bench):
    one = new_id()
    assert receipt(bench.send_xml(CITY, trade(one))) == receipt(bench.send_xml(CITY, trade(one)))
    assert receipt(bench.send_xml(CITY, trade(one, Facts="别的")))["Code"] == "CONFLICT"
    key = f"trade:{one}:1:list"
    assert receipt(bench.get(f"/platforms/{CITY}/messages/{key}"))["Result"] == "accepted"
    assert bench.get(f"/platforms/{CITY}/messages/none").status_code == 404


def test_a_lower_version_is_refused(bench):
    one = new_id()
    bench.send_xml(CITY, trade(one, 5))
    assert receipt(bench.send_xml(CITY, trade(one, 4)))["Code"] == "VERSION"
    assert receipt(bench.send_xml(CITY, revocation(one, 3)))["Code"] == "VERSION"


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"SubjectType": "公司"}, "SubjectType", "CODE"),
        ({"SubjectCode": "1"}, "SubjectCode", "CHECKSUM"),
        ({"SubjectType": "自然人"}, "SubjectCode", ""),
        ({"TradeDomain": "health"}, "TradeDomain", "CODE"),
        ({"RegionCode": "350100"}, "RegionCode", "CODE"),
        ({"DocumentNumber": ""}, "DocumentNumber", "REQUIRED"),
        ({"RecordVersion": "0"}, "RecordVersion", "FORMAT"),
        ({"RecordId": "x"}, "RecordId", "FORMAT"),
        ({"PunishEnd": "2020-01-01"}, "PunishEnd", "DATE"),
        ({"Unknown": "x"}, "Unknown", "FORMAT"),
    ],
)
def test_each_element_is_checked(bench, changes, field, code):
    told = receipt(bench.send_xml(CITY, trade(new_id(), **changes)))
    if code:
        assert (told["Result"], told["Field"], told["Code"]) == ("rejected", field, code)


def test_persons(bench):
    told = receipt(
        bench.send_xml(CITY, trade(new_id(), SubjectType="自然人", SubjectName="张三", SubjectCode=PERSON))
    )
    assert told["Result"] == "accepted"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("<Message>", 400),
        ('<!DOCTYPE x [<!ENTITY e "x">]><Message>&e;</Message>', 400),
        ("<Other/>", 422),
        ("<Message><Head/><Body/></Message>", 422),
        (trade(new_id()).replace("17.2", "17.9"), 422),
        (trade(new_id()).replace("17.2", "17.3"), 422),
        (trade(new_id()).replace("<Facts>", "<Facts><b/>"), 422),
        (trade(new_id()).replace("<Content></Content>", "<Facts>x</Facts>"), 422),
    ],
)
def test_bad_frames(bench, body, status):
    assert bench.send_xml(CITY, body).status_code == status


def test_content_type_and_signature(bench):
    body = trade(new_id()).encode()
    assert bench.call("POST", f"/platforms/{CITY}/messages", body, "text/plain").status_code == 415
    assert bench.client.post(f"/platforms/{CITY}/messages", data=body).status_code == 401


def test_the_national_platform_takes_every_region(bench):
    changes = {"RegionCode": "130102", "SubjectCode": make_uscc("91130102", 3)}
    assert receipt(bench.send_xml("trade-china", trade(new_id(), **changes)))["Result"] == "accepted"
