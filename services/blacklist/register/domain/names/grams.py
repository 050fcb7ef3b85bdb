"""The grams of a name: the words of the inverted index, made by one function for names and questions alike.

- three signs in a row of place, core and form: survive whatever happens elsewhere in the name;
- the core and the core with each one sign left out: two cores one sign apart (a wrong, a missing or an
  added sign) always share one. With the place before it such a gram is so rare that it decides at once;
- the brand; the sound of the core and of the name without its form, in full and as initials.

The index looks at rare grams first, so what is common weighs little: 石家庄 and 贸易 decide nothing.
"""

from collections.abc import Iterator
from typing import NamedTuple

from services.blacklist.register.domain.names.parts import Parts
from services.blacklist.register.domain.names.sound import place_sound, sound, without_form

CORE, BRAND, SOUND, INITIALS = "·", "※", "§", "¶"
"""First signs of grams that are not plain text; no key holds them."""
_LONGEST_VARIED = 8
"""A longer core keeps enough rows of three whatever one sign does."""
_WIDTH = 3


class Gram(NamedTuple):
    """A gram of a question, and what sharing it says."""

    text: str
    weight: float


def grams_of(parts: Parts) -> list[str]:
    """Every gram a name is found by, each once."""
    return list(dict.fromkeys(gram.text for gram in _grams(parts)))


def asked_grams(parts: Parts, letters: str) -> list[Gram]:
    """The grams of a question, each once; a question in Latin letters may be pinyin."""
    found = [gram for gram in _grams(parts) if gram.text[0] != INITIALS]
    if letters:
        for each in without_form(letters):
            found += [Gram(SOUND + each, 3.0), Gram(INITIALS + each, 2.0)]
    return list({gram.text: gram for gram in found}.values())


def _grams(parts: Parts) -> Iterator[Gram]:
    region, brand, trade, form, place = parts
    core = brand + trade
    text = region + core + ("" if form.endswith(("公司", "集团")) else form)
    for start in range(len(text) - _WIDTH + 1):
        yield Gram(text[start : start + _WIDTH], 1.0)
    for variant in _variants(core):
        yield Gram(CORE + variant, 2.0)
        if region:
            yield Gram(CORE + place + CORE + variant, 1.5)
    yield Gram(BRAND + brand, 0.5)
    yield from _sounds(region, core)


def _variants(core: str) -> list[str]:
    if len(core) > _LONGEST_VARIED:
        return [core]
    if len(core) < _WIDTH:
        return [core]
    return [core, *(core[:at] + core[at + 1 :] for at in range(len(core)))]


_LONGEST_HEARD = 40


def _sounds(region: str, core: str) -> Iterator[Gram]:
    full, initials = sound(core[:_LONGEST_HEARD])
    yield Gram(SOUND + full, 2.0)
    yield Gram(INITIALS + initials, 0.5)
    if region:
        place, place_initials = place_sound(region[:_LONGEST_HEARD])
        yield Gram(SOUND + place + full, 1.0)
        yield Gram(INITIALS + place_initials + initials, 0.5)
