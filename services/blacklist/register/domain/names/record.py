"""What is kept of one name, ready for the table of names."""

from collections.abc import Iterable
from typing import NamedTuple

from services.blacklist.register.domain.names.grams import INITIALS, SOUND, grams_of
from services.blacklist.register.domain.names.keys import full_key
from services.blacklist.register.domain.names.parts import LONGEST_KEY, split_name
from services.blacklist.register.domain.names.sound import sound

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


def short_record(name: str) -> NameRecord:
    """A short name (简称) is found whole or by its sound, and has no grams of its signs.

    鑫源 would else be a likely answer for every other firm of that brand.
    """
    key = full_key(name)[:LONGEST_KEY]
    said, initials = sound(key)
    return NameRecord(name, key, key, "", "", len(key), "", GRAM_VERSION, [SOUND + said, INITIALS + initials])


def record_at(ordinal: int, name: str) -> NameRecord:
    """What is kept of a listing's name at that place."""
    return short_record(name) if ordinal < 0 else name_record(name)


def numbered_records(
    name: str, former: Iterable[str] = (), short: Iterable[str] = ()
) -> list[tuple[int, NameRecord]]:
    """All names of an organisation with their ordinals: 0 now, from 1 on formerly, from -1 down for short."""
    records = name_records((name, *former))
    known = {"", *(each.full_key for each in records)}
    shorts: dict[str, NameRecord] = {}
    for each in map(short_record, short):
        if each.full_key not in known:
            shorts.setdefault(each.full_key, each)
    return [*enumerate(records), *((-at, each) for at, each in enumerate(shorts.values(), start=1))]
