"""Digests of a ledger by bucket, computed the same way on both sides (docs/platform-wire.md)."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable

from services.credit_push.transports.base import Digest, LedgerRow


def bucket_hash(match_key: str) -> int:
    """The first 32 bits of a key's SHA-256; the remainder by the number of buckets is the bucket."""
    return int(hashlib.sha256(match_key.encode()).hexdigest()[:8], 16)


def line(match_key: str, version: int | None, content_digest: str) -> str:
    """What one record contributes to its bucket's digest."""
    return f"{match_key}\t{'' if version is None else version}\t{content_digest}"


def digest_lines(pairs: Iterable[tuple[int, str]], buckets: int) -> Digest:
    """The digest of (bucket hash, line) pairs."""
    found: dict[int, list[str]] = defaultdict(list)
    for hashed, text in pairs:
        found[hashed % buckets].append(text)
    return Digest(
        sum(len(lines) for lines in found.values()),
        {number: (len(lines), _sum(lines)) for number, lines in found.items()},
    )


def digest_rows(rows: Iterable[LedgerRow], buckets: int) -> Digest:
    """The digest of ledger rows we read ourselves."""
    return digest_lines(
        ((bucket_hash(row.match_key), line(row.match_key, row.version, row.content_digest)) for row in rows),
        buckets,
    )


def _sum(lines: list[str]) -> str:
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()
