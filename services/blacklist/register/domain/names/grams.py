"""The grams of a name: the words of the inverted index, made by one function for names and questions alike.

- three signs in a row of place, core and form: survive whatever happens elsewhere in the name;
- the core and the core with each one sign left out: two cores one sign apart (a wrong, a missing or an
  added sign) always share one. With the place before it such a gram is so rare that it decides at once;
- the place with the brand alone: without trade and form 鑫源建材经营部 is asked for as 石家庄鑫源;
- the brand; the sound of the core and of the name without its form, in full and as initials.

The index looks at rare grams first, so what is common weighs little: 石家庄 and 贸易 decide nothing.
"""

from typing import NamedTuple

from services.blacklist.register.domain.names.damaged import mended
from services.blacklist.register.domain.names.parts import Parts
from services.blacklist.register.domain.names.sound import place_sound, sound, without_form

CORE, BRAND, SOUND, INITIALS = "·", "※", "§", "¶"
"""First signs of grams that are not plain text; no key holds them."""
_SHORTEST_VARIED, _LONGEST_VARIED = 3, 8
"""A longer core keeps enough rows of three whatever one sign does."""
_WIDTH = 3
_LONGEST_HEARD = 40


class Gram(NamedTuple):
    """A gram of a question, and what sharing it says."""

    text: str
    weight: float


def grams_of(parts: Parts, key: str) -> list[str]:
    """Every gram a name is found by, each once."""
    core = parts.core
    varied = _varied(core)
    found = [*_rows(parts, core), *(CORE + each for each in varied)]
    if parts.region:
        front = _front(parts)
        found += [front + each for each in (*varied, parts.brand)]
    found.append(BRAND + parts.brand)
    for full, initials in _sounds(parts, core, key):
        found += (SOUND + full, INITIALS + initials)
    return list(dict.fromkeys(found))


def asked_grams(parts: Parts, key: str, letters: str) -> list[Gram]:
    """The grams of a question, each once; with a place it is enough to vary the core there.

    Where the place has a sign wrong, what it may have been comes with the core behind it.
    A question in Latin letters may be pinyin.
    """
    core = parts.core
    front, weight = (_front(parts), 3.0) if parts.region else (CORE, 2.0)
    found = [Gram(front + each, weight) for each in _varied(core)]
    found += [Gram(f"{CORE}{each.place}{CORE}{each.core}", 3.0) for each in mended(parts)]
    found.append(Gram(BRAND + parts.brand, 0.5))
    found += [Gram(each, 1.0) for each in _rows(parts, core)]
    found += [Gram(SOUND + full, 1.0) for full, _ in _sounds(parts, core, key)]
    if letters:
        for each in without_form(letters):
            found += [Gram(SOUND + each, 3.0), Gram(INITIALS + each, 2.0)]
    return list({gram.text: gram for gram in found}.values())


def _rows(parts: Parts, core: str) -> list[str]:
    form = "" if parts.form.endswith(("公司", "集团")) else parts.form
    text = parts.region + core + form
    return [text[start : start + _WIDTH] for start in range(len(text) - _WIDTH + 1)]


def _front(parts: Parts) -> str:
    """What stands before the core, and the core less a sign, where the place is known."""
    return CORE + parts.place + CORE


def _varied(core: str) -> list[str]:
    """The core, and the core less each one sign."""
    if _SHORTEST_VARIED <= len(core) <= _LONGEST_VARIED:
        return [core, *[core[:at] + core[at + 1 :] for at in range(len(core))]]
    return [core]


def _sounds(parts: Parts, core: str, key: str) -> list[tuple[str, str]]:
    """The core, the name without its form with the place in front, and as it is written if that differs."""
    said, initials = heard = sound(core[:_LONGEST_HEARD])
    found = [heard]
    if parts.region:
        place, place_initials = place_sound(parts.region[:_LONGEST_HEARD])
        found.append((place + said, place_initials + initials))
    written = key.removesuffix(parts.form)
    if not written.startswith(parts.region):
        found.append(sound(written[:_LONGEST_HEARD]))
    return found
