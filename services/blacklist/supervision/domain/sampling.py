"""抽查抽样: the draw is by SHA-256 over the recorded seed and each id, so anyone can repeat and check it."""

import hashlib
from collections.abc import Collection

METHOD = "按 SHA-256（种子|编号） 升序取前若干件"


def draw(ids: Collection[str], size: int, seed: str) -> list[str]:
    """`size` of the ids, decided by the seed alone, whatever order they come in."""
    return sorted(ids, key=lambda each: _rank(seed, each))[:size]


def population_digest(ids: Collection[str]) -> str:
    """What the draw was made from, so that a later change of the population shows."""
    return hashlib.sha256("\n".join(sorted(ids)).encode()).hexdigest()


def _rank(seed: str, each: str) -> str:
    return hashlib.sha256(f"{seed}|{each}".encode()).hexdigest()
