"""The parts of a name: place, brand (字号), trade (行业), form (组织形式).

Brand and trade together are the core, which stays when the place moves or goes and the form changes.
A wrong cut does no harm to finding as long as both sides cut alike; grams and comparison do not rely on it.
"""

import re
from functools import lru_cache
from typing import NamedTuple

from services.blacklist.register.domain.names.keys import full_key
from services.blacklist.register.domain.names.words import OUTER_FORMS, Vocabulary, forms, places, trades

_SHORTEST = 2
_MOST_PLACES = 4
_BRACKETED = re.compile(r"[(（]([^()（）]{2,20})[)）]")
_ANY_BRAND = "某某"
LONGEST_KEY = 400
"""Some single signs are normalised to as many as eighteen."""
_NATION = "000000"


class Parts(NamedTuple):
    """`place` is the prefecture's four digits (two: only the province is known), or the text if ambiguous."""

    region: str
    brand: str
    trade: str
    form: str
    place: str

    @property
    def core(self) -> str:
        return self.brand + self.trade


def core_key(key: str) -> str:
    """Brand and trade of a full key: what two names share that differ in place or form only."""
    return split(key).core


def split_name(name: str, key: str | None = None) -> Parts:
    """Cut a name as written: brackets hold a place, 鑫源（石家庄）贸易有限公司, or a form."""
    for match in _BRACKETED.finditer(name):
        inner, outside = full_key(match[1]), name[: match.start()] + name[match.end() :]
        if _is_place(inner):
            return split((inner + full_key(outside))[:LONGEST_KEY])
        if not _is_form(inner) and len(outside) > _SHORTEST:
            parts = split(full_key(outside)[:LONGEST_KEY])
            return parts._replace(region=inner + parts.region, place=parts.place or inner)
    return split((full_key(name) if key is None else key)[:LONGEST_KEY])


def _is_place(key: str) -> bool:
    front, _, rest = leading(key + _ANY_BRAND)
    return rest == _ANY_BRAND and bool(front)


def _is_form(key: str) -> bool:
    return key in forms().words or bool(_ending(key, forms()))


def split(key: str) -> Parts:
    """Cut a full key into its parts; joined they hold every sign of it, the core never nothing."""
    body, form, branch = _without_forms(key)
    front, codes, body = leading(body)
    tail, tail_codes, body = _trailing(body)
    brand, trade = _without_trades(body)
    middle, middle_codes, brand = _trailing(brand) if trade else ("", (), brand)
    known = codes or tail_codes or middle_codes
    region = front + middle + tail + branch
    return Parts(region, brand, trade, form, place_of(known, region))


def _without_forms(key: str) -> tuple[str, str, str]:
    """Body, form, and the place of a branch (…有限公司石家庄分公司)."""
    form = _ending(key, forms()) if key not in forms().words else ""
    body = key.removesuffix(form)
    if form not in OUTER_FORMS:
        return body, form, ""
    branch, _, rest = _trailing(body)
    inner = _ending(rest, forms())
    if not inner:
        return body, form, ""
    return rest.removesuffix(inner), inner + form, branch


def _ending(text: str, known: Vocabulary, stays: int = _SHORTEST) -> str:
    """The longest of the words at the end that leaves at least so many signs before it."""
    for size in known.sizes.get(text[-1:], ()):
        if size + stays <= len(text) and text[-size:] in known.words:
            return text[-size:]
    return ""


def _without_trades(body: str) -> tuple[str, str]:
    brand = body
    while word := _ending(brand, trades()):
        brand = brand.removesuffix(word)
    return brand, body[len(brand) :]


def leading(body: str) -> tuple[str, tuple[str, ...], str]:
    """Places at the front, each within the one before it; what is left must still hold a brand."""
    codes: tuple[str, ...] = ()
    start = 0
    for _ in range(_MOST_PLACES):
        size, found = _place_at(body, start, codes)
        if not size:
            break
        start, codes = start + size, found
    return body[:start], codes, body[start:]


def _place_at(body: str, start: int, within: tuple[str, ...]) -> tuple[int, tuple[str, ...]]:
    known = places()
    for size in known.fronts.get(body[start : start + 1], ()):
        name = body[start : start + size]
        found = known.codes.get(name)
        if not found or (within and not (found := _nested(found, within))):
            continue
        if _has_brand(body[start + size :], at_least=1 if name in known.strong else _SHORTEST):
            return size, found
    return 0, ()


def _nested(codes: tuple[str, ...], within: tuple[str, ...]) -> tuple[str, ...]:
    heads = tuple(_head(code) for code in within)
    return tuple(code for code in codes if code.startswith(heads) and code not in within)


def _head(code: str) -> str:
    return code.removesuffix("00").removesuffix("00").removesuffix("00")


def _has_brand(rest: str, at_least: int) -> bool:
    while len(rest) >= at_least and (word := _ending(rest, trades(), stays=0)):
        rest = rest.removesuffix(word)
    return len(rest) >= at_least


def _trailing(body: str) -> tuple[str, tuple[str, ...], str]:
    """A place at the end, 鑫源贸易石家庄, and what holds it before it; at least two signs stay."""
    size, codes = _place_before(body, ())
    if not size:
        return "", (), body
    outer, _ = _place_before(body[:-size], codes)
    end = len(body) - size - outer
    return body[end:], codes, body[:end]


def _place_before(body: str, inner: tuple[str, ...]) -> tuple[int, tuple[str, ...]]:
    known = places()
    for size in known.ends.get(body[-1:], ()):
        name = body[-size:]
        if size + _SHORTEST > len(body) or name not in known.strong:
            continue
        if not inner or any(_nested(inner, (code,)) for code in known.codes[name]):
            return size, known.codes[name]
    return 0, ()


@lru_cache(4096)
def place_of(codes: tuple[str, ...], region: str) -> str:
    """The digits of a prefecture, or of a province where no more is known; else the text."""
    heads = {_head(code)[:4] for code in codes if code != _NATION}
    return heads.pop() if len(heads) == 1 else region
