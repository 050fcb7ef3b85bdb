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


def grams_of(parts: Parts, key: str) -> list[str]:
    """Every gram a name is found by, each once."""
    found = [gram.text for gram in (*_texts(parts), *_variants(parts), *_sounds(parts, key))]
    return list(dict.fromkeys(found))


def asked_grams(parts: Parts, key: str, letters: str) -> list[Gram]:
    """The grams of a question, each once; with a place it is enough to vary the core there.

    A question in Latin letters may be pinyin.
    """
    own = CORE + parts.place + CORE if parts.region else CORE
    found = [gram for gram in _variants(parts) if gram.text.startswith((own, BRAND, CORE + parts.core))]
    found += [*_texts(parts), *(gram for gram in _sounds(parts, key) if gram.text[0] == SOUND)]
    if letters:
        for each in without_form(letters):
            found += [Gram(SOUND + each, 3.0), Gram(INITIALS + each, 2.0)]
    return list({gram.text: gram for gram in found}.values())


def _texts(parts: Parts) -> Iterator[Gram]:
    form = "" if parts.form.endswith(("公司", "集团")) else parts.form
    text = parts.region + parts.core + form
    for start in range(len(text) - _WIDTH + 1):
        yield Gram(text[start : start + _WIDTH], 1.0)


def _variants(parts: Parts) -> Iterator[Gram]:
    core = parts.core
    varied = [core]
    if len(core) <= _LONGEST_VARIED:
        varied += [core[:at] + core[at + 1 :] for at in range(len(core)) if len(core) > 2]
    for each in varied:
        yield Gram(CORE + each, 2.0)
        if parts.region:
            yield Gram(CORE + parts.place + CORE + each, 3.0)
    yield Gram(BRAND + parts.brand, 0.5)


_LONGEST_HEARD = 40


def _sounds(parts: Parts, key: str) -> Iterator[Gram]:
    """The core, the name without its form with the place in front, and as it is written if that differs."""
    heard = [sound(parts.core[:_LONGEST_HEARD])]
    if parts.region:
        place = place_sound(parts.region[:_LONGEST_HEARD])
        heard.append((place[0] + heard[0][0], place[1] + heard[0][1]))
    written = key.removesuffix(parts.form)
    if not written.startswith(parts.region):
        heard.append(sound(written[:_LONGEST_HEARD]))
    for full, initials in heard:
        yield Gram(SOUND + full, 2.0)
        yield Gram(INITIALS + initials, 0.5)
