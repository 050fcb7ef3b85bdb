"""How a name sounds (拼音): toneless syllables, run together in full or as initials.

Words read otherwise than sign by sign come first (重庆, 厦门, 商行); the tables say their source.
"""

from functools import cache, lru_cache

from services.blacklist.register.domain.names.words import forms, lines, sizes_by


def sound(key: str) -> tuple[str, str]:
    """Pinyin of a key in full and its initials; Latin signs stand for themselves."""
    syllables = _syllables(key)
    return "".join(syllables), "".join([each[0] for each in syllables])


@lru_cache(4096)
def place_sound(region: str) -> tuple[str, str]:
    """The sound of a place, which many names share."""
    return sound(region)


def without_form(letters: str) -> list[str]:
    """What may be meant: the letters as they stand, and without a form at their end."""
    for ending in _form_sounds():
        if letters.endswith(ending) and len(letters) > len(ending):
            return [letters, letters.removesuffix(ending)]
    return [letters]


def _syllables(key: str) -> list[str]:
    signs, words, sizes = _tables()
    if sizes.keys().isdisjoint(key):
        return [signs.get(sign, sign) for sign in key]
    found: list[str] = []
    rest = 0
    for place, sign in enumerate(key):
        if place < rest:
            continue
        for size in sizes.get(sign, ()):
            if word := words.get(key[place : place + size]):
                found += word
                rest = place + size
                break
        else:
            found.append(signs.get(sign, sign))
    return found


@cache
def _tables() -> tuple[dict[str, str], dict[str, tuple[str, ...]], dict[str, tuple[int, ...]]]:
    """Syllables by sign, syllables by word, and how long words can be by the sign they begin with."""
    pairs = (line.split("\t") for line in lines("pinyin-words.tsv"))
    words = {word: tuple(said.split()) for word, said in pairs}
    rows = (line.split("\t") for line in lines("pinyin.tsv"))
    signs = {sign: syllable for syllable, signs in rows for sign in signs}
    return signs, words, sizes_by(words, 0)


@cache
def _form_sounds() -> tuple[str, ...]:
    """Longest first; initials of forms that are long enough to mean nothing else come too."""
    sounds = [sound(form) for form in forms().words]
    found = {full for full, _ in sounds} | {initials for _, initials in sounds if len(initials) >= 4}
    return tuple(sorted(found, key=lambda each: (-len(each), each)))
