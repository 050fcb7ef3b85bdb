"""The Merkle tree against the vectors of RFC 6962's reference code, and its laws under any sizes."""

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.tlog import tiles, tree

LEAVES = [
    bytes.fromhex(each)
    for each in (
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
    )
]  # fmt: skip
ROOTS = (
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)


class Store:
    """A log in memory: tiles as a database would keep them."""

    def __init__(self) -> None:
        self.size = 0
        self.tiles: dict[tiles.Place, bytes] = {}

    def add(self, leaves: list[bytes]) -> None:
        for tile in list(tiles.grown(self.size, self.tiles, leaves)):
            self.tiles[tile.level, tile.number] = tile.hashes
        self.size += len(leaves)

    @property
    def read(self) -> tree.ReadHashes:
        return tiles.reader(lambda places: {place: self.tiles[place] for place in places})


def leaf(number: int) -> bytes:
    return tree.leaf_hash(str(number).encode())


BIG = 70_000


@cache
def big() -> Store:
    """Made by the first test that asks."""
    store = Store()
    store.add([leaf(number) for number in range(BIG)])
    return store


@pytest.mark.parametrize("size", range(9))
def test_roots_are_those_of_the_reference_code(size):
    assert tree.root_of_entries(LEAVES[:size]).hex() == ROOTS[size]


def test_known_paths_of_the_reference_code():
    row = [tree.leaf_hash(each) for each in LEAVES]
    read = lambda nodes: [tree.fold(row[n << level : (n + 1) << level]) for level, n in nodes]  # noqa: E731
    assert tree.inclusion_proof(0, 1, read) == []
    assert [step.hex()[:8] for step in tree.inclusion_proof(0, 8, read)] == [
        "96a296d2",
        "5f083f0a",
        "6b47aaf2",
    ]
    assert [step.hex()[:8] for step in tree.inclusion_proof(5, 8, read)] == [
        "bc1a0643",
        "ca854ea1",
        "d37ee418",
    ]
    assert [step.hex()[:8] for step in tree.consistency_proof(6, 8, read)] == [
        "0ebc5d34",
        "ca854ea1",
        "d37ee418",
    ]


@pytest.mark.parametrize("size", range(1, 34))
def test_every_leaf_and_every_earlier_tree_of_small_trees_is_proved(size):
    whole = tree.root(size, big().read)
    for index in range(size):
        tree.verify_inclusion(leaf(index), index, size, tree.inclusion_proof(index, size, big().read), whole)
    for old in range(size + 1):
        proof = tree.consistency_proof(old, size, big().read)
        tree.verify_consistency(old, size, tree.root(old, big().read), whole, proof)


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_proofs_hold_at_any_size_and_for_nothing_else(data):
    size = data.draw(st.integers(2, BIG))
    index = data.draw(st.integers(0, size - 1))
    whole = tree.root(size, big().read)
    proof = tree.inclusion_proof(index, size, big().read)
    tree.verify_inclusion(leaf(index), index, size, proof, whole)
    for wrong in (proof[:-1], [*proof, proof[0]], [bytes(32), *proof[1:]]):
        with pytest.raises(tree.BadProof):
            tree.verify_inclusion(leaf(index), index, size, wrong, whole)
    with pytest.raises(tree.BadProof):
        tree.verify_inclusion(leaf(index + 1), index, size, proof, whole)
    with pytest.raises(tree.BadProof):
        tree.verify_inclusion(leaf(index), (index + 1) % size, size, proof, whole)


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_a_later_tree_continues_an_earlier_one_and_no_other(data):
    new = data.draw(st.integers(2, BIG))
    old = data.draw(st.integers(1, new - 1))
    first, second = tree.root(old, big().read), tree.root(new, big().read)
    proof = tree.consistency_proof(old, new, big().read)
    tree.verify_consistency(old, new, first, second, proof)
    with pytest.raises(tree.BadProof):
        tree.verify_consistency(old, new, bytes(32), second, proof)
    with pytest.raises(tree.BadProof):
        tree.verify_consistency(old, new, first, bytes(32), proof)
    with pytest.raises(tree.BadProof):
        tree.verify_consistency(old, new, first, second, proof[1:])


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 700), max_size=8))
def test_it_does_not_matter_in_which_batches_leaves_came(batches):
    store = Store()
    for count in batches:
        store.add([leaf(store.size + number) for number in range(count)])
    assert tree.root(store.size, store.read) == tree.root(store.size, big().read)
    for place in tiles.edge_of(store.size).values():
        assert len(store.tiles[place]) % (tiles.WIDTH * tiles.HASH)


def test_a_proof_outside_the_tree_is_refused():
    for index, size in ((5, 5), (-1, 5), (0, 0)):
        with pytest.raises(ValueError, match="no leaf"):
            tree.inclusion_proof(index, size, big().read)
    with pytest.raises(ValueError, match="no tree"):
        tree.consistency_proof(6, 5, big().read)


@pytest.mark.parametrize(
    ("number", "path"), [(0, "000"), (67, "067"), (1000, "x001/000"), (1234067, "x001/x234/067")]
)
def test_tile_numbers_are_written_in_groups_of_three(number, path):
    assert tiles.tile_number(number) == path
    assert tiles.parse_tile(path) == (number, 256)
    assert tiles.parse_tile(f"{path}.p/8") == (number, 8)


@pytest.mark.parametrize(
    "path", ["", "0", "67", "x000/001", "001/002", "x001", "000.p/0", "000.p/256", "000.p/08", "000/", "a00"]
)
def test_other_ways_of_writing_a_tile_are_refused(path):
    with pytest.raises(ValueError, match="tile path"):
        tiles.parse_tile(path)


def test_bundles_read_back():
    assert tiles.unbundle(tiles.bundle(LEAVES)) == LEAVES
    with pytest.raises(ValueError, match="cut short"):
        tiles.unbundle(tiles.bundle([b"abc"])[:-1])
