"""Who may hold how many of a channel's places, so that targets that hang never hold them all.

A target of which it is not known that it answers gets a few; all such together leave a quarter. One that
answered last gets the more the more are free. After a send that found no answer it gets a few again.
"""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass

FEW = 2
MOST_KNOWN = 2048
"""Targets remembered to answer; one forgotten begins anew."""


@dataclass(frozen=True)
class Openings:
    """What may be claimed: `limit` at most, `share` for each sound target, `few` for each other."""

    limit: int
    share: int = 1
    few: int = 1
    others: int | None = None
    """For all targets together that are not sound; None: no bound of their own."""
    sound: Collection[str] = ()
    busy: Collection[str] = ()
    """Targets for which enough is in our hands."""

    def choose(self, due: Collection[tuple[str, str]]) -> list[str]:
        """Of (id, target) in the order they are due, those that may be taken."""
        loads: Counter[str] = Counter()
        others = self.limit if self.others is None else self.others
        chosen: list[str] = []
        for key, target in due:
            sound = target in self.sound
            if loads[target] >= (self.share if sound else self.few) or (not sound and others <= 0):
                continue
            loads[target] += 1
            others -= not sound
            chosen.append(key)
            if len(chosen) >= self.limit:
                break
        return chosen


class Berths:
    """The places of one channel, and which targets answered last. Not for several threads at once."""

    def __init__(self, places: int, each: int) -> None:
        self._places, self._each = places, each
        self._spread = max(1, places // (2 * each))
        self._taken: Counter[str] = Counter()
        self.total = self._others = 0
        self._sound: dict[str, None] = {}
        self.silent: set[str] = set()
        """Targets that hold or await places and found no answer last."""

    def take(self, ref: str) -> bool:
        """A place for one more, if it may have one."""
        free = self._places - self.total
        if ref in self._sound:
            fits = self._taken[ref] < min(self._each, free // self._spread or min(free, 1))
        else:
            fits = free > 0 and self._taken[ref] < min(FEW, self._each) and self._others < _most(self._places)
            self._others += fits
        self._taken[ref] += fits
        self.total += fits
        return fits

    def leave(self, ref: str, sound: bool | None) -> None:
        """The place is free again; `sound`: whether there was an answer, None where nobody asked."""
        if ref not in self._sound:
            self._others -= 1
        self._taken[ref] -= 1
        self.total -= 1
        if sound is not None:
            self._judge(ref, sound)
        if not self._taken[ref]:
            del self._taken[ref]

    def _judge(self, ref: str, sound: bool) -> None:
        was = ref in self._sound
        self._sound.pop(ref, None)
        if sound:
            self._sound[ref] = None
            self.silent.discard(ref)
            if len(self._sound) > MOST_KNOWN:
                self._forget()
        else:
            self.silent.add(ref)
        self._others += (was - sound) * self._taken[ref]

    def _forget(self) -> None:
        oldest = next(iter(self._sound))
        del self._sound[oldest]
        self._others += self._taken[oldest]

    def openings(self, loads: Mapping[str, int], free: int, ahead: int) -> Openings:
        """What may be handed over besides these loads: times what fits at once, in the same shares."""
        self.silent &= loads.keys()
        few, room = min(FEW, self._each) * ahead, self._places * ahead
        most = min(self._each * ahead, free // self._spread or min(free, 1))
        share = max(1, most // 2)
        others = _most(room) - sum(count for ref, count in loads.items() if ref not in self._sound)
        full = [ref for ref, n in loads.items() if n > self._enough(ref, most - share, few // 2)]
        return Openings(free, share, max(1, few // 2), max(0, others), frozenset(self._sound), full)

    def _enough(self, ref: str, sound: int, other: int) -> int:
        """Above so many no more are claimed; of a silent target what waits would only be given back."""
        if ref in self._sound:
            return sound
        return min(FEW, self._each) - 1 if ref in self.silent else other


def _most(places: int) -> int:
    return max(1, places - places // 4)
