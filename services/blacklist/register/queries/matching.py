"""From a question to hits: code, document number and full name by B-tree, then core and grams.

The likeness of question and name is computed here for a few dozen candidates; docs/search.md says how.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from services.blacklist.register.domain.names import (
    ONE_SIGN_APART,
    Gram,
    Likeness,
    Parts,
    asked_grams,
    calibrated,
    compare,
    compare_sound,
    elsewhere,
    full_key,
    other_key,
    same_writing,
    split_name,
)
from services.blacklist.register.index import ENGINES
from services.blacklist.register.index.counts import known_counts, rare_first
from services.blacklist.register.index.port import WORTH
from services.blacklist.register.queries.lines import NameRow, Shown
from shared.identifiers import InvalidIdentifier, check_uscc

SAME_CODE, SAME_NAME, FORMER_NAME, SAME_DOCUMENT = "同一统一社会信用代码", "名称相同", "曾用名", "文号相同"
SHORT_NAME, SHORT_POINTS = "简称", 900
"""Another firm may use the same short name, or have it as its brand."""
EXACT_ONLY = 2
"""Questions of so few signs are never searched by likeness."""
BUDGETS, MOST_GRAMS, SCORED = (240, 1500), 24, 30
CANDIDATES, CANDIDATES_FILTERED = 90, 1000
SURE_ENOUGH, ENOUGH = 0.97, 0.92
"""Likeness at which nothing more is looked up: of the same core, of the rarest grams."""
ONE_SIGN = 0.65
"""Likeness from which a name one sign apart ends the search, where every gram that it can share was asked."""
DECISIVE = 2.0
"""Weight of those grams."""
FLOOR = 0.6
"""Below it a name is not shown: no hit so unlike was ever the one that was meant."""
FORMER_SHARE = 0.95
_LONGEST_FUZZY = 100


class Hit(NamedTuple):
    """A listing found: how sure (thousandths), the name it was found by, why, and whether that is certain."""

    listing_id: str
    points: int
    matched: str | None
    why: tuple[str, ...]
    certain: bool = False
    line: dict[str, Any] | None = None
    """Where it was read already."""


@dataclass(frozen=True)
class Question:
    """What was asked, in every form it is looked up by."""

    text: str
    key: str

    @property
    def letters(self) -> str:
        """The question as pinyin, if it may be that."""
        return self.key if self.key.isascii() and self.key.isalpha() else ""


def find_hits(shown: Shown, text: str) -> list[Hit]:
    """The best hit of every listing found, best first."""
    text = text.strip()
    by_code = [Hit(line["id"], 1000, None, (SAME_CODE,), True, line) for line in _same_code(shown, text)]
    if by_code:
        return by_code
    question = Question(text, full_key(text))
    found = [*_same_name(shown, question), *_same_document(shown, text)]
    if not found and (other := other_key(text, question.key)):
        question = Question(text, other)
        found = list(_same_name(shown, question))
    if all(hit.why[0] == SHORT_NAME for hit in found):  # who bears a short name is not the only one meant
        found += _alike(shown, question)
    best: dict[str, Hit] = {}
    for hit in sorted(found, key=lambda each: (-each.points, each.listing_id)):
        best.setdefault(hit.listing_id, hit)
    return list(best.values())


def _same_code(shown: Shown, text: str) -> list[dict[str, Any]]:
    if not text.isascii() or len(text) < 18:
        return []
    try:
        return shown.by_code(check_uscc(text))
    except InvalidIdentifier:
        return []


def _same_document(shown: Shown, text: str) -> Iterator[Hit]:
    """Document numbers have digits and a sign that is no digit."""
    if any(map(str.isdigit, text)) and not text.isascii():
        for line in shown.by_document(text):
            yield Hit(line["id"], 900, None, (SAME_DOCUMENT,), line=line)


def _same_name(shown: Shown, question: Question) -> Iterator[Hit]:
    if not question.key:
        return
    for name, ordinal, line in shown.by_key(question.key):
        written = same_writing(question.text, name)
        if ordinal < 0:
            yield Hit(line["id"], SHORT_POINTS, name, (SHORT_NAME, *written), line=line)
        elif ordinal:
            yield Hit(line["id"], 950, name, (FORMER_NAME, *written), line=line)
        else:
            yield Hit(line["id"], 1000, name, (SAME_NAME, *written), True, line)


def _alike(shown: Shown, question: Question) -> Iterator[Hit]:
    if len(question.key) <= EXACT_ONLY:
        return
    asked = split_name(question.text[:_LONGEST_FUZZY])
    seen: set[int] = set()
    sure = False
    for row in shown.names_by_core(asked.core):
        if row.ordinal < 0:
            continue
        likeness = compare(asked, parts_of(row))
        sure = sure or likeness.raw >= SURE_ENOUGH or bool(asked.trade and not asked.region)
        sure = sure or _one_sign_apart(likeness, asked, row)
        seen.add(row.id)
        yield from _hit(row, likeness)
    whole = bool(asked.trade or asked.form)  # else 石家庄鑫源 may as well be 石家庄鑫源建材经营部
    if sure and whole:
        return
    wanted = asked_grams(asked, question.key, question.letters)
    decisive = {each for each in wanted if each.weight >= DECISIVE}
    for grams in _rounds(wanted, decisive, known_counts(shown.reading), whole=whole):
        decided, alone = decisive.issubset(grams), decisive.issuperset(grams)
        for row in _candidates(shown, grams, seen):
            likeness = _likeness(asked, question.letters, row)
            near = decided and _one_sign_apart(likeness, asked, row)
            sure = sure or likeness.raw >= ENOUGH or (near and not (alone and asked.region != row.region))
            yield from _hit(row, likeness)
        if sure:
            return


def _rounds(
    wanted: Sequence[Gram], decisive: Collection[Gram], counts: Mapping[str, int], *, whole: bool
) -> Iterator[list[Gram]]:
    """Grams to look up, more and more of them: those that decide are so rare that they cost next to nothing.

    They alone end the search only for a name in the very place that was asked for: 西丰锋高空清洗 may be the
    county of 西丰, and 西宁丰锋高空清洗 was meant.
    """
    if whole:
        yield rare_first([each for each in wanted if each in decisive], counts, BUDGETS[0], MOST_GRAMS)
    for budget in BUDGETS:
        yield rare_first(wanted, counts, budget, MOST_GRAMS)


def _one_sign_apart(likeness: Likeness, asked: Parts, row: NameRow) -> bool:
    """Not where the sign makes another city of it: 贺州市阿王 is there, and 鄂州市阿王记 was meant."""
    near = likeness.raw >= ONE_SIGN and likeness.why[0].startswith(ONE_SIGN_APART)
    return near and not elsewhere(asked.place, row.place)


def _likeness(asked: Parts, letters: str, row: NameRow) -> Likeness:
    """A short name is alike by its sound alone."""
    found = parts_of(row)
    likeness = compare(asked, found) if row.ordinal >= 0 else Likeness(0.0, ())
    if not letters:
        return likeness
    return max(likeness, compare_sound(letters, found, row.full_key), key=lambda each: each.raw)


def _candidates(shown: Shown, grams: Sequence[Gram], seen: set[int]) -> Iterable[NameRow]:
    """Names not yet seen that share the most weight and may be shown, at most SCORED of them."""
    taken = shown.names_sharing(grams, seen, SCORED)
    taken = _read_apart(shown, grams, seen) if taken is None else taken
    seen.update(row.id for row in taken)
    return taken


def _read_apart(shown: Shown, grams: Sequence[Gram], seen: set[int]) -> list[NameRow]:
    reading = shown.reading
    most = CANDIDATES_FILTERED if shown.filtered else CANDIDATES
    found = ENGINES[reading.dialect].candidates(reading, grams, most)
    least = found[0][1] * WORTH if found else 0.0
    ids = [name_id for name_id, shared in found if shared >= least and name_id not in seen]
    taken: list[NameRow] = []
    for start in range(0, len(ids), SCORED):
        taken += shown.names_by_ids(ids[start : start + SCORED])
        if len(taken) >= SCORED:
            break
    return taken


def parts_of(row: NameRow) -> Parts:
    """The cut of a name as it was kept."""
    core, size = row.core_key, row.brand_size
    return Parts(row.region, core[:size], core[size:], row.form, row.place)


def _hit(row: NameRow, likeness: Likeness) -> Iterator[Hit]:
    raw, why = likeness
    if row.ordinal:
        raw, why = raw * FORMER_SHARE, (FORMER_NAME if row.ordinal > 0 else SHORT_NAME, *why)
    if raw >= FLOOR:
        yield Hit(row.listing_id, calibrated(raw), row.name, why)


def first_of(hits: Sequence[Hit], after: Sequence[Any] | None, count: int) -> list[Hit]:
    """A page of hits: those after the last one shown, by its points and id."""
    if after:
        hits = [hit for hit in hits if (-hit.points, hit.listing_id) > (-after[0], after[1])]
    return list(hits[:count])
