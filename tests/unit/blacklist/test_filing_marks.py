"""Officers type full-width marks: codes joined or bracketed by them are accepted and kept in one form."""

from datetime import date
from typing import Any

from services.blacklist.cases.domain.filing import normalised, problems

TODAY = date(2026, 11, 2)


def filing(category: str, id_type: str, id_number: str) -> dict[str, Any]:
    return {
        "subject": {
            "type": "individual",
            "name": "张某",
            "id_type": id_type,
            "id_number": id_number,
            "birth_on": "1980-01-01",
        },
        "document": {"kind": "penalty-decision", "date": "2026-10-30", "penalty_category": category},
        "misconduct": {},
    }


def test_categories_and_certificates_with_full_width_marks_pass_and_are_kept_in_one_form() -> None:
    filed = filing("罚款\uff1b没收违法所得、没收非法财物", "other", "ab12\uff0834\uff09")
    assert problems(filed, TODAY) == []
    kept = normalised(filed)
    assert kept["document"]["penalty_category"] == "罚款;没收违法所得、没收非法财物"
    assert kept["subject"]["id_number"] == "AB12(34)"


def test_a_category_nobody_knows_is_refused() -> None:
    assert [field for field, _ in problems(filing("罚款\uff1b训诫", "other", "AB1234"), TODAY)] == [
        "/document/penalty_category"
    ]
