"""The promises every channel keeps, held against every channel in the registry."""

import io
import logging
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.notifier.channels import CHANNELS
from shared.errors import DeliveryError
from shared.logs import get_log
from tests.contract.channels.benches import BENCHES, TIMEOUT, Bench, message


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


def test_silence_ends_by_itself_and_counts_as_passing(bench):
    bench.hang()
    started = time.monotonic()
    error = failure(bench)
    assert time.monotonic() - started < TIMEOUT * 6
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
