"""The copy of sign-outs and disabled users: stricter only, order kept, duplicates harmless."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import MetaData, Table, create_engine, select
from sqlalchemy.orm import Session

from shared.web.revocations import apply_identity_events, is_revoked, prune_revocations, revocation_table

NOON = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Said:
    type: str
    data: dict[str, Any]


@dataclass(frozen=True)
class Claims:
    user_id: str = "u1"
    session_id: str | None = "s1"
    issued_at: datetime = field(default=NOON)


@pytest.fixture
def copy() -> Iterator[tuple[Session, Table]]:
    metadata = MetaData()
    table = revocation_table(metadata)
    engine = create_engine("sqlite://")
    metadata.create_all(engine)
    with Session(engine) as session:
        yield session, table
    engine.dispose()


def user(disabled: bool, at: datetime = NOON, user_id: str = "u1") -> Said:
    return Said("user.changed", {"id": user_id, "disabled": disabled, "recorded_at": at.isoformat()})


def sign_out(session_id: str | None, before: datetime | None = None, user_id: str = "u1") -> Said:
    stamp = before.isoformat() if before else None
    return Said(
        "session.revoked",
        {
            "user_id": user_id,
            "session_id": session_id,
            "issued_before": stamp,
            "recorded_at": NOON.isoformat(),
        },
    )


def test_nothing_is_revoked_by_default_or_by_other_types(copy):
    apply_identity_events(*copy, [user(disabled=False), Said("department.changed", {"id": "d"})])
    assert not is_revoked(*copy, Claims())


def test_disabling_ends_every_token_and_enabling_does_not_revive_old_ones(copy):
    apply_identity_events(*copy, [user(disabled=True, at=NOON + timedelta(minutes=1))])
    assert is_revoked(*copy, Claims())
    assert not is_revoked(*copy, Claims(user_id="u2"))
    apply_identity_events(*copy, [user(disabled=False, at=NOON + timedelta(minutes=2))])
    assert is_revoked(*copy, Claims())
    assert not is_revoked(*copy, Claims(issued_at=NOON + timedelta(minutes=3)))


def test_signing_out_ends_that_session_only(copy):
    apply_identity_events(*copy, [sign_out("s1")])
    assert is_revoked(*copy, Claims(issued_at=NOON + timedelta(days=1)))
    assert not is_revoked(*copy, Claims(session_id="s2"))


def test_signing_out_everywhere_ends_what_was_issued_before(copy):
    apply_identity_events(*copy, [sign_out(None, before=NOON + timedelta(seconds=1))])
    assert is_revoked(*copy, Claims(session_id="any"))
    assert is_revoked(*copy, Claims(session_id=None))
    assert not is_revoked(*copy, Claims(issued_at=NOON + timedelta(seconds=1)))


def test_replay_and_duplicates_change_nothing(copy):
    story = [
        sign_out(None, before=NOON),
        user(disabled=True),
        user(disabled=False),
        sign_out("s9"),
        sign_out(None, before=NOON + timedelta(hours=1)),
    ]
    apply_identity_events(*copy, story)
    session, table = copy
    before = session.execute(select(table.c.key, table.c.disabled, table.c.revoked_before)).all()
    apply_identity_events(session, table, story)
    assert session.execute(select(table.c.key, table.c.disabled, table.c.revoked_before)).all() == before


def test_business_time_running_ahead_does_not_lock_people_out(copy):
    ahead = datetime.now(UTC) + timedelta(days=40)
    apply_identity_events(*copy, [user(disabled=True, at=ahead), user(disabled=False, at=ahead)])
    assert not is_revoked(*copy, Claims(issued_at=datetime.now(UTC) + timedelta(seconds=1)))


def test_pruning_forgets_old_sign_outs_but_never_a_disabled_user(copy):
    apply_identity_events(*copy, [sign_out("s1"), user(disabled=True, user_id="u7")])
    assert prune_revocations(*copy, datetime.now(UTC)) == 0
    assert prune_revocations(*copy, datetime.now(UTC) + timedelta(days=3)) == 1
    assert is_revoked(*copy, Claims(user_id="u7"))
