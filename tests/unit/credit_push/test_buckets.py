"""Going down from coarse buckets to fine ones tells the same as comparing everything at once."""

import random
from collections.abc import Iterator

from services.credit_push.models import Holding
from services.credit_push.reconciliation import differences
from services.credit_push.transports.base import Digest, LedgerRow, Within
from services.credit_push.transports.buckets import bucket_hash, digest_rows, fold, line

LEVELS = (4, 16, 64)


def row(key: str, version: int = 1, digest: str = "d") -> LedgerRow:
    return LedgerRow(key, key, "n", "s", version, digest)


class Books:
    """A ledger in memory that counts what it tells."""

    def __init__(self, rows: list[LedgerRow]) -> None:
        self.held, self.told = rows, 0

    def digest(self, buckets: int, within: Within | None = None) -> Digest:
        return digest_rows(self.held, buckets, within)

    def rows(self, bucket: int, buckets: int) -> Iterator[LedgerRow]:
        for one in self.held:
            if bucket_hash(one.match_key) % buckets == bucket:
                self.told += 1
                yield one


def test_every_level_of_a_fold_is_the_plain_digest() -> None:
    rows = [row(f"k{number}") for number in range(500)]
    pairs = [(bucket_hash(r.match_key), line(r.match_key, r.version, r.content_digest)) for r in rows]
    pairs.sort(key=lambda pair: pair[0] % LEVELS[0])
    for level, digest in zip(LEVELS, fold(iter(pairs), LEVELS), strict=True):
        assert digest == digest_rows(rows, level)
        assert digest.count == 500
    assert fold(iter(()), LEVELS) == [Digest(0), Digest(0), Digest(0)]


def test_within_tells_its_part_only() -> None:
    rows = [row(f"k{number}") for number in range(300)]
    whole = digest_rows(rows, 64)
    parts = [digest_rows(rows, 64, Within(4, bucket)) for bucket in range(4)]
    together = {number: told for part in parts for number, told in part.buckets.items()}
    assert together == whole.buckets


def test_each_kind_of_difference() -> None:
    ours = [Holding(match_key=f"k{n}", listing_id=f"k{n}", version=2, content_digest="d") for n in range(4)]
    theirs = [row("k0", 2), row("k1", 1), row("k2", 2, "x"), row("k9", 2), row("k0", 2)]
    random.Random(1).shuffle(ours)
    found = sorted((one.kind, one.match_key) for one in differences(ours, theirs))
    assert found == [("altered", "k2"), ("extra", "k0"), ("extra", "k9"), ("missing", "k3"), ("stale", "k1")]


def test_records_of_one_number_and_name_are_told_apart_by_what_they_say() -> None:
    """One decision on two sheets, or two persons of one name in it."""

    def ours(listing: str, digest: str, layout: str) -> Holding:
        return Holding(match_key="k", listing_id=listing, version=1, content_digest=digest, layout=layout)

    def found(*theirs: tuple[str, str]) -> list[tuple[str, str]]:
        mine = [ours("a", "da", "penalty_2018"), ours("b", "db", "blacklist_org")]
        rows = [LedgerRow("k", "", "n", "s", None, digest, listed_in=sheet) for digest, sheet in theirs]
        return sorted((one.kind, one.listing_id or one.theirs) for one in differences(mine, rows))

    a, b = ("da", "penalty_2018"), ("db", "blacklist_org")
    assert found(a, b) == found(b, a) == []
    assert found(b) == [("missing", "a")]
    assert found(a) == [("missing", "b")]
    assert found(a, ("x", "blacklist_org")) == found(("x", "blacklist_org"), a) == [("altered", "b")]
    assert found(("y", "penalty_2018"), ("x", "blacklist_org")) == [("altered", "a"), ("altered", "b")]
    assert found(a, b, b) == [("extra", "db")]
