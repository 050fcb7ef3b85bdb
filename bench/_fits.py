"""How many names of the list fit a question as well as the one it was made from, by brute force.

Nothing of the search engine is used: for a wrong sign the names that agree elsewhere, for a missing sign
those that become the question by losing one, for a core those with the same brand and trade.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

from bench._names import Name, sound_of
from services.blacklist.register.domain.names import full_key

Asked = Mapping[str, Sequence[tuple[str, int]]]
Fits = dict[tuple[str, str], int]


def fitting(names: Sequence[Name], asked: Asked) -> Fits:
    """(kind, question) → how many names fit."""
    wanted: dict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
    for kind, pairs in asked.items():
        for text, _ in pairs:
            for form in set(_forms_of_question(kind, full_key(text))):
                wanted[form].append((kind, text))
    found: Counter[tuple[str, str]] = Counter()
    heard = any(form[0] == "pinyin" for form in wanted)
    for name in names:
        met = {question for form in _forms_of_name(name, heard) for question in wanted.get(form, ())}
        found.update(met)
    return {question: max(1, count) for question, count in found.items()}


def _forms_of_question(kind: str, key: str) -> Iterator[tuple[str, str]]:
    if kind in ("sub1", "del1"):
        yield "exact", key
        yield from ((f"hole {at}", key[:at] + key[at + 1 :]) for at in range(len(key)) if kind == "sub1")
        yield "lost", key
    elif kind in ("core", "dropform", "pinyin", "swap"):
        yield kind, key
    else:
        yield "exact", key


def _forms_of_name(name: Name, heard: bool) -> Iterator[tuple[str, str]]:
    key = full_key(name.text)
    yield "exact", key
    for at in range(len(key)):
        less = key[:at] + key[at + 1 :]
        yield f"hole {at}", less
        yield "lost", less
    yield "core", full_key(name.brand + name.trade)
    yield "dropform", key.removesuffix(full_key(name.form))
    yield "swap", full_key(f"{name.brand}{name.trade}{name.region}{name.form}")
    yield "swap", full_key(f"{name.region}{name.brand}{name.trade}{name.form}")
    if heard:
        yield "pinyin", sound_of(name)
