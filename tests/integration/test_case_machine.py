"""The case's whole machine under a fixed seed; `make soak` runs it on fresh seeds for as long as asked."""

import os
import time

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from services.blacklist.cases.domain.table import ACTIONS, STATES, TRANSITIONS
from tests.integration.case_machine import CaseMachine, World, seen

ROUNDS, EXAMPLES = 6, 300
BY_ITSELF = {row.action for row in TRANSITIONS if not row.roles}
COMMON = {
    "database": None,
    "deadline": None,
    "print_blob": True,
    "stateful_step_count": ROUNDS,
    "suppress_health_check": list(HealthCheck),
}


@pytest.fixture
def machine(tmp_path, clock):
    class Machine(CaseMachine):
        world = World(tmp_path, clock)

    seen.clear()
    return Machine


@pytest.mark.timeout(1800)
def test_twenty_thousand_steps_keep_every_promise(machine):
    fixed = settings(**COMMON, derandomize=True, max_examples=EXAMPLES, phases=[Phase.generate])
    run_state_machine_as_test(machine, settings=fixed)
    assert seen["steps"] >= 20_000
    assert {f"state {state}" for state in STATES} <= seen.keys(), "a state nobody reached"
    assert {f"action {action}" for action in ACTIONS} <= seen.keys(), "an action nobody could take"
    assert {f"step {action}" for action in BY_ITSELF} <= seen.keys(), "a step the clock never took"


@pytest.mark.soak
@pytest.mark.timeout(0)
def test_soak(machine):
    ends = time.monotonic() + float(os.environ.get("SOAK_SECONDS", "600"))
    while time.monotonic() < ends:
        run_state_machine_as_test(machine, settings=settings(**COMMON, max_examples=20))
    print(f"{seen['steps']} steps")
