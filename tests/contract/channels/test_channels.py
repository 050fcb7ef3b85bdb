"""The promises every channel keeps, held against every channel in the registry."""

import io
import logging
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from services.notifier.channels import CHANNELS
from shared.errors import DeliveryError
from shared.logs import get_log
from tests.contract.channels import benches
from tests.contract.channels.benches import AT_MOST, BENCHES, BRIEF, Bench, message
from tests.contract.channels.rogues import drip, flood, rogue, say
from tests.harness.certificates import self_signed
from tests.harness.notices import webhook_receiver
from tests.harness.ports import free_port


@pytest.fixture
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    """For tests in which a time-out must elapse: a short one."""
    monkeypatch.setattr(benches, "TIMEOUT", BRIEF)


@pytest.fixture(params=sorted(CHANNELS))
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    with BENCHES[request.param](tmp_path) as made:
        yield made


def failure(bench: Bench) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        bench.channel.send(message(), bench.target)
    return caught.value


def test_every_channel_has_a_bench():
    assert BENCHES.keys() == CHANNELS.keys()


def test_a_message_arrives(bench):
    assert bench.channel.send(message(), bench.target) is not None
    assert len(bench.received()) == 1


def test_a_repeat_is_recognised_by_its_id(bench):
    for _ in range(3):
        bench.channel.send(message(), bench.target)
    assert len(set(bench.received())) == 1


@pytest.mark.usefixtures("brief")
def test_silence_ends_by_itself_and_counts_as_passing(bench):
    bench.hang()
    started = time.monotonic()
    error = failure(bench)
    assert time.monotonic() - started < AT_MOST
    assert not error.permanent


def test_a_passing_failure_is_told_as_such(bench):
    bench.fail_passing()
    error = failure(bench)
    assert not error.permanent
    assert error.reason


def test_a_permanent_failure_is_told_as_such(bench):
    bench.fail_permanent()
    error = failure(bench)
    assert error.permanent
    assert error.reason


@pytest.fixture(params=sorted(CHANNELS.keys() - {"inbox"}))  # the inbox calls nobody
def outgoing(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    with BENCHES[request.param](tmp_path) as made:
        yield made


def test_too_often_is_a_passing_failure_that_says_how_long_to_wait(outgoing):
    assert outgoing.too_fast is not None
    outgoing.too_fast()
    error = failure(outgoing)
    assert not error.permanent
    assert outgoing.channel.name == "email" or (error.retry_after or 0) > 0  # mail servers do not say


def meet(bench: Bench, server: tuple[str, int], scheme: str = "http") -> tuple[DeliveryError | None, float]:
    """What came of sending to a server, and how many seconds it took."""
    assert bench.aim is not None
    target, started = bench.aim(*server, scheme), time.monotonic()
    try:
        bench.channel.send(message(), target)
    except DeliveryError as error:
        return error, time.monotonic() - started
    return None, time.monotonic() - started


@pytest.mark.usefixtures("brief")
@pytest.mark.parametrize("first", [b"", b"220", b"HTTP/1.1 200 OK\r\nX: "])
def test_a_slow_drip_is_cut_off(outgoing, first):
    with rogue(drip(first)) as server:
        error, took = meet(outgoing, server)
    assert took < AT_MOST
    assert error is not None
    assert not error.permanent


def test_a_slow_drip_after_the_head_is_cut_off(outgoing):
    with rogue(drip(b"HTTP/1.1 200 OK\r\n\r\n{")) as server:
        error, took = meet(outgoing, server)
    assert took < AT_MOST
    assert (error is None) == (outgoing.channel.name == "webhook"), "a webhook is delivered by the head alone"
    assert error is None or not error.permanent


@pytest.mark.usefixtures("brief")
def test_a_drip_inside_the_tls_handshake_is_cut_off(outgoing):
    with rogue(drip(b"\x16\x03\x03\x40\x00\x02")) as server:
        error, took = meet(outgoing, server, "https")
    assert took < AT_MOST
    assert error is not None
    assert not error.permanent


@pytest.mark.parametrize("head", [b"220-x\r\n" * 100, b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"])
def test_an_endless_answer_fills_no_memory(outgoing, head):
    with rogue(flood(head)) as server:
        error, took = meet(outgoing, server)
    assert took < AT_MOST
    assert error is None or not error.permanent


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(outgoing, status):
    seen: list[int] = []
    with rogue(lambda connection: seen.append(len(connection.recv(10)))) as other:
        answer = f"HTTP/1.1 {status} Moved\r\nLocation: http://127.0.0.1:{other[1]}/\r\n\r\n".encode()
        with rogue(say(answer)) as server:
            error, _ = meet(outgoing, server)
    assert error is not None
    assert error.permanent or outgoing.channel.name == "email"
    assert seen == []


@pytest.mark.parametrize("name", ["127.0.0.1", "elsewhere.example.com"])
def test_an_untrusted_certificate_is_a_passing_failure(outgoing, name, tmp_path):
    certificate, _ = self_signed(tmp_path, name)
    with webhook_receiver(certificate) as receiver:
        error, _ = meet(outgoing, ("127.0.0.1", urlsplit(receiver.url).port or 0), "https")
    assert error is not None
    assert not error.permanent
    assert receiver.requests == []


def test_a_closed_door_is_a_passing_failure(outgoing):
    error, _ = meet(outgoing, ("127.0.0.1", free_port()))
    assert error is not None
    assert not error.permanent


@pytest.mark.usefixtures("brief")
def test_no_secret_in_errors_logs_or_representations(bench):
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    logging.getLogger().addHandler(handler)
    logging.getLogger().setLevel(logging.DEBUG)
    try:
        for lever in (bench.fail_passing, bench.fail_permanent, bench.hang):
            lever()
            error = (
                failure(bench)
                if lever is not bench.fail_permanent or "inbox" not in bench.channel.name
                else None
            )
            get_log("test").warning(
                "failed", error=str(error), target=repr(bench.target), job=repr(message())
            )
            if bench.channel.name == "inbox":
                break
    finally:
        logging.getLogger().removeHandler(handler)
    said = stream.getvalue() + repr(bench.target) + repr(vars(bench.channel))
    for secret in bench.secrets:
        assert secret not in said


def test_retries_are_positive_and_rising_in_sum(bench):
    assert all(pause > 0 for pause in bench.channel.retries)
    assert bench.channel.concurrency >= 1
