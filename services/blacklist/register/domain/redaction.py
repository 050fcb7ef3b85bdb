"""Taking out of published text what the law keeps private: identity numbers, telephones, accounts, addresses.

Works on free text only; structured identity numbers never reach the public form at all.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from shared.written import HIDDEN, ascii_digits, cover_found, cover_identities, is_uscc

_MOBILE = re.compile(rf"(?<![\d.])(?:\+?86[- ]?)?(1[3-9]\d[- {HIDDEN}]?\d{{4}}[- {HIDDEN}]?\d{{4}})(?!\d)")
_LANDLINE = re.compile(
    r"(?:电话|座机|联系方式)(?:号码)?[为是]?[:\uff1a]?\s*"
    r"([(\uff08]?0\d{2,3}[)\uff09]?[-\u2014\uff0d ]?\d{7,8})(?!\d)"
)
_ACCOUNT = re.compile(r"(?:账号|帐号|账户|卡号|银行卡)[^\d,\uff0c。;\uff1b]{0,8}(\d[\d ]{11,22}\d)")
_EMAIL = re.compile(r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
_HOME = re.compile(r"(?:家庭住址|家庭地址|现住址|住址|住于)[:\uff1a]?\s*([^,\uff0c。;\uff1b\n]{4,60})")
_PASSPORT = re.compile(r"(?<![0-9A-Za-z])[EGeg][0-9]{8}(?![0-9A-Za-z])")
_CARD = re.compile(rf"(?<![0-9A-Za-z])[0-9](?:[- {HIDDEN}]?[0-9]){{15,18}}(?![0-9A-Za-z])")

Facts = Mapping[str, Any]
FREE_TEXT = (("misconduct", "facts"), ("document", "content"), ("document", "basis"))
"""Where people write freely, and may write what must not be public."""

COVER = "***"
"""Stands for a passage kept back under an exception of disclosure (区分处理)."""
KEPT_BACK = "（原文含有不予公开的内容，不再显示）"

KINDS = {
    "identity-number": "证件号码",
    "telephone": "电话号码",
    "account": "银行账号",
    "email": "电子邮箱",
    "home-address": "住址",
    "passport": "疑似护照号码",
    "bank-card": "疑似银行卡号",
}
"""What is taken out or, where only suspected, shown to a second person first, by its Chinese name."""

SUSPECTED = frozenset({"passport", "bank-card"})
"""Numbers that look private but may be lawful ones of a document: a person decides, the text stays."""


@dataclass(frozen=True)
class Redacted:
    """Text as it may be shown, and the kinds of things taken out of it, in order of KINDS."""

    text: str
    kinds: tuple[str, ...]


def redact(text: str) -> Redacted:
    """Mask what must not be public; the rest, and what is only suspected, stays word for word."""
    plain = cover_identities(text)
    found = ["identity-number"] if plain != text else []
    text = plain
    for kind, pattern, cover in _RULES:
        covered = cover_found(text, pattern, cover)
        if covered != text:
            found.append(kind)
            text = covered
    plain = ascii_digits(text)
    if _PASSPORT.search(plain):
        found.append("passport")
    if any(_is_card(match[0]) for match in _CARD.finditer(plain)):
        found.append("bank-card")
    return Redacted(text, tuple(dict.fromkeys(found)))


def _is_card(written: str) -> bool:
    """The check digit of bank cards (Luhn); a unit's code that happens to fit it is none."""
    number = [int(char) for char in written if char.isdigit()]
    doubled = [digit * 2 - 9 * (digit > 4) for digit in number[-2::-2]]
    return (sum(number[-1::-2]) + sum(doubled)) % 10 == 0 and not is_uscc(written)


def _cover_group(match: re.Match[str]) -> str:
    """Stars for the captured part, whatever named it stays."""
    start, end = match.start(1) - match.start(), match.end(1) - match.start()
    return f"{match[0][:start]}***{match[0][end:]}"


def _cover_mobile(match: re.Match[str]) -> str:
    return match[0].replace(match[1], f"{match[1][:3]}********")


_RULES: tuple[tuple[str, re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
    ("account", _ACCOUNT, _cover_group),
    ("telephone", _MOBILE, _cover_mobile),
    ("telephone", _LANDLINE, _cover_group),
    ("email", _EMAIL, lambda _: "***"),
    ("home-address", _HOME, _cover_group),
)


def covered_since(facts: Facts, later: Iterable[Facts]) -> dict[str, Any]:
    """Facts of a former version as they may still be shown: what a later version covered stays covered."""
    made = dict(facts)
    for version in later:
        for group, name in FREE_TEXT:
            former, now = (each.get(group) or {} for each in (made, version))
            if former.get(name) and now.get(name):
                made[group] = {**former, name: covered_like(former[name], now[name])}
    return made


def covered_like(former: str, later: str) -> str:
    """The former wording without what the later one covers; nothing of it where that cannot be told apart."""
    if former == KEPT_BACK or later.count(COVER) <= former.count(COVER):
        return former
    first, *rest = later.split(COVER)
    place = len(first) if former.startswith(first) else -1
    for part in rest[:-1]:
        found = former.find(part, place + 1) if place >= 0 else -1
        place = found + len(part) if found >= 0 else -1
    aligned = place >= 0 and former.endswith(rest[-1]) and len(former) - len(rest[-1]) > place
    return later if aligned else KEPT_BACK
