"""How alike a question and a name are, and why, in words for the reader.

Parts are compared with parts, so that a moved or missing place costs little, and the whole with the whole,
so that a wrong sign in the place is no catastrophe; the better of the two counts. A sign of the brand weighs
three times a sign of trade or place: same place and trade with another brand is another firm.
"""

from bisect import bisect_right
from typing import NamedTuple

from services.blacklist.register.domain.names.edits import Edits, edits
from services.blacklist.register.domain.names.parts import Parts
from services.blacklist.register.domain.names.sound import place_sound, sound, without_form

BRAND_WEIGHT = 3.0
SAME_SOUND = 0.6
"""What a wrong sign costs when it sounds the same (同音字)."""
_PLACES = {"same": 1.0, "moved": 0.99, "near": 0.96, "left out": 0.94, "other": 0.75}
_FORMS = {"same": 1.0, "left out": 0.98, "other": 0.94}
_SCORE_AT = ((0.0, 0), (0.5, 500), (1.0, 990))
"""Likeness and score between which lines are drawn; measured by bench/search.py, see docs/search.md."""
_PARTLY, _PARTLY_MORE = 0.45, 0.4
_SAID = {
    "left out": "省略地名或组织形式",
    "moved": "地名位置不同",
    "near": "地名详略不同",
    "other": "地名不同",
}
OTHER_FORM, CONTAINS, SAME_CORE, SOUND, INITIALS = (
    "组织形式不同",
    "名称包含",
    "名称主体相同",
    "拼音",
    "拼音首字母",
)
HOMOPHONE, SIMILAR = "同音字", "名称相近"


class Likeness(NamedTuple):
    """0 to 1, not yet calibrated, and the reasons."""

    raw: float
    why: tuple[str, ...]


def compare(asked: Parts, found: Parts) -> Likeness:
    """A question and a name that are not the same key: the same parts stand in another order."""
    form, form_said = _form(asked, found)
    parts = _by_parts(asked, found)
    whole = _by_whole(asked, found)
    best = parts if parts.raw >= whole.raw else whole
    why = best.why + tuple(each for each in form_said if each not in best.why)
    return Likeness(best.raw * form, why)


def compare_sound(letters: str, found: Parts) -> Likeness:
    """A question in Latin letters and the sound of a name."""
    core, core_initials = sound(found.core)
    place, place_initials = place_sound(found.region)
    for each, share in zip(without_form(letters), (1.0, 0.98), strict=False):
        for known, raw, why in (
            (place + core, 0.95, SOUND),
            (core, 0.85, SOUND),
            (place_initials + core_initials, 0.6, INITIALS),
            (core_initials, 0.5, INITIALS),
        ):
            if each == known:
                return Likeness(raw * share, (why,))
    return Likeness(0.0, ())


def _form(asked: Parts, found: Parts) -> tuple[float, tuple[str, ...]]:
    if asked.form == found.form:
        return _FORMS["same"], ()
    if not asked.form or not found.form:
        return _FORMS["left out"], (_SAID["left out"],)
    return _FORMS["other"], (OTHER_FORM,)


def _by_parts(asked: Parts, found: Parts) -> Likeness:
    place = _place(asked, found)
    said = (_SAID[place],) if place in _SAID else ()
    if asked.core == found.core:
        same = () if place == "left out" else (SAME_CORE,)
        return Likeness(_PLACES[place], same + said)
    if asked.core in found.core:
        share = len(asked.core) / len(found.core)
        return Likeness((_PARTLY + _PARTLY_MORE * share) * _PLACES[place], (CONTAINS, *said))
    raw, why = _judged(edits(asked.core, found.core, _weights(found)))
    return Likeness(raw * _PLACES[place], why + said)


def _by_whole(asked: Parts, found: Parts) -> Likeness:
    """Place and core as one text."""
    one, other = asked.region + asked.core, found.region + found.core
    if one in other:
        return Likeness(_PARTLY + _PARTLY_MORE * len(one) / len(other), (CONTAINS,))
    if abs(len(one) - len(other)) > 2:
        return Likeness(0.0, ())
    return Likeness(*_judged(edits(one, other, [1.0] * len(found.region) + _weights(found))))


def _weights(found: Parts) -> list[float]:
    """One per sign of the core."""
    return [BRAND_WEIGHT] * len(found.brand) + [1.0] * len(found.trade)


def _judged(apart: Edits) -> tuple[float, tuple[str, ...]]:
    if apart.signs > 2 and apart.cost * 2 > apart.total:
        return max(0.0, 1 - apart.cost / apart.total), (SIMILAR,)
    same_sound = len(apart.asked) == len(apart.found) > 0 and sound(apart.asked) == sound(apart.found)
    cost = apart.cost * (SAME_SOUND if same_sound else 1.0)
    said = (apart.said(),) if apart.signs == 1 else (SIMILAR,)
    return 1 - cost / apart.total, (*said, HOMOPHONE) if same_sound else said


def _place(asked: Parts, found: Parts) -> str:
    if asked.region == found.region:
        return "moved" if asked == found else "same"
    if not asked.region or not found.region:
        return "left out"
    return "near" if _within(asked.place, found.place) or _within(found.place, asked.place) else "other"


def _within(one: str, other: str) -> bool:
    return one.startswith(other) and other.isdigit()


def calibrated(raw: float) -> int:
    """The score in thousandths: of hits with this likeness, so many are the name that was meant."""
    place = bisect_right(_SCORE_AT, raw, key=lambda each: each[0])
    if place == len(_SCORE_AT):
        return _SCORE_AT[-1][1]
    (low, low_score), (high, high_score) = _SCORE_AT[place - 1], _SCORE_AT[place]
    return round(low_score + (high_score - low_score) * (raw - low) / (high - low))
