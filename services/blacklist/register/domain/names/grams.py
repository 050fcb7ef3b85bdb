"""The grams of a name: the words of the inverted index, made by one function for names and questions alike.

- three signs in a row of place, core and form: survive whatever happens elsewhere in the name;
- the core and the core with each one sign left out: two cores one sign apart (a wrong, a missing or an
  added sign) always share one. With the place before it such a gram is so rare that it decides at once;
- the brand; the sound of the core and of the name without its form, in full and as initials.

The index looks at rare grams first, so what is common weighs little: 石家庄 and 贸易 decide nothing.
"""

from typing import NamedTuple

from services.blacklist.register.domain.names.parts import Parts
from services.blacklist.register.domain.names.sound import place_sound, sound, without_form

CORE, BRAND, SOUND, INITIALS = "·", "※", "§", "¶"
"""First signs of grams that are not plain text; no key holds them."""
_MARKS = (SOUND, INITIALS)
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
    heard = [mark + said for pair in _sounds(parts, key) for mark, said in zip(_MARKS, pair, strict=True)]
    found = [*_rows(parts), *_varied(parts, ""), *_placed(parts), BRAND + parts.brand, *heard]
    return list(dict.fromkeys(found))


def asked_grams(parts: Parts, key: str, letters: str) -> list[Gram]:
    """The grams of a question, each once; with a place it is enough to vary the core there.

    A question in Latin letters may be pinyin.
    """
    varied = [Gram(each, 3.0) for each in _placed(parts)] or [Gram(each, 2.0) for each in _varied(parts, "")]
    found = [*varied, Gram(BRAND + parts.brand, 0.5)]
    found += [Gram(each, 1.0) for each in _rows(parts)]
    found += [Gram(SOUND + full, 1.0) for full, _ in _sounds(parts, key)]
    if letters:
        for each in without_form(letters):
            found += [Gram(SOUND + each, 3.0), Gram(INITIALS + each, 2.0)]
    return list({gram.text: gram for gram in found}.values())


def _rows(parts: Parts) -> list[str]:
    form = "" if parts.form.endswith(("公司", "集团")) else parts.form
    text = parts.region + parts.core + form
    return [text[start : start + _WIDTH] for start in range(len(text) - _WIDTH + 1)]


def _placed(parts: Parts) -> list[str]:
    return _varied(parts, parts.place + CORE) if parts.region else []


def _varied(parts: Parts, place: str) -> list[str]:
    core, front = parts.core, CORE + place
    found = [front + core]
    if _SHORTEST_VARIED <= len(core) <= _LONGEST_VARIED:
        found += [front + core[:at] + core[at + 1 :] for at in range(len(core))]
    return found


def _sounds(parts: Parts, key: str) -> list[tuple[str, str]]:
    """The core, the name without its form with the place in front, and as it is written if that differs."""
    core, core_initials = heard = sound(parts.core[:_LONGEST_HEARD])
    found = [heard]
    if parts.region:
        place, place_initials = place_sound(parts.region[:_LONGEST_HEARD])
        found.append((place + core, place_initials + core_initials))
    written = key.removesuffix(parts.form)
    if not written.startswith(parts.region):
        found.append(sound(written[:_LONGEST_HEARD]))
    return found
