"""Digests of a ledger by bucket, computed the same way on both sides (docs/platform-wire.md)."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import groupby

from services.credit_push.transports.base import Digest, LedgerRow, Within


def bucket_hash(match_key: str) -> int:
    """The first 32 bits of a key's SHA-256; the remainder by the number of buckets is the bucket."""
    return int(hashlib.sha256(match_key.encode()).hexdigest()[:8], 16)


def line(match_key: str, version: int | None, content_digest: str) -> str:
    """What one record contributes to its bucket's digest."""
    return f"{match_key}\t{'' if version is None else version}\t{content_digest}"


def fold(pairs: Iterable[tuple[int, str]], levels: Sequence[int]) -> list[Digest]:
    """The digests of (bucket hash, line) pairs at several numbers of buckets, each a multiple of the first.

    The pairs come in order of their bucket at the first level; only one such bucket is held at a time.
    """
    found: list[dict[int, tuple[int, str]]] = [{} for _ in levels]
    count = 0
    for _, group in groupby(pairs, lambda pair: pair[0] % levels[0]):
        held = list(group)
        count += len(held)
        for level, digests in zip(levels, found, strict=True):
            parts: dict[int, list[str]] = defaultdict(list)
            for hashed, text in held:
                parts[hashed % level].append(text)
            digests.update((number, (len(lines), _sum(lines))) for number, lines in parts.items())
    return [Digest(count, digests) for digests in found]


def digest_rows(rows: Iterable[LedgerRow], buckets: int, within: Within | None = None) -> Digest:
    """The digest of ledger rows we read ourselves."""
    hashed = ((bucket_hash(row.match_key), row) for row in rows)
    chosen = ((at, row) for at, row in hashed if within is None or at % within.buckets == within.bucket)
    pairs = [(at, line(row.match_key, row.version, row.content_digest)) for at, row in chosen]
    return fold(sorted(pairs, key=lambda pair: pair[0] % buckets), [buckets])[0]


def _sum(lines: list[str]) -> str:
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()
