"""Tiles of C2SP tlog-tiles: 256 hashes each, full ones for ever, the last of each level growing.

Level L of the tiles holds the tree's level 8·L. Paths are `<L>/<N>[.p/<W>]`, N in groups of three digits.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from shared.tlog.tree import Node, ReadHashes, fold

WIDTH = 256
HEIGHT = 8
HASH = 32
KEPT = 2048
"""Folded parts of tiles that a process remembers: 4 KiB each at most, a tenth of it as a rule."""
_PATH = re.compile(r"((?:x\d{3}/)*\d{3})(?:\.p/([1-9]\d{0,2}))?")

Place = tuple[int, int]
"""Level and number of a tile."""
LoadTiles = Callable[[Collection[Place]], Mapping[Place, bytes]]


@dataclass(frozen=True)
class Tile:
    """Side-by-side hashes of one level."""

    level: int
    number: int
    hashes: bytes

    @property
    def width(self) -> int:
        return len(self.hashes) // HASH


def tile_number(number: int) -> str:
    """1234067 as x001/x234/067."""
    groups = [f"{number % 1000:03}"]
    while number := number // 1000:
        groups.append(f"x{number % 1000:03}")
    return "/".join(reversed(groups))


def parse_tile(path: str) -> tuple[int, int]:
    """Number and width of `x001/x234/067[.p/8]`; ValueError for any other way of writing one."""
    found = _PATH.fullmatch(path)
    if found is None:
        raise ValueError("not a tile path")
    number = int(found[1].replace("x", "").replace("/", ""))
    width = int(found[2] or WIDTH)
    if tile_number(number) != found[1] or width > WIDTH or (found[2] and width == WIDTH):
        raise ValueError("not a tile path")
    return number, width


def edge_of(size: int) -> dict[int, Place]:
    """The last, partly filled tile of each level of a tree of `size` leaves."""
    found: dict[int, Place] = {}
    level = 0
    while count := size >> (HEIGHT * level):
        if count % WIDTH:
            found[level] = (level, count // WIDTH)
        level += 1
    return found


def grown(size: int, edge: Mapping[Place, bytes], leaves: Sequence[bytes]) -> Iterator[Tile]:
    """The tiles that change when leaf hashes are added to a tree of `size`, whose edge is at hand."""
    level, fresh = 0, list(leaves)
    while fresh:
        number, width = divmod(size >> (HEIGHT * level), WIDTH)
        before = edge[level, number] if width else b""
        if len(before) < width * HASH:
            raise ValueError(f"tile {level}/{number} is shorter than the tree")
        row = before[: width * HASH] + b"".join(fresh)
        fresh = []
        for at in range(0, len(row), WIDTH * HASH):
            tile = Tile(level, number, row[at : at + WIDTH * HASH])
            yield tile
            if tile.width == WIDTH:
                fresh.append(fold(split(tile.hashes)))
            number += 1
        level += 1


def split(hashes: bytes) -> list[bytes]:
    return [hashes[at : at + HASH] for at in range(0, len(hashes), HASH)]


def reader(load: LoadTiles) -> ReadHashes:
    """Hashes of complete subtrees out of tiles, all tiles of a proof loaded at once."""

    def read(nodes: Sequence[Node]) -> list[bytes]:
        tiles = load({_place(node) for node in nodes})
        return [_inside(tiles[_place(node)], node) for node in nodes]

    return read


def _place(node: Node) -> Place:
    level, number = node
    return level // HEIGHT, (number << level % HEIGHT) // WIDTH


def _inside(tile: bytes, node: Node) -> bytes:
    level, number = node
    rows = level % HEIGHT
    start = (number << rows) % WIDTH
    part = tile[start * HASH : (start + (1 << rows)) * HASH]
    if len(part) != HASH << rows:
        raise ValueError("the tile is shorter than the tree")
    return _folded(part)


@lru_cache(KEPT)
def _folded(part: bytes) -> bytes:
    """Full tiles never change, and near the root every proof folds the same ones."""
    return fold(split(part))


def bundle(entries: Sequence[bytes]) -> bytes:
    """Entries as /tile/entries/ serves them: each behind its length in two bytes."""
    return b"".join(len(each).to_bytes(2, "big") + each for each in entries)


def unbundle(content: bytes) -> list[bytes]:
    """The entries of a bundle; ValueError if it is cut short."""
    found, at = [], 0
    while at < len(content):
        end = at + 2 + int.from_bytes(content[at : at + 2], "big")
        if end > len(content):
            raise ValueError("an entry is cut short")
        found.append(content[at + 2 : end])
        at = end
    return found
