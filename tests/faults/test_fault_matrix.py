"""Every fault at once, on every platform, while the worker is killed: nothing is lost, doubled or left.

The full matrix, one fault after the other at rate 0.3 with 2,000 listings: `python -m bench.fault_matrix`.
"""

from pathlib import Path

from services.credit_push.sandbox.faults import KINDS
from tests.harness.fault_run import FaultRun, QuickWorker, Scale, summary
from tests.harness.platforms import push_world
from tests.harness.wait import PATIENCE

SCALE = Scale(
    listings=70,
    publish_seconds=4.0,
    fault_seconds=8.0,
    kill_after=(2.5, 3.5),
    converge_seconds=60.0 * PATIENCE,
)


def test_every_ledger_equals_the_register_after_the_faults(tmp_path: Path) -> None:
    with push_world(tmp_path, worker=False, tune=lambda profile: profile) as world:
        run = FaultRun(world, SCALE)
        run.worker = QuickWorker
        told = run([{"kind": kind, "rate": 0.08, "platform": "*"} for kind in KINDS])
    assert not told.wrong, summary(told.wrong)
    assert told.kills
    assert told.deliveries > SCALE.listings
