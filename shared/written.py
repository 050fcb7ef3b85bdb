"""Identity numbers as people write them in text: spaced, hyphened, full-width, with invisible signs or a slip
of the pen in the check digit. One finder for the public register, the audit trail, document numbers and logs.
"""

import re
import unicodedata
from collections.abc import Callable

from shared.identifiers import InvalidIdentifier, check_resident_id, check_uscc, mask_id

HIDDEN = r"\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff"  # takes no room on the page
_BETWEEN = rf"[\s{HIDDEN}\-‐-―−﹣－.．·・•‧∙⋅_＿/／*]{{0,3}}"
_UNSEEN = rf"[{HIDDEN}]*"
_CHECKS = "[0-9XxＸｘⅩХх×]"


def _spaced(*parts: str, between: str = _BETWEEN) -> str:
    return between.join(parts)


def _digits(count: int, between: str = _BETWEEN) -> str:
    return _spaced(*["[0-9]"] * count, between=between)


def _either(*pairs: str) -> str:
    """One of the pairs of digits, written as `1 [1-5]`."""
    return f"(?:{'|'.join(_spaced(*pair.split()) for pair in pairs)})"


_PROVINCE = _either("1 [1-5]", "2 [1-3]", "3 [1-7]", "4 [1-6]", "5 [0-4]", "6 [1-5]", "7 1", "8 [1-3]")
_CENTURY = _either("1 [89]", "2 0")
_MONTH, _DAY = _either("0 [1-9]", "1 [0-2]"), _either("0 [1-9]", "[12] [0-9]", "3 [01]")
_LONG = _spaced(_PROVINCE, _digits(4), _CENTURY, _digits(2), _MONTH, _DAY, _digits(3), _CHECKS)
_SHORT = _spaced(*(_digits(count, _UNSEEN) for count in (6, 6, 3)))  # any other run of 15 is no number
_IDENTITY = re.compile(rf"(?<![0-9])({_LONG})(?![0-9])")
_OLD_IDENTITY = re.compile(rf"(?<![0-9A-Za-z])({_SHORT})(?![0-9A-Za-z])")
_OTHER_DIGIT = re.compile(r"(?![0-9])\d")
_MANY = re.compile(r"(?:\d\D*){14}\d")
"""Fewer digits than a number has: most text is done with after this one look."""


def cover_identities(text: str, cover: Callable[[str], str] = mask_id) -> str:
    """The text with every identity number given to `cover`; all else stays word for word."""
    if _MANY.search(text) is None:
        return text

    def put(match: re.Match[str]) -> str:
        number = _number(match[1])
        return match[0] if number is None else cover(number)

    for pattern in (_IDENTITY, _OLD_IDENTITY):
        text = cover_found(text, pattern, put)
    return text


def holds_identity(text: str) -> bool:
    """Whether an identity number stands in the text, however it is written."""
    return cover_identities(text) != text


def cover_found(text: str, pattern: re.Pattern[str], cover: Callable[[re.Match[str]], str]) -> str:
    """Found with digits of any script read as 0–9; what is not covered keeps its own characters."""
    made, end = [], 0
    for match in pattern.finditer(ascii_digits(text)):
        put = cover(match)
        made += [text[end : match.start()], put if put != match[0] else text[match.start() : match.end()]]
        end = match.end()
    return "".join([*made, text[end:]])


def ascii_digits(text: str) -> str:
    """The same length, so that places found in it are places of the text."""
    return _OTHER_DIGIT.sub(lambda digit: str(unicodedata.decimal(digit[0])), text)


def _number(written: str) -> str | None:
    """The number, whatever its check digit says: a slip of the pen still tells who it is. None for others."""
    number = "".join(char for char in written[:-1] if char in "0123456789")
    number += written[-1] if written[-1].isdigit() else "X"
    try:
        check_resident_id(number)
    except InvalidIdentifier as wrong:
        if wrong.reason != "checksum" or is_uscc(written):
            return None
    return number


def is_uscc(number: str) -> bool:
    """A unit's code may look like a person's number."""
    try:
        check_uscc(number)
    except InvalidIdentifier:
        return False
    return True
