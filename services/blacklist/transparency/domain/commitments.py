"""What a leaf commits to: a version's parts, each under a salt of its own, so that some can be shown alone.

A version has one random secret. The salt of part p is SHA-256(p, 0, secret), its digest SHA-256(salt,
canonical JSON); the commitment is SHA-256 over the lines "p digest". Whoever is shown salt and value can
check a part; the others stay hidden. Once the secret is destroyed nobody can try out what a leaf was about.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from typing import Any

from shared.json_text import writer

SECRET_BYTES = 32
VERSION, WITHDRAWAL = 1, 2
"""The first byte of an entry: something was said, or something is no longer said."""
WITHDRAWS = frozenset({"removed", "revoked", "shielded"})
ENDS = frozenset({"removed", "revoked"})
"""Kinds of versions after which nothing of the listing can be opened any more."""

APART: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "subject": {
        "subject.name": ("name", "former_names", "short_names"),
        "subject.certificate": ("legal_representative_id_type",),
    },
    "document": {"document.content": ("content",), "document.basis": ("basis",)},
    "misconduct": {"misconduct.facts": ("facts",)},
}
"""Fields that may be masked or redacted when a listing is shown, and so stand in parts of their own."""
_encode = writer(sort_keys=True)


@dataclass(frozen=True)
class Version:
    """A version as its row says it."""

    listing_id: str
    version: int
    kind: str
    at: datetime
    reason_code: str | None
    reason: str | None
    facts: Mapping[str, Any]

    @property
    def entry_kind(self) -> int:
        return WITHDRAWAL if self.kind in WITHDRAWS else VERSION


class BadOpening(ValueError):
    """What is shown of a leaf is not what was committed to; the text says what, in Chinese."""


def canonical(value: Any) -> bytes:
    """The one text of a JSON value: sorted keys, no blanks, UTF-8."""
    return _encode(value).encode()


def new_secrets(count: int) -> list[bytes]:
    drawn = secrets.token_bytes(SECRET_BYTES * count)
    return [drawn[at : at + SECRET_BYTES] for at in range(0, len(drawn), SECRET_BYTES)]


def parts_of(version: Version) -> dict[str, Any]:
    """The parts of a version by name, as they are committed to."""
    at = version.at.astimezone(UTC).isoformat(timespec="microseconds")
    return {
        "record": {
            "listing_id": version.listing_id,
            "version": version.version,
            "kind": version.kind,
            "at": at,
        },
        "reason": {"code": version.reason_code, "text": version.reason},
    } | fact_parts(version.facts)


def fact_parts(facts: Mapping[str, Any]) -> dict[str, Any]:
    """The parts that come out of a listing's facts."""
    found: dict[str, Any] = {"facts": {name: value for name, value in facts.items() if name not in APART}}
    for group, parts in APART.items():
        rest = dict(facts.get(group) or {})
        for part, names in parts.items():
            found[part] = {name: rest.pop(name) for name in names if name in rest}
        found[group] = rest
    return found


@cache
def _front(part: str) -> bytes:
    return part.encode() + b"\x00"


def part_salt(secret: bytes, part: str) -> bytes:
    return sha256(_front(part) + secret).digest()


def part_digest(salt: bytes, value: Any) -> bytes:
    return sha256(salt + canonical(value)).digest()


def commitment(digests: Mapping[str, str]) -> bytes:
    """Over the hexadecimal digests of all parts."""
    return sha256("".join(f"{name} {digests[name]}\n" for name in sorted(digests)).encode()).digest()


def commit(version: Version, secret: bytes) -> bytes:
    """The commitment to a version: `commitment` over the `part_digest` of each, without a call for each."""
    lines = [
        f"{name} {sha256(sha256(_front(name) + secret).digest() + _encode(value).encode()).hexdigest()}\n"
        for name, value in sorted(parts_of(version).items())
    ]
    return sha256("".join(lines).encode()).digest()


def entry_of(kind: int, committed: bytes) -> bytes:
    """The bytes whose leaf hash stands in the tree: 33 of them, saying nothing of whom they are about."""
    return bytes([kind]) + committed


def opened(version: Version, secret: bytes, shown: Mapping[str, Any]) -> dict[str, Any]:
    """Every part's digest; value and salt only where what may be shown is what was committed to."""
    parts, public = parts_of(version), dict(shown)
    return {name: _part(name, parts[name], secret, public) for name in sorted(parts)}


def _part(name: str, value: Any, secret: bytes, public: Mapping[str, Any]) -> dict[str, Any]:
    salt = part_salt(secret, name)
    made: dict[str, Any] = {"digest": part_digest(salt, value).hex()}
    if name in public and public[name] == value:
        made |= {"salt": salt.hex(), "value": value}
    return made


def check_opening(parts: Mapping[str, Mapping[str, Any]]) -> bytes:
    """The commitment the parts amount to; ValueError if a shown value is not what its digest says."""
    for name, part in parts.items():
        if "salt" in part and part_digest(bytes.fromhex(part["salt"]), part["value"]).hex() != part["digest"]:
            raise BadOpening(f"{name} 的内容与承诺不符")
    return commitment({name: part["digest"] for name, part in parts.items()})
