"""Running the case's machine under fixed seeds: two test files do so, each on a process of its own."""

from itertools import count
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from services.blacklist.cases.domain.table import ACTIONS, STATES, TRANSITIONS
from tests.integration.case_machine import CaseMachine, World, seen

ROUNDS, EXAMPLES = 6, 20
BY_ITSELF = {row.action for row in TRANSITIONS if not row.roles}
COMMON: dict[str, Any] = {
    "database": None,
    "deadline": None,
    "print_blob": True,
    "stateful_step_count": ROUNDS,
    "suppress_health_check": list(HealthCheck),
    "max_examples": EXAMPLES,
}


def machine_in(folder: Path, clock: Any) -> type[CaseMachine]:
    """A machine of its own, nothing seen yet."""

    class Machine(CaseMachine):
        world = World(folder, clock)

    seen.clear()
    return Machine


def live_through(machine: type[CaseMachine], first_seed: int, steps: int, *, everywhere: bool) -> None:
    """Seed after seed until so many steps were taken and, to have been `everywhere`, all was reached; every
    promise held.

    What a seed draws also depends on the modules loaded before it, so a rare act may need more seeds: up to
    five times the steps.
    """
    fixed = settings(**COMMON, phases=[Phase.generate])
    for number in count(first_seed):
        run_state_machine_as_test(seed(number)(machine), settings=fixed)
        if seen["steps"] >= (5 * steps if everywhere and _unreached() else steps):
            break
    machine.world.close()
    assert not (everywhere and _unreached()), (
        "states nobody reached, actions nobody could take, steps the clock never took"
    )


def _unreached() -> set[str]:
    wanted = {f"state {state}" for state in STATES}
    wanted |= {f"action {action}" for action in ACTIONS}
    wanted |= {f"step {action}" for action in BY_ITSELF}
    return wanted - seen.keys()
