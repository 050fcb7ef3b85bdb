"""The bench's curve: near misses make precision lower and leave recall as it is."""

from bench.search import curve


def test_near_misses_count_against_precision_only() -> None:
    found = [(1.0, True), (0.6, True), (0.6, False)]
    plain, mixed = curve(found, 4), curve([*found, (0.55, False), (0.2, False)], 4)
    assert plain[10] == {"score": 0.5, "hits": 3, "precision": 0.6667, "recall": 0.5}
    assert mixed[10] == {"score": 0.5, "hits": 4, "precision": 0.5, "recall": 0.5}
    assert mixed[19] == plain[19] == {"score": 0.95, "hits": 1, "precision": 1.0, "recall": 0.25}
