"""One finder of identity numbers, however they are written; units' codes and identifiers stay."""

import pytest

from services.blacklist.audit.domain import without_identities
from services.blacklist.supervision.domain.numbers import number_problem
from shared.identifiers import make_uscc
from shared.logs import redact_text
from shared.written import cover_identities, holds_identity
from tests.unit.blacklist.case_office import PERSON_ID

WRITTEN = (
    PERSON_ID,
    " ".join(PERSON_ID),
    f"{PERSON_ID[:6]}-{PERSON_ID[6:14]}-{PERSON_ID[14:]}",
    "\u200b".join(PERSON_ID),
    "".join(chr(ord(sign) + 0xFEE0) for sign in PERSON_ID),
    PERSON_ID[:17] + ("1" if PERSON_ID[17] != "1" else "2"),
    f"甲{PERSON_ID}乙",
)


@pytest.mark.parametrize("text", WRITTEN)
def test_it_is_found_in_every_place_that_must_not_hold_one(text):
    assert holds_identity(text)
    assert cover_identities(text).strip("甲乙").rstrip("*") == PERSON_ID[:4]
    assert "****" in without_identities({"facts": [text]})["facts"][0]
    assert "[redacted]" in redact_text(text)
    assert "公民身份号码" in (number_problem(text) or "")


@pytest.mark.parametrize(
    "text",
    ["", make_uscc("91130102", 12), "长住建罚〔2026〕12号", "2026-11-23T11:01:39.123456Z",
     "01a20811-93ff-7986-89c4-331dc154134a", "1e3b" * 16, "123456789012345678"],
)  # fmt: skip
def test_what_is_no_number_stays_word_for_word(text):
    assert cover_identities(text) == text
    assert not holds_identity(text)
