"""Versions kept between planning and sending: where the sender is behind, it finds the oldest."""

from typing import Any

import pytest

from services.credit_push.usecases import recent
from services.credit_push.usecases.recent import RecentVersions
from tests.unit.credit_push.records import record

PAYLOAD: dict[str, Any] = {"subject": {}}


def put(kept: RecentVersions, *names: str) -> None:
    for name in names:
        kept.put(record(listing_id=name, sequence=1), PAYLOAD)


def test_what_is_still_wanted_is_not_let_go_for_what_is_new(monkeypatch: pytest.MonkeyPatch) -> None:
    kept, now = RecentVersions(2), [0.0]
    monkeypatch.setattr(recent.time, "monotonic", lambda: now[0])
    put(kept, "a", "b", "c")
    assert kept.get("a", 1)
    assert not kept.get("c", 1)
    put(kept, "d", "e")
    assert [name for name in "abde" if kept.get(name, 1)] == ["b", "d"]
    put(kept, "f")
    now[0] = recent.PATIENCE + 1
    put(kept, "g", "h")
    assert [name for name in "bdfgh" if kept.get(name, 1)] == ["g", "h"]
