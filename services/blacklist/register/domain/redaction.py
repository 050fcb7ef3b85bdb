"""Taking out of published text what the law keeps private: identity numbers, telephones, accounts, addresses.

Works on free text only; structured identity numbers never reach the public form at all.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from shared.identifiers import InvalidIdentifier, check_resident_id, mask_id

_IDENTITY = re.compile(r"(?<![0-9A-Za-z])(\d{17}[\dXx]|\d{15})(?![0-9A-Za-z])")
_MOBILE = re.compile(r"(?<![\d.])(?:\+?86[- ]?)?(1[3-9]\d{9})(?!\d)")
_LANDLINE = re.compile(r"(?:电话|座机|联系方式)[::]?\s*(0\d{2,3}[-— ]?\d{7,8})(?!\d)")
_ACCOUNT = re.compile(r"(?:账号|帐号|账户|卡号|银行卡)[^\d,。;]{0,8}(\d[\d ]{11,22}\d)")
_EMAIL = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
_HOME = re.compile(r"(?:家庭住址|家庭地址|现住址|住址|住于)[::]?\s*([^,,。;;\n]{4,60})")

FREE_TEXT = (("misconduct", "facts"), ("document", "content"), ("document", "basis"))
"""Where people write freely, and may write what must not be public."""

KINDS = {
    "identity-number": "证件号码",
    "telephone": "电话号码",
    "account": "银行账号",
    "email": "电子邮箱",
    "home-address": "住址",
}
"""What is taken out, by its Chinese name."""


@dataclass(frozen=True)
class Redacted:
    """Text as it may be shown, and the kinds of things taken out of it, in order of KINDS."""

    text: str
    kinds: tuple[str, ...]


def redact(text: str) -> Redacted:
    """Mask what must not be public; the rest stays word for word."""
    found: list[str] = []
    for kind, pattern, cover in _RULES:
        covered = pattern.sub(cover, text)
        if covered != text:
            found.append(kind)
            text = covered
    return Redacted(text, tuple(found))


def _cover_identity(match: re.Match[str]) -> str:
    try:
        check_resident_id(match[1])
    except InvalidIdentifier:
        return match[0]
    return mask_id(match[1])


def _cover_group(match: re.Match[str]) -> str:
    """Stars for the captured part, whatever named it stays."""
    start, end = match.start(1) - match.start(), match.end(1) - match.start()
    return f"{match[0][:start]}***{match[0][end:]}"


def _cover_mobile(match: re.Match[str]) -> str:
    return match[0].replace(match[1], f"{match[1][:3]}********")


_RULES: tuple[tuple[str, re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
    ("identity-number", _IDENTITY, _cover_identity),
    ("account", _ACCOUNT, _cover_group),
    ("telephone", _MOBILE, _cover_mobile),
    ("telephone", _LANDLINE, _cover_group),
    ("email", _EMAIL, lambda _: "***"),
    ("home-address", _HOME, _cover_group),
)
