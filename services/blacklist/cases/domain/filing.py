"""A filing as plain data (the shape of `POST /api/v1/cases`, dates as ISO text, amounts as decimal text):
what makes it unacceptable, whoever brings it: form, program, sheet or correction.
"""

import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from services.blacklist.audit.domain import without_identities
from services.blacklist.cases.domain.content import DISCLOSURES, ID_TYPES, PENALTY_CATEGORIES
from services.blacklist.cases.domain.redaction import exception_problems
from services.blacklist.rules.domain import DOCUMENT_KINDS
from services.blacklist.rules.minors import birth_of
from shared.identifiers import InvalidIdentifier, check_resident_id, check_uscc

Problem = tuple[str, str]
"""JSON pointer and a Chinese message that names the remedy."""

ORGANIZATION, INDIVIDUAL = "organization", "individual"
CODE_FIELDS = ("registration", "org_code", "tax", "institution", "social")
CODES = ("uscc", "codes", "id_number", "legal_representative_id_number")
GROUPS = ("subject", "misconduct", "document", "disclosure")
_OTHER_ID = re.compile(r"[0-9A-Za-z()\uff08\uff09-]{4,32}")
_HALF_WIDTH = str.maketrans({"\uff08": "(", "\uff09": ")"})
_SEMICOLON = re.compile(r"[;\uff1b]")
_MOST_WAN = Decimal(10) ** 10


def merged(filing: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """The filing with changes laid over it, group by group; a null clears an optional field."""
    result = deepcopy(dict(filing))
    for name, value in changes.items():
        if name in GROUPS and isinstance(value, Mapping):
            result[name] = {**(result.get(name) or {}), **value}
        else:
            result[name] = value
    return result


def normalised(filing: Mapping[str, Any]) -> dict[str, Any]:
    """The same filing with codes in their one form (15-digit ids as 18) and no identity number in free text;
    call after `problems`."""
    result = {**filing, **{name: _without_identities(filing.get(name) or {}) for name in GROUPS}}
    subject = result["subject"]
    if subject.get("uscc"):
        subject["uscc"] = check_uscc(subject["uscc"])
    for kind, number in (
        ("id_type", "id_number"),
        ("legal_representative_id_type", "legal_representative_id_number"),
    ):
        if subject.get(number):
            subject[kind] = subject.get(kind) or "resident-id"
            subject[number] = _normal_id(subject[kind], subject[number])
    document = result["document"]
    if document.get("penalty_category"):  # half-width, as the 双公示 layout joins them
        document["penalty_category"] = ";".join(_categories(document["penalty_category"])) or None
    return result


def _without_identities(group: Mapping[str, Any]) -> dict[str, Any]:
    """A copy with resident identity numbers masked wherever they are not the field's own content."""
    return {name: value if name in CODES else without_identities(value) for name, value in group.items()}


def _normal_id(kind: str, number: str) -> str:
    return (
        check_resident_id(number) if kind == "resident-id" else number.strip().upper().translate(_HALF_WIDTH)
    )


def problems(filing: Mapping[str, Any], today: date) -> list[Problem]:
    """Everything wrong with a filing's content, whatever the list; empty when it may be kept as a draft."""
    return [
        *_subject_problems(filing.get("subject") or {}, today),
        *_document_problems(filing.get("document") or {}, today),
        *_misconduct_problems(filing.get("misconduct") or {}, today),
        *_disclosure_problems(filing),
    ]


def _subject_problems(subject: Mapping[str, Any], today: date) -> Iterator[Problem]:
    kind = subject.get("type")
    if kind not in (ORGANIZATION, INDIVIDUAL):
        yield "/subject/type", "主体类型应为 organization（法人及非法人组织）或 individual（自然人）"
        return
    if not subject.get("name"):
        yield "/subject/name", "填写主体名称"
    if kind == ORGANIZATION:
        yield from _organization_problems(subject, today)
    else:
        yield from _individual_problems(subject, today)


def _organization_problems(subject: Mapping[str, Any], today: date) -> Iterator[Problem]:
    for name in ("id_type", "id_number", "birth_on"):
        if subject.get(name):
            yield f"/subject/{name}", "法人及非法人组织不填自然人证件"
    if subject.get("uscc"):
        try:
            check_uscc(subject["uscc"])
        except InvalidIdentifier as error:
            yield "/subject/uscc", error.message
    yield from _id_problems(subject, "legal_representative_id_type", "legal_representative_id_number", today)


def _individual_problems(subject: Mapping[str, Any], today: date) -> Iterator[Problem]:
    organisations = (
        "uscc", "short_names", "legal_representative", "legal_representative_id_type",
        "legal_representative_id_number",
    )  # fmt: skip
    for name in organisations:
        if subject.get(name):
            yield f"/subject/{name}", "自然人不填此项"
    yield from _id_problems(subject, "id_type", "id_number", today)
    yield from _birth_problems(subject, today)


def _birth_problems(subject: Mapping[str, Any], today: date) -> Iterator[Problem]:
    """A declared birth date may not say otherwise than the certificate."""
    yield from _past_date("/subject/birth_on", subject.get("birth_on"), today, "出生日期")
    carried = birth_of(subject.get("id_type") or "resident-id", subject.get("id_number"))
    if carried and subject.get("birth_on") and carried.isoformat() != subject["birth_on"]:
        yield "/subject/birth_on", "与居民身份证号码中的出生日期不一致，请核对"


def _id_problems(
    subject: Mapping[str, Any], kind_name: str, number_name: str, today: date
) -> Iterator[Problem]:
    number = subject.get(number_name)
    if not number:
        return
    kind = subject.get(kind_name) or "resident-id"
    if kind not in ID_TYPES:
        yield f"/subject/{kind_name}", f"证件类型应为下列之一：{'、'.join(ID_TYPES)}"
    elif kind == "resident-id":
        try:
            check_resident_id(number, today=today)
        except InvalidIdentifier as error:
            yield f"/subject/{number_name}", error.message
    elif not _OTHER_ID.fullmatch(number.strip()):
        yield f"/subject/{number_name}", "证件号码应为4至32位字母或数字，请核对"


def _document_problems(document: Mapping[str, Any], today: date) -> Iterator[Problem]:
    if document.get("kind") and document["kind"] not in DOCUMENT_KINDS:
        yield "/document/kind", f"文书种类应为下列之一：{'、'.join(DOCUMENT_KINDS)}"
    if document.get("penalty_category") and not _known_categories(document["penalty_category"]):
        yield "/document/penalty_category", f"处罚类别应为下列之一：{'、'.join(PENALTY_CATEGORIES)}"
    yield from _past_date("/document/date", document.get("date"), today, "文书日期")
    yield from _date("/document/valid_until", document.get("valid_until"))
    for name in ("fine_wan", "confiscated_wan"):
        yield from _amount(f"/document/{name}", document.get(name))


def _known_categories(text: str) -> bool:
    """One category, or several joined by semicolons as the 双公示 layout allows."""
    return all(part in PENALTY_CATEGORIES for part in _categories(text))


def _categories(text: str) -> list[str]:
    return [part.strip() for part in _SEMICOLON.split(text) if part.strip()]


def _misconduct_problems(misconduct: Mapping[str, Any], today: date) -> Iterator[Problem]:
    yield from _past_date("/misconduct/occurred_on", misconduct.get("occurred_on"), today, "违法行为发生日期")


def _disclosure_problems(filing: Mapping[str, Any]) -> Iterator[Problem]:
    disclosure = filing.get("disclosure") or {}
    attribute = disclosure.get("attribute")
    if attribute and attribute not in DISCLOSURES:
        yield "/disclosure/attribute", f"公开属性应为下列之一：{'、'.join(DISCLOSURES)}"
    groups = {name: filing.get(name) or {} for name in ("misconduct", "document")}
    yield from exception_problems(disclosure, groups)


def parse_date(text: Any) -> date | None:
    """The date of ISO text, None when empty; raises ValueError."""
    return date.fromisoformat(text) if text else None


def _date(pointer: str, text: Any) -> Iterator[Problem]:
    try:
        parse_date(text)
    except (TypeError, ValueError):
        yield pointer, "日期应写成 2026-11-02 的形式"


def _past_date(pointer: str, text: Any, today: date, words: str) -> Iterator[Problem]:
    try:
        day = parse_date(text)
    except (TypeError, ValueError):
        yield pointer, "日期应写成 2026-11-02 的形式"
        return
    if day is not None and day > today:
        yield pointer, f"{words}不能晚于今天"


def _amount(pointer: str, text: Any) -> Iterator[Problem]:
    if text in (None, ""):
        return
    try:
        amount = Decimal(str(text))
    except InvalidOperation:
        yield pointer, "金额（万元）应为数字"
        return
    exponent = amount.as_tuple().exponent
    if (
        not amount.is_finite()
        or not 0 <= amount <= _MOST_WAN
        or (isinstance(exponent, int) and exponent < -6)
    ):
        yield pointer, "金额单位为万元，应不小于0且小数不超过6位"
