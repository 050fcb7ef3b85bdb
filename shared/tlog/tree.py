"""The Merkle tree of RFC 6962 (SHA-256): roots, inclusion and consistency proofs, and their verification.

A proof is first a list of leaf ranges; `cover` says which complete subtrees make up each, so that a proof
needs a handful of stored hashes however large the tree is.
"""

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256

Range = tuple[int, int]
"""Leaves [low, high)."""
Node = tuple[int, int]
"""A complete subtree: its level (0 for leaves) and its number on that level."""
ReadHashes = Callable[[Sequence[Node]], Sequence[bytes]]
"""The stored hashes of complete subtrees, in the order asked."""

EMPTY_ROOT = sha256(b"").digest()


class BadProof(ValueError):
    """A proof that does not lead to the root it is said to lead to."""


def leaf_hash(entry: bytes) -> bytes:
    """The hash of one entry."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash over two subtrees."""
    return sha256(b"\x01" + left + right).digest()


def fold(hashes: Sequence[bytes]) -> bytes:
    """The root over 2ⁿ hashes that stand side by side on one level."""
    row = list(hashes)
    while len(row) > 1:
        row = [sha256(b"\x01" + row[at] + row[at + 1]).digest() for at in range(0, len(row), 2)]
    return row[0]


def cover(low: int, high: int) -> list[Node]:
    """The complete subtrees of a range, from left to right; `low` is a multiple of the largest one's size."""
    found: list[Node] = []
    while low < high:
        level = (high - low).bit_length() - 1
        found.append((level, low >> level))
        low += 1 << level
    return found


def hashes_of(ranges: Sequence[Range], read: ReadHashes) -> list[bytes]:
    """The hash of each range's subtree, with one read for all of them and each subtree in it once."""
    covers = [cover(*each) for each in ranges]
    wanted = list(dict.fromkeys(node for nodes in covers for node in nodes))
    known = dict(zip(wanted, read(wanted), strict=True))
    return [_joined([known[node] for node in nodes]) for nodes in covers]


def _joined(hashes: list[bytes]) -> bytes:
    """Subtrees of falling size joined from the right."""
    joined = hashes[-1]
    for left in reversed(hashes[:-1]):
        joined = node_hash(left, joined)
    return joined


def root(size: int, read: ReadHashes) -> bytes:
    """The root of a tree of `size` leaves."""
    return hashes_of([(0, size)], read)[0] if size else EMPTY_ROOT


def inclusion_proof(index: int, size: int, read: ReadHashes) -> list[bytes]:
    """The audit path of leaf `index` in the tree of `size` leaves (RFC 6962, 2.1.1)."""
    return proven_inclusion(index, size, read)[1]


def proven_inclusion(index: int, size: int, read: ReadHashes) -> tuple[bytes, list[bytes]]:
    """The root and the audit path to it, with one read for both."""
    if not 0 <= index < size:
        raise ValueError(f"no leaf {index} in a tree of {size}")
    whole, *path = hashes_of([(0, size), *_path(index, size)], read)
    return whole, path


def consistency_proof(old: int, new: int, read: ReadHashes) -> list[bytes]:
    """That the tree of `old` leaves is a beginning of the tree of `new` leaves (RFC 6962, 2.1.2)."""
    return proven_consistency(old, new, read)[2]


def proven_consistency(old: int, new: int, read: ReadHashes) -> tuple[bytes, bytes, list[bytes]]:
    """Both roots and the proof between them, with one read for all."""
    if not 0 <= old <= new:
        raise ValueError(f"no tree of {old} in a tree of {new}")
    steps = _subproof(old, new) if 0 < old < new else []
    roots = [(0, size) for size in (old, new) if size]
    found = hashes_of([*roots, *steps], read)
    ends = [EMPTY_ROOT] * (2 - len(roots)) + found[: len(roots)]
    return ends[0], ends[1], found[len(roots) :]


def _split(low: int, high: int) -> int:
    """Where the tree over a range divides: the largest power of two below its size, from `low`."""
    return low + (1 << ((high - low - 1).bit_length() - 1))


def _path(index: int, size: int) -> list[Range]:
    ranges: list[Range] = []
    low, high = 0, size
    while high - low > 1:
        middle = _split(low, high)
        if index < middle:
            ranges.append((middle, high))
            high = middle
        else:
            ranges.append((low, middle))
            low = middle
    return ranges[::-1]


def _subproof(old: int, new: int) -> list[Range]:
    ranges: list[Range] = []
    low, high, whole = 0, new, True
    while old < high:
        middle = _split(low, high)
        if old <= middle:
            ranges.append((middle, high))
            high = middle
        else:
            ranges.append((low, middle))
            low, whole = middle, False
    return (ranges if whole else [*ranges, (low, high)])[::-1]


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], expected: bytes) -> None:
    """BadProof unless the leaf hash stands at `index` in the tree of that root (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        raise BadProof("这样大小的日志中没有这个位置")
    at, last, made = index, size - 1, leaf
    for step in proof:
        if last == 0:
            raise BadProof("证明过长")
        if at & 1 or at == last:
            made = node_hash(step, made)
            at, last = _up(at, last)
        else:
            made = node_hash(made, step)
        at, last = at >> 1, last >> 1
    if last or made != expected:
        raise BadProof("证明与日志的根不符")


def _up(at: int, last: int) -> tuple[int, int]:
    """Over the levels on which a right edge has no sibling."""
    while not at & 1 and at:
        at, last = at >> 1, last >> 1
    return at, last


def verify_consistency(old: int, new: int, first: bytes, second: bytes, proof: Sequence[bytes]) -> None:
    """BadProof unless root `second` (size `new`) continues root `first` (size `old`) (RFC 9162, 2.1.4.2)."""
    if old in (0, new):
        _trivial(old, new, first, second, proof)
        return
    if not 0 < old < new or not proof:
        raise BadProof("证明与大小不符")
    steps = list(proof) if old & (old - 1) else [first, *proof]
    at, last = old - 1, new - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    left = right = steps[0]
    for step in steps[1:]:
        if last == 0:
            raise BadProof("证明过长")
        if at & 1 or at == last:
            left, right = node_hash(step, left), node_hash(step, right)
            at, last = _up(at, last)
        else:
            right = node_hash(right, step)
        at, last = at >> 1, last >> 1
    if last or left != first or right != second:
        raise BadProof("后来的日志没有延续先前的内容")


def _trivial(old: int, new: int, first: bytes, second: bytes, proof: Sequence[bytes]) -> None:
    if proof:
        raise BadProof("证明应为空")
    if old == new and first != second:
        raise BadProof("同一大小有两个根")
    if old == 0 and first != EMPTY_ROOT:
        raise BadProof("空日志的根有误")


def root_of_entries(entries: Iterable[bytes]) -> bytes:
    """The root over entries at hand; for small trees and tests."""
    row = [leaf_hash(each) for each in entries]
    return root(len(row), lambda nodes: [fold(row[n << level : (n + 1) << level]) for level, n in nodes])
