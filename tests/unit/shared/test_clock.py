"""Business time follows the offset file, system time never does."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine

import shared.clock
from shared.clock import FixedClock, SystemClock, advance_offset, local_date

START = datetime(2026, 11, 23, 15, 30, tzinfo=UTC)


def test_statutory_date_is_shanghai():
    assert local_date(START) == date(2026, 11, 23)
    assert local_date(START + timedelta(hours=1)) == date(2026, 11, 24)


def test_offset_moves_business_time_only(tmp_path, monkeypatch):
    monkeypatch.setattr(shared.clock, "OFFSET_CHECK_SECONDS", 0.0)  # look at the file at every question
    path = tmp_path / "sub" / "clock.json"
    with time_machine.travel(START, tick=False) as traveller:
        clock = SystemClock(path)
        assert clock.now() == clock.system_now() == START
        assert advance_offset(path, timedelta(days=30)) == timedelta(days=30)
        traveller.shift(1)
        assert clock.now() == START + timedelta(days=30, seconds=1)
        assert clock.system_now() == START + timedelta(seconds=1)
        assert clock.today() == date(2026, 12, 23)
        assert advance_offset(path, timedelta(days=1)) == timedelta(days=31)
        traveller.shift(1)
        assert clock.now() == START + timedelta(days=31, seconds=2)
        path.unlink()
        traveller.shift(1)
        assert clock.now() == START + timedelta(seconds=3)


def test_without_a_file_there_is_no_offset():
    with time_machine.travel(START, tick=False):
        assert SystemClock().now() == START


def test_fixed_clock():
    clock = FixedClock(START)
    clock.advance(timedelta(hours=2))
    assert clock.now() == clock.system_now() == START + timedelta(hours=2)
    assert clock.today() == date(2026, 11, 24)
    with pytest.raises(ValueError, match="aware"):
        clock.set(datetime(2026, 1, 1))  # noqa: DTZ001  that is the point
