"""The name of an uploaded file as it is kept, shown and printed: the last part of the path, nothing unseen.

Signs that take no room, turn the direction of writing or break the line make one name look like another
(`通知` U+202E `gpj.exe` is read as `通知exe.jpg`). They are dropped everywhere alike; the suffix stays.
"""

import unicodedata
from pathlib import PurePosixPath

MOST = 200
NAMELESS = "未命名"
LONGEST_SUFFIX = 20
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\ufffc\ufffd")
"""Letters and marks that show nothing although their category says otherwise."""

_SELECTORS = (("\u180b", "\u180d"), ("\ufe00", "\ufe0f"), ("\U000e0100", "\U000e01ef"))


def file_name(given: str) -> str:
    """At most 200 characters, never empty; spaces of every width are one plain space."""
    seen = "".join(_shown(char) for char in given)
    name = PurePosixPath(" ".join(seen.replace("\\", "/").split())).name
    stem, dot, suffix = name.rpartition(".")
    if not dot or len(suffix) > LONGEST_SUFFIX:
        stem, dot, suffix = name, "", ""
    ending = dot + suffix if suffix else ""
    return (stem.strip(" .") or NAMELESS)[: MOST - len(ending)] + ending


def _shown(char: str) -> str:
    """The sign itself, a plain space for any blank, or nothing."""
    category = unicodedata.category(char)
    if category == "Zs" or char in "\t\n\r":
        return " "
    unseen = category[0] == "C" or category in {"Zl", "Zp"} or char in _BLANK or _selects(char)
    return "" if unseen else char


def _selects(char: str) -> bool:
    """Variation selectors choose a glyph and show none."""
    return any(first <= char <= last for first, last in _SELECTORS)
