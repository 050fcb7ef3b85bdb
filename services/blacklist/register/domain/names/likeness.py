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

BRAND_WEIGHT, FORM_WEIGHT = 3.0, 0.5
SAME_SOUND = 0.6
"""What a wrong sign costs when it sounds the same (同音字)."""
_PLACES = {"same": 1.0, "moved": 0.99, "near": 0.96, "beside": 0.85, "left out": 0.94, "other": 0.62}
_FORMS = {"same": 1.0, "left out": 0.98, "other": 0.94}
_SCORE_AT = (
    (0.0, 0), (0.6, 50), (0.65, 100), (0.7, 200), (0.74, 450), (0.8, 680), (0.86, 800), (0.92, 900),
    (0.95, 980), (1.0, 990),
)  # fmt: skip
"""Likeness and score between which lines are drawn, as measured; see docs/search.md."""
_PARTLY, _PARTLY_MORE, _SAME_BRAND = 0.6, 0.25, 0.9
_SAID = {
    "left out": "省略地名或组织形式",
    "moved": "地名位置不同",
    "near": "地名详略不同",
    "beside": "地名不同",
    "other": "地名不同",
}
OTHER_FORM, CONTAINS, SAME_CORE, SOUND, INITIALS = (
    "组织形式不同",
    "名称包含",
    "名称主体相同",
    "拼音",
    "拼音首字母",
)
BRAND_ONLY, HOMOPHONE, SIMILAR = "字号相同", "同音字", "名称相近"


class Likeness(NamedTuple):
    """0 to 1, not yet calibrated, and the reasons."""

    raw: float
    why: tuple[str, ...]


def compare(asked: Parts, found: Parts) -> Likeness:
    """A question and a name that are not the same key: the same parts stand in another order."""
    parts = _by_parts(asked, found)
    whole = _by_whole(asked, found) if parts.raw < _PLACES["left out"] else parts
    return parts if parts.raw >= whole.raw else whole


def compare_sound(letters: str, found: Parts, key: str) -> Likeness:
    """A question in Latin letters and the sound of a name."""
    core, core_initials = sound(found.core)
    place, place_initials = place_sound(found.region)
    written, written_initials = sound(key.removesuffix(found.form))
    known = (
        ((place + core, written), 0.95, SOUND),
        ((core,), 0.85, SOUND),
        ((place_initials + core_initials, written_initials), 0.66, INITIALS),
        ((core_initials,), 0.62, INITIALS),
    )
    for each, share in zip(without_form(letters), (1.0, 0.98), strict=False):
        for heard, raw, why in known:
            if each in heard:
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
    core = _core(asked, found)
    form, form_said = _form(asked, found)
    if asked.region + asked.core == found.core:  # 博白 is a county and may be a brand
        place, core = "left out", _SAME
    said = (_SAID[place],) if place in _SAID else ()
    if core is _SAME and place == "left out":
        core = Likeness(1.0, ())
    return Likeness(core.raw * _PLACES[place] * form, tuple(dict.fromkeys((*core.why, *said, *form_said))))


_SAME = Likeness(1.0, (SAME_CORE,))


def _core(asked: Parts, found: Parts) -> Likeness:
    if asked.core == found.core:
        return _SAME
    if asked.brand == found.brand and not (asked.trade and found.trade):
        return Likeness(_SAME_BRAND, (BRAND_ONLY,))
    if asked.core in found.core:
        return _contained(asked.core, found.core)
    return _judged(edits(asked.core, found.core, _weights(found)))


def _contained(asked: str, found: str) -> Likeness:
    return Likeness(_PARTLY + _PARTLY_MORE * len(asked) / len(found), (CONTAINS,))


def _by_whole(asked: Parts, found: Parts) -> Likeness:
    """All parts as one text, whatever the cut: signs of the form weigh little."""
    one, other = asked.region + asked.core + asked.form, found.region + found.core + found.form
    if abs(len(one) - len(other)) > 2:
        return _contained(one, other) if one in other else Likeness(0.0, ())
    weights = [1.0] * len(found.region) + _weights(found) + [FORM_WEIGHT] * len(found.form)
    apart = edits(one, other, weights)
    if apart.signs > 1 and elsewhere(asked.place, found.place):
        return Likeness(0.0, ())  # 信阳 for 新乡 is no slip of the pen: the parts say what it is
    return _judged(apart)


def elsewhere(one: str, other: str) -> bool:
    """Whether both places are known and neither is within the other."""
    return bool(one and other) and not one.startswith(other) and not other.startswith(one)


def _weights(found: Parts) -> list[float]:
    """One per sign of the core."""
    return [BRAND_WEIGHT] * len(found.brand) + [1.0] * len(found.trade)


def _judged(apart: Edits) -> Likeness:
    if apart.signs > 2 and apart.cost * 2 > apart.total:
        return Likeness(max(0.0, 1 - apart.cost / apart.total), (SIMILAR,))
    same_sound = len(apart.asked) == len(apart.found) > 0 and sound(apart.asked) == sound(apart.found)
    cost = apart.cost * (SAME_SOUND if same_sound else 1.0)
    said = (apart.said(),) if apart.signs == 1 else (SIMILAR,)
    return Likeness(max(0.0, 1 - cost / apart.total), (*said, HOMOPHONE) if same_sound else said)


def _place(asked: Parts, found: Parts) -> str:
    if asked.region == found.region:
        return "moved" if asked == found else "same"
    if not asked.region or not found.region:
        return "left out"
    if asked.region in found.region or found.region in asked.region:
        return "near"
    return "beside" if _within(asked.place, found.place) or _within(found.place, asked.place) else "other"


def _within(one: str, other: str) -> bool:
    return one.startswith(other) and other.isdigit()


def calibrated(raw: float) -> int:
    """The score in thousandths: of hits with this likeness, so many are the name that was meant."""
    place = bisect_right(_SCORE_AT, raw, key=lambda each: each[0])
    if place == len(_SCORE_AT):
        return _SCORE_AT[-1][1]
    (low, low_score), (high, high_score) = _SCORE_AT[place - 1], _SCORE_AT[place]
    return round(low_score + (high_score - low_score) * (raw - low) / (high - low))
