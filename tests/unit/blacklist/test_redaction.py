"""Private numbers in free text, however they are written, and the lawful numbers that look like them."""

from datetime import date

import pytest

from services.blacklist.register.domain.redaction import redact
from shared.identifiers import make_resident_id, make_uscc

NUMBER = make_resident_id("130102", date(1990, 3, 7), 1)
WITH_X = next(n for i in range(99) if (n := make_resident_id("130102", date(1990, 3, 7), i)).endswith("X"))
WRONG = NUMBER[:17] + str((int(NUMBER[17], 11) + 1) % 10 if NUMBER[17] != "X" else 0)
FULL_WIDTH = str.maketrans("0123456789X", "０１２３４５６７８９Ｘ")


@pytest.mark.parametrize("number", [NUMBER, WITH_X, WRONG])
@pytest.mark.parametrize("mark", ["", " ", "-", ".", "·", "\u200b", "\u3000", "－", " - "])
def test_an_identity_number_is_covered_however_it_is_written(number: str, mark: str) -> None:
    groups = mark.join((number[:6], number[6:14], number[14:]))
    for written in (groups, mark.join(number), groups.translate(FULL_WIDTH), number.lower()):
        shown = redact(f"第3号:张某(身份证{written})骗取中标")
        assert shown.text == f"第3号:张某(身份证1301{'*' * 14})骗取中标", written
        assert shown.kinds == ("identity-number",)


def test_every_day_and_province_counts() -> None:
    for day in (1, 10, 12, 21, 25, 30, 31):
        number = make_resident_id("820102", date(1988, 10, day), 9)
        assert redact(" ".join(number)).text == f"8201{'*' * 14}"


def test_an_old_number_is_covered_with_marks_between_its_parts() -> None:
    for written in ("130102900307001", "130102 900307 001", "130102-900307-001"):
        assert redact(f"证件{written}。").text == f"证件1301{'*' * 11}。"


@pytest.mark.parametrize(
    "lawful",
    [
        make_uscc("91130102", 7),
        make_uscc("92130102", 19900307),
        "项目编号202611020000001234",
        "130102199013070011",  # no thirteenth month
        "990102199003070011",  # no such province
        "130102299003070011",  # not yet born
        "施工期2025-11-02 - 2026-11-03,罚款25000.00元,第130102号",
        "长住建罚〔2026〕12号,２０２６年１１月２日",
    ],
)
def test_lawful_numbers_stay(lawful: str) -> None:
    assert redact(lawful).text == lawful
    assert "identity-number" not in redact(lawful).kinds


def test_a_unit_whose_code_is_all_digits_and_looks_like_a_birth_date_stays() -> None:
    codes = (make_uscc("12130102", serial) for serial in range(10))
    for code in (each for each in codes if each.isdigit()):
        assert redact(code).kinds == ()


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("持护照E12345678出境", "passport"),
        ("持护照G12345678出境", "passport"),
        ("转入6222021234567890128", "bank-card"),
        ("转入4111 1111 1111 1111", "bank-card"),
    ],
)
def test_what_only_looks_private_is_named_for_a_second_person_and_stays(text: str, kind: str) -> None:
    shown = redact(text)
    assert (shown.text, shown.kinds) == (text, (kind,))


def test_a_number_that_is_no_card_needs_nobody() -> None:
    assert redact("流水号4111111111111112,型号XE12345678").kinds == ()


def test_a_mobile_number_in_groups_is_covered() -> None:
    assert redact("电话139-0000-0000").kinds == ("telephone",)
    assert "0000" not in redact("电话139 0000 0000").text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("联系电话\uff1a0311-86012345\u3002", "联系电话\uff1a***\u3002"),
        ("电话号码为\uff080311\uff0986012345", "电话号码为***"),
        ("住址\uff1a某市某路1号\uff0c现已搬离\uff1b", "住址\uff1a***\uff0c现已搬离\uff1b"),
    ],
)
def test_full_width_marks_part_words_as_half_width_ones_do(text: str, shown: str) -> None:
    assert redact(text).text == shown


def test_an_account_is_named_by_its_own_clause() -> None:
    text = "账户冻结\uff0c罚款已缴2026110200001234"
    assert redact(text).text == text
