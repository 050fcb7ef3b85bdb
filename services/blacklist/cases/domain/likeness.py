"""Which two names may mean the same subject: equal once folded, or one sign apart.

Numerals are never the differing sign: 第一小学 and 第二小学 are two schools.
"""

import re
import unicodedata

_NUMERALS = frozenset("0123456789一二三四五六七八九十百千零〇")
_DROPPED = re.compile(r"[\s()\[\]{}<>《》〈〉「」·・.,、。\-—_]+")
_FORMS = ("有限责任公司", "有限公司")
_SUFFIXES = (
    "集团股份有限公司", "集团有限公司", "股份有限公司", "有限公司", "农民专业合作社", "专业合作社", "合作社",
    "分公司", "事务所", "经营部", "服务部", "商行", "中心", "工厂", "商店", "店", "厂",
)  # fmt: skip
LONGEST = 60


def folded_name(name: str) -> str:
    """Without width, spaces and brackets, upper case, 有限责任公司 as 有限公司."""
    return _DROPPED.sub("", unicodedata.normalize("NFKC", name)).upper().replace(*_FORMS)


def near_keys(folded: str) -> set[int]:
    """Names one sign apart share one of these: the name, and the name with one sign of its core left out."""
    if not 4 <= len(folded) <= LONGEST:
        return {hash(folded)}
    core = len(folded) - next((len(end) for end in _SUFFIXES if folded.endswith(end)), 0)
    left_out = (folded[:at] + folded[at + 1 :] for at in range(core) if folded[at] not in _NUMERALS)
    return {hash(folded), *map(hash, left_out)}


def one_sign_apart(one: str, other: str) -> bool:
    """Whether one sign, no numeral, is replaced, added or missing."""
    if one == other or abs(len(one) - len(other)) > 1:
        return False
    if len(one) > len(other):
        one, other = other, one
    at = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), len(one))
    replaced = len(one) == len(other)
    if one[at + replaced :] != other[at + 1 :]:
        return False
    return other[at] not in _NUMERALS and (not replaced or one[at] not in _NUMERALS)
