"""Servers that behave badly on the socket, for whatever speaks to them."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

Behaviour = Callable[[socket.socket], object]
_stop = threading.Event()


def drip(first: bytes, pause: float = 0.05) -> Behaviour:
    """Says `first`, then a byte now and then, for ever."""

    def behave(connection: socket.socket) -> None:
        connection.sendall(first)
        while not _stop.wait(pause):
            connection.sendall(b"x")

    return behave


def flood(first: bytes) -> Behaviour:
    """Says `first`, then more and more as fast as it is taken."""

    def behave(connection: socket.socket) -> None:
        connection.sendall(first)
        while not _stop.is_set():
            connection.sendall(b"x" * 65536)

    return behave


def say(answer: bytes) -> Behaviour:
    """Hears a little, says `answer` and closes."""

    def behave(connection: socket.socket) -> None:
        if not answer.startswith(b"220"):
            connection.settimeout(0.2)
            with suppress(TimeoutError):
                connection.recv(65536)
        connection.sendall(answer)

    return behave


@contextmanager
def rogue(behave: Behaviour) -> Iterator[tuple[str, int]]:
    """A server for each of whose connections `behave` runs; yields its host and port."""

    def serve(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            behave(connection)

    def accept() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=serve, args=(listening.accept()[0],), daemon=True).start()

    _stop.clear()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=accept, daemon=True).start()
        yield "127.0.0.1", listening.getsockname()[1]
        _stop.set()
        with suppress(OSError):
            listening.shutdown(socket.SHUT_RDWR)
