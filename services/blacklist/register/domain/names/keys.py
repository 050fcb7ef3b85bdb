"""The key of a name (检索键): NFKC, case-folded, simplified sign by sign, only letters and digits left.

（有限）/(有限), full and half width, traditional and simplified writings of one name meet in one key.
Stored blind indexes of persons are taken over it, so its meaning never changes.
"""

import re
import unicodedata
from functools import cache

from opencc import OpenCC

_NOT_WORD = re.compile(r"[\W_]+")


@cache
def _simplifier() -> OpenCC:
    return OpenCC("t2s")


@cache
def _simplified(sign: str) -> str:
    return str(_simplifier().convert(sign))


OTHER_SIGNS, OTHER_SCRIPT = "全半角或标点不同", "繁简"


def same_writing(one: str, other: str) -> tuple[str, ...]:
    """How two writings of one key differ, in words; nothing if they do not."""
    if one == other:
        return ()
    return (OTHER_SIGNS,) if _bare(one) == _bare(other) else (OTHER_SCRIPT,)


def _bare(name: str) -> str:
    return _NOT_WORD.sub("", unicodedata.normalize("NFKC", name).casefold())


def full_key(name: str) -> str:
    """The key under which two writings of the same full name are equal."""
    bare = _bare(name)
    if bare.isascii():
        return bare
    return "".join(map(_simplified, bare))


def other_key(text: str, key: str) -> str | None:
    """The key of a question whose traditional words, not only signs, are simplified: 傢俱 is 家具."""
    if key.isascii():
        return None
    other = full_key(str(_simplifier().convert(text)))
    return other if other != key else None


def tail_value(name: str, number: str) -> str:
    """What the tail index is taken over: a four-sign tail alone says nothing, so the name goes with it."""
    return f"{full_key(name)}|{number[-4:].upper()}"
