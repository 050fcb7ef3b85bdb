"""What is too long for the web server to read is refused in Chinese."""

import socket

import pytest
from gunicorn.http.errors import LimitRequestHeaders, LimitRequestLine

from shared.refusing import Worker


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (LimitRequestLine(9000, 8190), b"414 ", "请求地址过长"),
        (LimitRequestHeaders("too large"), b"431 ", "请求头过大"),
    ],
)
def test_in_chinese(error, status, words):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        Worker.handle_error(Worker.__new__(Worker), None, ours, ("127.0.0.1", 1), error)
        said = theirs.recv(65536)
    head, _, page = said.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 " + status)
    assert f"Content-Length: {len(page)}".encode() in head
    assert words in page.decode()
