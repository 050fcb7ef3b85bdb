"""更正说明 of a public listing: every corrected item with its former and its new wording, why and when."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from services.blacklist.register.domain.labels import LABELS
from services.blacklist.register.domain.redaction import COVER
from services.blacklist.web import wording

NAMES = {
    "subject.type": wording.SUBJECT_TYPES,
    "subject.id_type": wording.ID_TYPES,
    "document.kind": wording.DOCUMENTS,
    "severity": wording.SEVERITY_NAMES,
}
FREE_TEXT = ("misconduct.facts", "document.content", "document.basis")
WITHDRAWN = "（原文含依法不予公开的内容，不再显示）"


def corrections_of(versions: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Of the public history, newest first: the corrections that altered something shown."""
    made = [
        {"at": each["at"], "reason": each["reason"], "rows": list(_rows(each["changes"]))}
        for each in versions
        if each["kind"] == "corrected"
    ]
    return [each for each in made if each["rows"]]


def _rows(changes: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str, str]]:
    for change in changes:
        before, after = _leaves(change["field"], change["before"]), _leaves(change["field"], change["after"])
        for name in dict.fromkeys((*before, *after)):
            was, now = before.get(name), after.get(name)
            if was != now and name in LABELS:
                yield LABELS[name], _former(name, was, now), _shown(name, now)


def _leaves(field: str, value: Any) -> dict[str, Any]:
    if isinstance(value, Mapping):
        return {f"{field}.{name}": each for name, each in value.items()}
    return {field: value}


def _former(name: str, was: Any, now: Any) -> str:
    """What a correction took out of public view stays out of it."""
    hidden = name in FREE_TEXT and str(was or "").count(COVER) < str(now or "").count(COVER)
    return WITHDRAWN if hidden else _shown(name, was)


def _shown(name: str, value: Any) -> str:
    if name == "measures":
        return "、".join(wording.measure_name(each["code"]) for each in value or ()) or "（无）"
    if isinstance(value, Mapping):
        value = [each for each in value.values() if each]
    if isinstance(value, (list, tuple)):
        return "、".join(map(str, value)) or "（无）"
    return NAMES.get(name, {}).get(str(value), str(value)) if value not in (None, "") else "（无）"
