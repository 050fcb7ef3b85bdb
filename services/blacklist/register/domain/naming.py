"""Search keys of names (检索键): one key for the whole name, one with the legal form taken off its end.

Both are NFKC, case-folded, simplified sign by sign, without brackets, punctuation or spaces, so that
（有限）/(有限), full/half width and traditional/simplified writings of one name meet in one key.
"""

import re
import unicodedata
from functools import cache

from opencc import OpenCC

LEGAL_FORMS = (
    "股份有限责任公司", "有限责任公司", "股份有限公司", "集团有限公司", "集团股份有限公司",
    "农民专业合作社联合社", "农民专业合作社", "特殊普通合伙", "普通合伙企业", "有限合伙企业", "个人独资企业",
    "股份合作公司", "个体工商户", "普通合伙", "有限合伙", "有限公司", "分公司", "合作社", "集团公司",
    "总公司", "公司", "经营部", "商行", "工作室", "集团",
)  # fmt: skip
_FORMS_LONGEST_FIRST = tuple(sorted(LEGAL_FORMS, key=len, reverse=True))
_NOT_WORD = re.compile(r"[\W_]+")
_SHORTEST_CORE = 2


@cache
def _simplifier() -> OpenCC:
    return OpenCC("t2s")


@cache
def _simplified(sign: str) -> str:
    return str(_simplifier().convert(sign))


def full_key(name: str) -> str:
    """The key under which two writings of the same full name are equal."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    bare = _NOT_WORD.sub("", folded)
    if bare.isascii():
        return bare
    return "".join(map(_simplified, bare))


def core_key(key: str) -> str:
    """A full key without the longest legal form at its end, unless less than two signs would stay."""
    form = next((each for each in _FORMS_LONGEST_FIRST if key.endswith(each)), "")
    return key.removesuffix(form) if len(key) - len(form) >= _SHORTEST_CORE else key


def tail_value(name: str, number: str) -> str:
    """What the tail index is taken over: a four-sign tail alone says nothing, so the name goes with it."""
    return f"{full_key(name)}|{number[-4:].upper()}"
