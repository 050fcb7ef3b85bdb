"""Connections that stay open are answered by the thread that has them, and nobody waits for such a thread."""

import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness.ports import free_port
from tests.harness.process import Program

ROOT = Path(__file__).parents[2]


def app(environ, start_response):
    body = f"{environ['PATH_INFO']} {threading.get_ident()}".encode()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "-b", f"127.0.0.1:{port}", "-w", "1", "--threads", "2",
               "-k", "shared.refusing.Worker", "--keep-alive", "30", "--graceful-timeout", "1",
               "--no-control-socket", "tests.integration.test_lingering:app"]  # fmt: skip
    log = tmp_path_factory.mktemp("gunicorn") / "log"
    program = Program(command, log=log, port=port, env={"PYTHONPATH": str(ROOT)})
    program.start()
    yield port
    program.stop()


class Line:
    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), 60)

    def ask(self, *paths: str) -> list[str]:
        sent = "".join(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n" for path in paths)
        self.socket.sendall(sent.encode())
        return [self.answer() for _ in paths]

    def answer(self) -> str:
        read = b""
        while b"\r\n\r\n" not in read:
            read += self.socket.recv(1)
        length = int(read.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
        return self.socket.recv(length, socket.MSG_WAITALL).decode().split()[0]


def test_one_question_after_another(port: int) -> None:
    line = Line(port)
    assert [line.ask(f"/{number}") for number in range(50)] == [[f"/{number}"] for number in range(50)]
    line.socket.close()


def test_questions_sent_together(port: int) -> None:
    line = Line(port)
    assert line.ask("/a", "/b", "/c") == ["/a", "/b", "/c"]
    line.socket.close()


def test_more_connections_than_threads(port: int) -> None:
    lines = [Line(port) for _ in range(6)]
    for number in range(10):
        for line in lines:
            assert line.ask(f"/{number}") == [f"/{number}"]
    for line in lines:
        line.socket.close()
