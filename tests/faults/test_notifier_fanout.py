"""Many events to twenty receivers each while the worker is killed: everybody gets each once, or it is seen.

With 5,000 events: `python -m bench.fanout`.
"""

from pathlib import Path

from tests.harness.fanout import RECEIVERS, Size, fan_out


def test_each_gets_it_once_or_it_is_seen_to_fail_and_no_digest_is_lost_or_doubled(
    tmp_path: Path,
) -> None:
    told = fan_out(tmp_path, Size(events=120, kills=3, patience=60))
    assert told.wrong == []
    assert RECEIVERS == 20
    assert told.digests >= 3
