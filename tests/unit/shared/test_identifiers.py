"""Identity codes: real public USCC codes as vectors, made-up persons only."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import ric, uscc

from shared.identifiers import (
    USCC_ALPHABET,
    InvalidIdentifier,
    check_resident_id,
    check_uscc,
    make_resident_id,
    make_uscc,
    mask_id,
    mask_person_name,
    organ_code_check_digit,
)

STATE_BANK = "91100000100003962T"  # a published company code
PREFIXES = [
    "91130102",
    "92350524",
    "93210100",
    "11130102",
    "12350500",
    "51210000",
    "N2130102",
    "A1110105",
    "Y1350524",
]


def test_a_published_code_and_its_variants():
    assert check_uscc(STATE_BANK) == STATE_BANK
    assert check_uscc(f" {STATE_BANK.lower()} ") == STATE_BANK
    assert check_uscc("９１100000100003962T") == STATE_BANK


@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize("serial", [1, 42, 99_999_999])
def test_made_codes_are_valid(prefix, serial):
    code = make_uscc(prefix, serial)
    assert check_uscc(code) == code
    if prefix[0].isdigit():
        assert uscc.is_valid(code)  # python-stdnum knows digits only at the front


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("", "shape"),
        ("9113010200000005", "shape"),
        ("9113010200000005I1", "shape"),
        (make_uscc("91999999", 5), "region"),
        (STATE_BANK[:-1] + "A", "checksum"),
    ],
)
def test_wrong_codes_say_why(code, reason):
    with pytest.raises(InvalidIdentifier) as raised:
        check_uscc(code)
    assert raised.value.reason == reason
    assert "请" in raised.value.message


def _outer(body):
    total = sum(USCC_ALPHABET.index(c) * pow(3, i, 31) for i, c in enumerate(body))
    return body + USCC_ALPHABET[(31 - total % 31) % 31]


def test_inner_organisation_code_is_checked():
    wrong = "1" if organ_code_check_digit("00000005") != "1" else "2"
    with pytest.raises(InvalidIdentifier) as raised:
        check_uscc(_outer("91130102" + "00000005" + wrong))
    assert raised.value.reason == "inner-checksum"
    code = _outer("92130102" + "00000005" + wrong)  # individual businesses: the inner digit is not checked
    assert check_uscc(code) == code


@given(st.integers(0, 99_999_999), st.integers(0, 17), st.sampled_from(USCC_ALPHABET))
def test_any_single_wrong_character_is_noticed(serial, position, char):
    code = make_uscc("91130102", serial)
    if code[position] != char:
        with pytest.raises(InvalidIdentifier):
            check_uscc(code[:position] + char + code[position + 1 :])


@given(st.dates(date(1900, 1, 1), date(2025, 12, 31)), st.integers(0, 999))
def test_made_resident_ids_are_valid(birth, serial):
    number = make_resident_id("130102", birth, serial)
    assert check_resident_id(number, today=date(2026, 1, 1)) == number
    assert ric.calc_check_digit(number) == number[-1]


def test_fifteen_digits_become_eighteen():
    number = make_resident_id("350524", date(1968, 3, 9), 12)
    assert check_resident_id(number[:6] + number[8:17]) == number
    assert check_resident_id(number.lower()) == number


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        ("12345", "shape"),
        (make_resident_id("990102", date(1980, 1, 1), 1), "region"),
        (make_resident_id("130102", date(2090, 1, 1), 1), "birth"),
        ("13010219801341001X", "birth"),
    ],
)
def test_wrong_resident_ids_say_why(number, reason):
    with pytest.raises(InvalidIdentifier) as raised:
        check_resident_id(number)
    assert raised.value.reason == reason


def test_wrong_check_character():
    number = make_resident_id("130102", date(1980, 1, 1), 1)
    wrong = "0" if number[-1] != "0" else "1"
    with pytest.raises(InvalidIdentifier, match="校验位"):
        check_resident_id(number[:-1] + wrong)


def test_masks():
    assert mask_id(make_resident_id("130102", date(1980, 1, 1), 1)) == "1301" + "*" * 14
    assert mask_id("12") == "12"
    assert [mask_person_name(n) for n in ["张三", "欧阳小明", "欧阳", "王", "买买提·吐尔逊"]] == [
        "张*",
        "欧阳**",
        "欧*",
        "王",
        "买**·***",
    ]
