"""The case's whole machine, second half of 20,000 steps: a file of its own, for the other core.

The first half goes on until it has been everywhere; this one need not wait for the rarest act again.
"""

import pytest

from tests.integration.case_machine_run import live_through, machine_in


@pytest.mark.timeout(1800)
def test_ten_thousand_more_steps_keep_every_promise(tmp_path, clock):
    live_through(machine_in(tmp_path, clock), 1_001, 10_000, everywhere=False)
