"""Bytes from the stock are random, given out once, and not shared with a child."""

from multiprocessing import get_context
from multiprocessing.connection import Connection

from shared.random_bytes import STOCK, random_bytes


def test_each_is_given_out_once_whatever_its_length():
    found = [random_bytes(count) for count in (0, 1, 8, 12, STOCK - 1, STOCK, STOCK + 1)]
    assert [len(one) for one in found] == [0, 1, 8, 12, STOCK - 1, STOCK, STOCK + 1]
    assert len({random_bytes(8) for _ in range(2000)}) == 2000


def _tell(to: Connection) -> None:
    to.send(random_bytes(16))
    to.close()


def test_a_forked_process_does_not_give_out_its_parents():
    random_bytes(8)
    told = []
    for _ in range(2):
        ours, theirs = get_context("fork").Pipe()
        process = get_context("fork").Process(target=_tell, args=(theirs,))
        process.start()
        told.append(ours.recv())
        process.join()
    assert len({*told, random_bytes(16)}) == 3
