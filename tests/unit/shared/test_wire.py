"""Reading an HTTP answer, in whatever pieces it comes."""

import pytest

from shared.wire import LARGEST_HEAD, Answer, BadAnswer, Reading

PLAIN = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A: b\r\n\r\nhello"
HEAD = b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n"
CHUNKED = HEAD + b"3;x=y\r\nhel\r\n2\r\nlo\r\n0\r\nTrailer: 1\r\n\r\n"


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
@pytest.mark.parametrize(("raw", "status"), [(PLAIN, 200), (CHUNKED, 201)])
def test_in_any_pieces(raw: bytes, status: int, size: int) -> None:
    reading, found = Reading(), None
    for start in range(0, len(raw), size):
        assert found is None
        found = reading.feed(raw[start : start + size])
    assert found is not None
    assert (found.status, found.body) == (status, b"hello")
    assert reading.reusable


def test_an_interim_answer_is_passed_over() -> None:
    found = Reading().feed(b"HTTP/1.1 100 Continue\r\n\r\n" + PLAIN)
    assert found == Answer(200, {b"content-length": b"5", b"x-a": b"b"}, b"hello")


def test_until_the_end_of_the_connection() -> None:
    reading = Reading()
    assert reading.feed(b"HTTP/1.0 200 OK\r\n\r\nhel") is None
    assert reading.feed(b"lo") is None
    found = reading.end()
    assert found is not None
    assert found.body == b"hello"
    assert not reading.reusable


def test_cut_short_is_no_answer() -> None:
    for raw in (PLAIN[:-1], CHUNKED[:-1], b"HTTP/1.1 200"):
        reading = Reading()
        assert reading.feed(raw) is None
        assert reading.end() is None


def test_no_body_where_there_is_none() -> None:
    found = Reading().feed(b"HTTP/1.1 204 No Content\r\n\r\n")
    assert found is not None
    assert found.body == b""


def test_what_is_left_over_ends_the_connection() -> None:
    reading = Reading()
    assert reading.feed(PLAIN + b"more") is not None
    assert not reading.reusable
    closing = Reading()
    assert closing.feed(PLAIN.replace(b"X-A: b", b"Connection: Close")) is not None
    assert not closing.reusable


@pytest.mark.parametrize(
    "raw",
    [
        b"SMTP 220\r\n\r\n",
        b"HTTP/1.1 999 X\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffff\r\n",
        b"x" * (LARGEST_HEAD + 1),
    ],
)
def test_what_cannot_be_read_is_refused(raw: bytes) -> None:
    with pytest.raises(BadAnswer):
        Reading().feed(raw)


@pytest.mark.parametrize("length", [b"Content-Length: 900000", b"Transfer-Encoding: chunked", b"X: y"])
def test_of_a_long_body_only_the_beginning_is_taken_where_that_is_enough(length: bytes) -> None:
    reading = Reading(enough=10)
    head = b"HTTP/1.1 200 OK\r\n" + length + b"\r\n\r\n"
    reading.feed(head)
    answer = reading.feed(b"5\r\nworld\r\n" * 4)
    assert answer is not None
    assert len(answer.body) <= 10
    assert not reading.reusable


def test_a_body_that_breaks_off_counts_only_where_its_beginning_is_enough() -> None:
    begun = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"
    for reading, expected in ((Reading(), None), (Reading(enough=10), b"half")):
        assert reading.feed(begun) is None
        answer = reading.end()
        assert (answer.body if answer else None) == expected
    assert Reading(enough=10).end() is None
