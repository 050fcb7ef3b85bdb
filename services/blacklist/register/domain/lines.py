"""A line of an import file (`import listings`), checked by hand because a file has millions of them."""

import hashlib
import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from services.blacklist.register.domain.facts import CODE_FIELDS, Publicity
from services.blacklist.rules.minors import birth_of, minor_until
from shared.identifiers import InvalidIdentifier, check_resident_id, check_uscc
from shared.regions import is_known
from shared.written import holds_identity

LONGEST_NAME = 200
LONGEST_TEXT = 20_000
LONGEST_SHORT, MOST_SHORT = 50, 10
RESIDENT = "resident-id"
MINOR = (
    "subject.id_number：按号码所示出生日期，违法行为发生、作出文书或者公示之日当事人为未成年人，不得列入和公示；"
    "请核对号码和日期，无误的不要迁入，并请原系统停止公示"
)
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_TOP = {
    "list_code", "domain", "region", "subject", "document", "published_on", "publicity_ends_on",
    "former_names", "short_names", "source_id", "misconduct", "measures", "severity", "organ", "source",
}  # fmt: skip
_SUBJECT = {
    "type", "name", "uscc", "legal_representative", "id_type", "id_number", *CODE_FIELDS,
}  # fmt: skip
_DOCUMENT = {
    "kind", "number", "organ", "date", "basis", "content", "fine_wan", "confiscated_wan", "licence",
    "penalty_category", "valid_until",
}  # fmt: skip
_EMPTY_SUBJECT: dict[str, str | None] = dict.fromkeys(_SUBJECT)
_EMPTY_DOCUMENT: dict[str, str | None] = dict.fromkeys(_DOCUMENT)
_MISCONDUCT = {"category", "facts", "occurred_on"}
_MEASURE = {"code", "basis", "domain", "region", "from", "to", "organ"}
_ORGAN = {"name", "uscc"}


class BadLine(ValueError):
    """A line that cannot go in, with the reason in Chinese."""


@dataclass(frozen=True)
class ImportLine:
    """A good line: the normalised content, its publicity, and what makes it the same line next time."""

    content: Mapping[str, Any]
    publicity: Publicity
    origin: str


def read_line(text: str | bytes, domains: Collection[str]) -> ImportLine:
    """The line, normalised; BadLine says what is wrong with it."""
    given = _object(text)
    _only_known(given, _TOP, "")
    for name in ("list_code", "domain", "region"):
        _text(given, name, required=True)
    if not is_known(given["region"]):
        raise BadLine(f"region：没有行政区划代码 {given['region']}")
    if given["domain"] not in domains:
        raise BadLine(f"domain：没有领域 {given['domain']}")
    subject = _subject(given.get("subject"))
    content = {
        **given,
        "subject": subject,
        "document": _document(given.get("document")),
        "misconduct": _misconduct(given.get("misconduct")),
        "former_names": _names(given, "former_names"),
        "short_names": _short_names(given, subject["type"]),
        "measures": _measures(given.get("measures")),
        "organ": _organ(given.get("organ"), "organ"),
        "source": _organ(given.get("source"), "source"),
        "severity": _one_of(given, "severity", ("serious", "general", "minor")),
    }
    publicity = _publicity(given)
    _require_no_identity(content)
    if subject["type"] == "individual":
        _require_adult(content, publicity.start)
    return ImportLine(content, publicity, _origin(given))


def _require_no_identity(content: Mapping[str, Any]) -> None:
    """Names and document numbers are shown as they stand; a sole trader's may hold its owner's number."""
    document = content["document"]
    shown = {
        "subject.name": [content["subject"]["name"]],
        "former_names": content["former_names"],
        "short_names": content["short_names"],
        "document.number": [document["number"]],
        "document.organ": [document["organ"]],
        "organ.name": [(content["organ"] or {}).get("name")],
        "source.name": [(content["source"] or {}).get("name")],
        "measures.organ": [each["organ"] for each in content["measures"]],
    }
    for where, texts in shown.items():
        if any(holds_identity(each) for each in texts if each):
            raise BadLine(f"{where}：不得含有证件号码")


def _require_adult(content: Mapping[str, Any], published_on: date) -> None:
    """Of age when acting (no later than the document) and when published, whatever the number is called."""
    known = (content["misconduct"]["occurred_on"], content["document"]["date"])
    acted = min((date.fromisoformat(each) for each in known if each), default=None)
    barred = minor_until(birth_of(RESIDENT, content["subject"]["id_number"]), acted)
    if barred is not None and barred > published_on:
        raise BadLine(MINOR)


def origin_of(text: str | bytes) -> str | None:
    """What makes it the same line next time, whatever else it says; None where that cannot be told."""
    try:
        return _origin(_object(text))
    except BadLine:
        return None


def _object(text: str | bytes) -> dict[str, Any]:
    try:
        given = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadLine("不是合法的 JSON") from error
    if not isinstance(given, dict):
        raise BadLine("每行应为一个 JSON 对象")
    return given


def _origin(given: Mapping[str, Any]) -> str:
    source_id = _text(given, "source_id", longest=180)
    if source_id:
        return f"id:{source_id}"
    canonical = json.dumps(given, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return f"sha256:{hashlib.sha256(canonical.encode(errors='replace')).hexdigest()}"


def _only_known(given: Mapping[str, Any], known: set[str], where: str) -> None:
    if not given.keys() <= known:
        strangers = given.keys() - known
        raise BadLine(f"{where}{min(strangers)}：没有这个字段")


def _text(
    given: Mapping[str, Any],
    name: str,
    *,
    where: str = "",
    required: bool = False,
    longest: int = LONGEST_NAME,
) -> str | None:
    value = given.get(name)
    if value is None and not required:
        return None
    if not isinstance(value, str) or not (stripped := value.strip()):
        raise BadLine(f"{where}{name}：应填写文字")
    if len(value) > longest or not _storable(value):
        raise BadLine(f"{where}{name}：过长或含有不能使用的字符")
    return stripped


def _texts(given: Mapping[str, Any], where: str, longest: int = LONGEST_NAME) -> dict[str, str | None]:
    """All members as texts; the common case, a clean one, without a call each."""
    texts: dict[str, str | None] = {}
    for name, value in given.items():
        clean = type(value) is str and len(value) <= longest and value.isprintable()
        texts[name] = (clean and value.strip()) or _text(given, name, where=where, longest=longest)
    return texts


def _storable(text: str) -> bool:
    """Whether every database and encoder can hold it: no NUL, no lone surrogate."""
    return text.isprintable() or _UNSTORABLE.search(text) is None


def _one_of(given: Mapping[str, Any], name: str, allowed: tuple[str, ...]) -> str | None:
    value = _text(given, name)
    if value is not None and value not in allowed:
        raise BadLine(f"{name}：应为 {'、'.join(allowed)} 之一")
    return value


def _part(value: Any, name: str, known: set[str]) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise BadLine(f"{name}：应为 JSON 对象")
    _only_known(value, known, f"{name}.")
    return value


def _subject(value: Any) -> dict[str, Any]:
    given = _part(value, "subject", _SUBJECT)
    texts = _EMPTY_SUBJECT | _texts(given, "subject.")
    _text(given, "name", where="subject.", required=True)
    if texts["type"] not in {"organization", "individual"}:
        raise BadLine("subject.type：应为 organization 或 individual")
    try:
        return _person(texts) if texts["type"] == "individual" else _organisation(texts)
    except InvalidIdentifier as error:
        raise BadLine(f"subject：{error}") from error


def _organisation(texts: dict[str, str | None]) -> dict[str, Any]:
    if texts["id_number"]:
        raise BadLine("subject.id_number：法人和非法人组织不填证件号码")
    return texts | {"uscc": check_uscc(texts["uscc"]) if texts["uscc"] else None}


def _person(texts: dict[str, str | None]) -> dict[str, Any]:
    number, id_type = texts["id_number"], texts["id_type"] or RESIDENT
    if not number:
        raise BadLine("subject.id_number：自然人须填写证件号码")
    checked = check_resident_id(number) if id_type == RESIDENT else number.upper()
    return texts | {"uscc": None, "id_type": id_type, "id_number": checked}


def _document(value: Any) -> dict[str, Any]:
    given = _part(value, "document", _DOCUMENT)
    document = _EMPTY_DOCUMENT | _texts(given, "document.", LONGEST_TEXT)
    _text(given, "number", where="document.", required=True)
    document["kind"] = document["kind"] or "other"
    for name in ("date", "valid_until"):
        _day(given, name, "document.")
    for name in ("fine_wan", "confiscated_wan"):
        _amount(document[name], f"document.{name}")
    return document


def _amount(text: str | None, where: str) -> None:
    try:
        if text is not None and not 0 <= Decimal(text) < 10**12:
            raise BadLine(f"{where}：金额（万元）超出范围")
    except InvalidOperation as error:
        raise BadLine(f"{where}：应为金额（万元）") from error


def _misconduct(value: Any) -> dict[str, Any]:
    if not value:
        return dict.fromkeys(_MISCONDUCT)
    given = _part(value, "misconduct", _MISCONDUCT)
    _day(given, "occurred_on", "misconduct.")
    return {name: _text(given, name, where="misconduct.", longest=LONGEST_TEXT) for name in _MISCONDUCT}


def _measures(value: Any) -> list[dict[str, Any]]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise BadLine("measures：应为数组")
    return [_measure(each) for each in value]


def _measure(value: Any) -> dict[str, Any]:
    given = _part(value, "measures", _MEASURE)
    _text(given, "code", where="measures.", required=True)
    for name in ("from", "to"):
        _day(given, name, "measures.")
    return {name: _text(given, name, where="measures.") for name in _MEASURE}


def _organ(value: Any, name: str) -> dict[str, Any] | None:
    if value is None:
        return None
    given = _part(value, name, _ORGAN)
    uscc = _text(given, "uscc", where=f"{name}.")
    try:
        code = check_uscc(uscc) if uscc else None
    except InvalidIdentifier as error:
        raise BadLine(f"{name}.uscc：{error}") from error
    return {"name": _text(given, "name", where=f"{name}.", required=True), "uscc": code}


def _short_names(given: Mapping[str, Any], subject_type: str | None) -> list[str]:
    names = [each.strip() for each in _names(given, "short_names")]
    if names and subject_type == "individual":
        raise BadLine("short_names：自然人不填此项")
    if len(names) > MOST_SHORT or not all(2 <= len(each) <= LONGEST_SHORT for each in names):
        raise BadLine(f"short_names：每个 2 至 {LONGEST_SHORT} 字，至多 {MOST_SHORT} 个")
    return names


def _names(given: Mapping[str, Any], field: str) -> list[str]:
    value = given.get(field)
    if value is None:
        return []
    names = value if isinstance(value, list) else [value]
    if not all(isinstance(each, str) and 0 < len(each) <= LONGEST_NAME and _storable(each) for each in names):
        raise BadLine(f"{field}：应为名称的数组")
    return names


def _day(given: Mapping[str, Any], name: str, where: str = "") -> date | None:
    value = given.get(name)
    if value is None:
        return None
    try:
        return date.fromisoformat(value if len(value) == 10 else "")
    except (TypeError, ValueError) as error:
        raise BadLine(f"{where}{name}：应为 YYYY-MM-DD 形式的日期") from error


def _publicity(given: Mapping[str, Any]) -> Publicity:
    start, end = _day(given, "published_on"), _day(given, "publicity_ends_on")
    if start is None or end is None:
        raise BadLine(f"{'published_on' if start is None else 'publicity_ends_on'}：须填写")
    if end <= start:
        raise BadLine("publicity_ends_on：应晚于 published_on")
    return Publicity(start=start, max_end=end)
