"""What is kept of one name, ready for the table of names."""

from collections.abc import Iterable
from typing import NamedTuple

from services.blacklist.register.domain.names.grams import grams_of
from services.blacklist.register.domain.names.keys import full_key
from services.blacklist.register.domain.names.parts import LONGEST_KEY, split_name

GRAM_VERSION = 2
"""Raise it when keys, parts or grams come out otherwise than before, and run `credit-blacklist reindex`."""


class NameRecord(NamedTuple):
    """The columns of a name; `region`, `place`, `brand_size` and `form` are the cut of the key."""

    name: str
    full_key: str
    core_key: str
    region: str
    place: str
    brand_size: int
    form: str
    gram_version: int
    grams: list[str]


def name_record(name: str) -> NameRecord:
    """Keys, cut and grams of a name as written."""
    key = full_key(name)[:LONGEST_KEY]
    parts = split_name(name, key)
    return NameRecord(
        name,
        key,
        parts.core,
        parts.region,
        parts.place,
        len(parts.brand),
        parts.form,
        GRAM_VERSION,
        grams_of(parts, key),
    )


def name_records(names: Iterable[str]) -> list[NameRecord]:
    """One record for every name that reads differently from those before it; none for what holds no sign."""
    records: dict[str, NameRecord] = {}
    for name in names:
        record = name_record(name)
        records.setdefault(record.full_key, record)
    records.pop("", None)
    return list(records.values())
