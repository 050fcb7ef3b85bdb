"""Record layouts. `encode` turns a record into what one platform takes, or refuses with field and rule.

Nothing is sent that the platform's own checks would reject: those faults stop here and become work for the
department instead of a refusal from outside.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from services.credit_push.catalogue import Profile
from services.credit_push.domain import WITHDRAW, Record
from services.credit_push.formats import blacklist, canonical, penalty_2018, procurement_sheet, trade_v2
from services.credit_push.formats.base import Column, Fault, Row, Unacceptable, fit_to_withdraw
from shared.json_text import writer

__all__ = [
    "WITH_LISTING_ID",
    "Content",
    "Fault",
    "Unacceptable",
    "columns_of",
    "content_digest",
    "encode",
    "layout_of",
    "match_key",
    "number_and_name",
    "number_and_name_columns",
    "stable_json",
    "uscc_of",
]

NUMBER_AND_NAME = {
    "penalty_2018": ("CF_WSH", "CF_XDR_MC"),
    "blacklist_org": ("RDWH", "JGQC"),
    "blacklist_person": ("RDWH", "FZRXM"),
    "trade_v2": ("DocumentNumber", "SubjectName"),
    "canonical": ("document_number", "subject_name"),
    "procurement_sheet": ("决定书文号", "企业名称"),
}
WITH_LISTING_ID = ("canonical", "trade_v2")
"""Layouts that carry our listing id; in the others a record is known by document number and name."""
TOLD_BY = ("listing_id", "RecordId", "version", "RecordVersion")
"""What a withdrawal is told by; number and name where these are not carried and no letter says it."""
LETTER = "letter"


class _Made:
    """A property worked out once. Without the lock of Python 3.11's own, for which batches would queue."""

    def __init__(self, make: Callable[["Content"], bytes]) -> None:
        self._make, self._name, self.__doc__ = make, make.__name__, make.__doc__

    def __get__(self, content: "Content", _: type["Content"]) -> bytes:
        made = content.__dict__[self._name] = self._make(content)
        return made


@dataclass(frozen=True)
class Content:
    """One record in one layout: `layout` is the concrete format, `table` its place in a database."""

    layout: str
    table: str
    row: dict[str, Any]

    @_Made
    def shown(self) -> bytes:
        """What a platform shows of it, as the content digest is taken."""
        return _shown(self.row, self.layout)

    @_Made
    def json(self) -> bytes:
        """The row as JSON, made once for what is sent and what is kept: what is shown, then the rest."""
        rest = {name: self.row[name] for name in _NOT_SHOWN.get(self.layout, ()) if name in self.row}
        return b"%b,%b" % (self.shown[:-1], stable_json(rest)[1:]) if rest else self.shown


def layout_of(profile: Profile, record: Record) -> str:
    """The concrete format: `by-class` platforms file penalties and blacklists in different tables."""
    if profile.record.format != "by-class":
        return profile.record.format
    if record.list_class in profile.record.penalty_classes:
        return "penalty_2018"
    return "blacklist_person" if record.subject.person else "blacklist_org"


def encode(profile: Profile, record: Record, operation: str) -> Content:
    """The record as this platform takes it; Unacceptable if the platform would reject it.

    A withdrawal is stopped only where the platform could not tell what is meant: the record may have been
    taken under looser rules, and must not stay there for a field that its removal does not need.
    """
    layout = layout_of(profile, record)
    try:
        row = _row(layout, profile, record, operation)
    except Unacceptable as refusal:
        by_content = layout not in WITH_LISTING_ID and profile.withdrawal.by != LETTER
        needed = {*TOLD_BY, *(NUMBER_AND_NAME[layout] if by_content else ())}
        if operation != WITHDRAW or any(fault.field in needed for fault in refusal.faults):
            raise
        row = fit_to_withdraw(refusal)
    coded = _coded(profile, row)
    if layout in _FLAT:
        coded = {profile.record.columns.get(code, code): value for code, value in coded.items()}
    return Content(layout, _table(profile, layout, record), coded)


def _row(layout: str, profile: Profile, record: Record, operation: str) -> Mapping[str, Any]:
    if layout == "canonical":
        return canonical.encode(record, operation)
    if layout == "trade_v2":
        revoking = operation == WITHDRAW and profile.transport.kind == "http"
        return trade_v2.encode_revocation(record) if revoking else trade_v2.encode_listing(record)
    return _FLAT[layout](record)


def _coded(profile: Profile, row: Mapping[str, Any]) -> dict[str, Any]:
    """The row with the platform's own values where its code sets differ; several values part by part."""
    coded = dict(row)
    for column, codes in profile.record.codes.items():
        if isinstance(value := coded.get(column), str):
            coded[column] = ";".join(codes.get(part, part) for part in value.split(";"))
    return coded


_FLAT = {
    "penalty_2018": penalty_2018.encode,
    "blacklist_org": blacklist.encode_organization,
    "blacklist_person": blacklist.encode_person,
    "procurement_sheet": procurement_sheet.encode,
}


def _table(profile: Profile, layout: str, record: Record) -> str:
    name = layout
    if layout == "penalty_2018":
        name = "penalty_individual" if record.subject.person else "penalty_organization"
    return profile.record.tables.get(name, "")


def columns_of(layout: str) -> tuple[Column, ...]:
    """The columns of a table or sheet layout."""
    return {
        "penalty_2018": penalty_2018.COLUMNS,
        "blacklist_org": blacklist.ORGANIZATION_COLUMNS,
        "blacklist_person": blacklist.PERSON_COLUMNS,
        "procurement_sheet": procurement_sheet.COLUMNS,
        "trade_v2": trade_v2.LISTING.columns,
    }[layout]


def number_and_name(layout: str, row: Mapping[str, Any]) -> tuple[str, str]:
    """Document number and subject name as a row of a layout carries them."""
    number, name = number_and_name_columns(layout, row)
    return str(row[number]), str(row[name])


def number_and_name_columns(layout: str, row: Mapping[str, Any]) -> tuple[str, str]:
    """The columns of both; where the platform names its columns otherwise, by their place in the layout."""
    number, name = NUMBER_AND_NAME[layout]
    if number in row and name in row:
        return number, name
    codes, own = [column.code for column in columns_of(layout)], list(row)
    return own[codes.index(number)], own[codes.index(name)]


USCC = {"penalty_2018": "CF_XDR_SHXYM", "blacklist_org": "TYSHXYDM", "procurement_sheet": "统一社会信用代码"}


def uscc_of(layout: str, row: Mapping[str, Any]) -> str:
    """The party's credit code as a row of a table or sheet carries it; empty where it has none."""
    code = USCC.get(layout, "")
    if not code or code in row:
        return str(row.get(code) or "")
    return str(row[list(row)[[column.code for column in columns_of(layout)].index(code)]] or "")


def match_key(layout: str, row: Mapping[str, Any], listing_id: str) -> str:
    """What both sides know a record by in a reconciliation."""
    return listing_id if layout in WITH_LISTING_ID else "\n".join(number_and_name(layout, row))


def content_digest(content: Content | Row | dict[str, Any], layout: str = "") -> str:
    """SHA-256 of what a platform shows of a record, the same on both sides (docs/platform-wire.md)."""
    shown = content.shown if isinstance(content, Content) else _shown(content, layout)
    return hashlib.sha256(shown).hexdigest()


_NOT_SHOWN = {"canonical": canonical.NOT_CONTENT, "trade_v2": ("RecordVersion",)}


def _shown(row: Mapping[str, Any], layout: str) -> bytes:
    shown = dict(row)
    for name in _NOT_SHOWN.get(layout, ()):
        shown.pop(name, None)
    return stable_json(shown)


_stable = writer(sort_keys=True)


def stable_json(value: Any) -> bytes:
    """One byte string per value, whoever writes it."""
    return _stable(value).encode()
