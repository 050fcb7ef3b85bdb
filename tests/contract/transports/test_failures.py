"""Which failures are certain and which are unknown, per transport."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from services.credit_push.catalogue import SAMPLE_VALUES, load_catalogue
from services.credit_push.domain import LIST
from services.credit_push.formats import encode
from services.credit_push.transports import AsyncRunner, Means, open_transport
from services.credit_push.transports.base import FAILED, UNKNOWN, Job, TransportDown
from shared.clock import SystemClock
from shared.ids import new_id
from shared.platform_keys import PlatformKey
from tests.harness.platforms import quick
from tests.harness.ports import free_port
from tests.unit.credit_push.records import record

CATALOGUE = {name: quick(profile) for name, profile in load_catalogue(SAMPLE_VALUES).items()}
HTTP = ["credit-quanzhou", "trade-quanzhou"]


def job(platform: str) -> Job:
    made = record(listing_id=new_id())
    return Job(
        new_id(), f"{platform}:k", made.listing_id, 1, LIST, new_id(), encode(CATALOGUE[platform], made, LIST)
    )


def transport_to(platform: str, url: str, secret: bytes = b"secret", algorithm: str = "hmac-sha256"):  # type: ignore[no-untyped-def]
    profile = replace(CATALOGUE[platform], signature=algorithm)
    there = replace(profile, transport=replace(profile.transport, endpoint=url, timeout_seconds=0.3))
    keys = {profile.transport.key: PlatformKey("k", secret)}
    return open_transport(there, Means(SystemClock(), keys, AsyncRunner(), "test"))


@contextmanager
def answering(raw: bytes) -> Iterator[str]:
    """A server that reads a request and answers these bytes, or nothing at all."""
    server = socket.create_server(("127.0.0.1", 0))
    stop = threading.Event()

    def serve() -> None:
        while not stop.is_set():
            try:
                connection, _ = server.accept()
            except OSError:
                return
            connection.recv(65536)
            if raw:
                connection.sendall(raw)
                connection.close()
            else:
                stop.wait(1)
                connection.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.getsockname()[1]}"
    stop.set()
    server.close()


def answer(status: str, body: bytes = b"", extra: str = "") -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{extra}Connection: close\r\n\r\n"
    return head.encode() + body


@pytest.mark.parametrize("platform", HTTP)
def test_nobody_listens_is_certain(platform: str) -> None:
    transport = transport_to(platform, f"http://127.0.0.1:{free_port()}")
    (outcome,) = transport.send([job(platform)])
    assert outcome.result == FAILED
    (asked,) = transport.query([job(platform)])
    assert asked.result == UNKNOWN
    with pytest.raises(TransportDown):
        transport.ledger("r").digest(256)
    transport.close()


@pytest.mark.parametrize("platform", HTTP)
@pytest.mark.parametrize(
    ("raw", "result"),
    [
        (b"", UNKNOWN),  # no answer in time
        (b"nonsense\r\n\r\n", UNKNOWN),
        (answer("200 OK", b"<html>"), UNKNOWN),
        (answer("200 OK", b"{}"), UNKNOWN),
        (answer("200 OK", b'{"receipts": [{"idempotency_key": "other", "result": "accepted"}]}'), UNKNOWN),
        (answer("500 Oops"), UNKNOWN),
        (answer("302 Found", extra="Location: http://127.0.0.1/\r\n"), UNKNOWN),
        (answer("429 Slow down", extra="Retry-After: 7\r\n"), FAILED),
        (answer("401 Who"), FAILED),
        (answer("404 Where"), FAILED),
    ],
)
def test_answers_that_are_no_receipt(platform: str, raw: bytes, result: str) -> None:
    with answering(raw) as url:
        transport = transport_to(platform, url)
        (outcome,) = transport.send([job(platform)])
        assert outcome.result == result
        if b"Retry-After" in raw:
            assert outcome.retry_after == 7
        transport.close()


@pytest.mark.parametrize(("told", "wait"), [("315360000", 86_400), ("99999999999999", None), ("soon", None)])
def test_no_platform_puts_us_off_for_more_than_a_day(told: str, wait: float | None) -> None:
    with answering(answer("429 Slow down", extra=f"Retry-After: {told}\r\n")) as url:
        transport = transport_to(HTTP[0], url)
        (outcome,) = transport.send([job(HTTP[0])])
        assert (outcome.result, outcome.retry_after) == (FAILED, wait)
        transport.close()


def test_an_exchange_database_out_of_reach(tmp_path: Path) -> None:
    profile = CATALOGUE["credit-liaoning"]
    there = replace(profile, transport=replace(profile.transport, database=f"sqlite:///{tmp_path}/none.db"))
    transport = open_transport(there, Means(SystemClock(), {}, AsyncRunner(), "test"))
    one = job("credit-liaoning")
    assert transport.send([one])[0].result == UNKNOWN  # its tables are not there
    assert transport.query([one])[0].result == UNKNOWN
    transport.close()


def test_a_packet_folder_out_of_reach(tmp_path: Path) -> None:
    (tmp_path / "packets").write_text("not a folder")
    profile = CATALOGUE["credit-hebei"]
    there = replace(profile, transport=replace(profile.transport, directory=f"{tmp_path}/packets"))
    transport = open_transport(there, Means(SystemClock(), {}, AsyncRunner(), "test"))
    assert transport.send([job("credit-hebei")])[0].result == FAILED
