"""Free TCP ports on the loopback address."""

import errno
import os
import random
import socket

LOWEST, EACH = 15_000, 2_000
"""Below what the kernel gives to connections: a port drawn here is nobody's until it is listened on."""


def free_ports(count: int = 1) -> list[int]:
    """Ports nobody listens on, all different because they are held open together while being drawn."""
    held: list[socket.socket] = []
    try:
        while len(held) < count:
            one = socket.socket()
            held.append(one)
            if not _bound(one):
                held.pop().close()
        return [each.getsockname()[1] for each in held]
    finally:
        for each in held:
            each.close()


def _bound(one: socket.socket) -> bool:
    try:
        one.bind(("127.0.0.1", _chance.randrange(*_range())))
    except OSError as error:
        if error.errno not in (errno.EADDRINUSE, errno.EACCES):
            raise
        return False
    return True


def _range() -> tuple[int, int]:
    """Processes that share the tests draw from ranges of their own."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "").removeprefix("gw")
    first = LOWEST + EACH * (int(worker) % 6 + 1 if worker.isdecimal() else 0)
    return first, first + EACH


_chance = random.SystemRandom()


def free_port() -> int:
    return free_ports()[0]


def is_open(port: int, host: str = "127.0.0.1") -> bool:
    """Whether something accepts connections there."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex((host, port)) == 0
