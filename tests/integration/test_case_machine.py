"""The case's whole machine, first half of 20,000 steps; `make soak` runs fresh seeds for as long as asked."""

import os
import time

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from tests.integration.case_machine import seen
from tests.integration.case_machine_run import COMMON, live_through, machine_in


@pytest.mark.timeout(1800)
def test_ten_thousand_steps_keep_every_promise(tmp_path, clock):
    live_through(machine_in(tmp_path, clock), 1, 10_000, everywhere=True)


@pytest.mark.soak
@pytest.mark.timeout(0)
def test_soak(tmp_path, clock):
    machine = machine_in(tmp_path, clock)
    ends = time.monotonic() + float(os.environ.get("SOAK_SECONDS", "600"))
    while time.monotonic() < ends:
        run_state_machine_as_test(machine, settings=settings(**COMMON))
    print(f"{seen['steps']} steps")
