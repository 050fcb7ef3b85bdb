"""Data users acknowledge what they have processed; a loop counts the rest and tells the operators."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from threading import Event

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from services.blacklist.register.queries import newest_position, oldest_position
from services.blacklist.store import Deps, leases
from services.blacklist.syndication.domain.following import OVERDUE, state_of
from services.blacklist.syndication.models import DataUser
from services.blacklist.syndication.publishes import publish_overdue
from services.blacklist.syndication.queries.data_users import find_data_user, unprocessed
from shared.errors import Conflict, FieldError, Invalid, describe_errors
from shared.leases import Lease

AT_ONCE = 20
COUNT_EVERY = timedelta(seconds=60)
LOOK_SECONDS = 1.0
describe_errors(
    {
        "cursor-backwards": "游标只能向前。已经确认处理的位置不能退回。",
        "cursor-ahead": "游标超过了变更流的末尾。请填写变更流答复中的 next。",
    }
)


def acknowledge(session: Session, user_id: str, position: int, at: datetime) -> DataUser:
    """Everything up to `position` was processed: only forward, and only what exists."""
    user = find_data_user(session, user_id, lock=True)
    if position < user.position:
        raise Conflict(
            "cursor-backwards", "游标只能向前", "该位置在已确认的位置之前。", position=user.position
        )
    if position > newest_position(session):
        field = FieldError("/position", "变更流还没有到这个位置。")
        raise Invalid("cursor-ahead", "游标超过变更流的末尾", fields=[field])
    user.position, user.acknowledged_at, user.counted_at = position, at, None
    return user


class FollowingWatch:
    """Loop: counts again whoever moved, and everybody once a minute."""

    name = "data-users"

    def __init__(self, deps: Deps, holder: str) -> None:
        self._deps = deps
        self._lease = Lease(deps.db, leases, self.name, holder)
        self._closed = Event()

    def step(self) -> bool:
        due = self._due()
        if not due or not self._lease.acquire():
            return False
        for user_id, position in due:
            with self._deps.db.read() as session:
                pending, oldest_at = unprocessed(session, position)
            with self._deps.db.write() as session:
                self._keep(session, user_id, position, pending, oldest_at)
        return True

    def wait(self, timeout: float) -> bool:
        return not self._closed.wait(max(timeout, LOOK_SECONDS))

    def close(self) -> None:
        self._closed.set()
        self._lease.release()

    def _due(self) -> Sequence[tuple[str, int]]:
        before = self._deps.clock.system_now() - COUNT_EVERY
        old = or_(DataUser.counted_at.is_(None), DataUser.counted_at <= before)
        wanted = select(DataUser.id, DataUser.position).where(DataUser.ended_at.is_(None), old)
        with self._deps.db.read() as session:
            rows = session.execute(wanted.order_by(DataUser.counted_at, DataUser.id).limit(AT_ONCE))
            return [(user_id, position) for user_id, position in rows]

    def _keep(
        self, session: Session, user_id: str, position: int, pending: int, oldest_at: datetime | None
    ) -> None:
        wanted = select(DataUser).where(DataUser.id == user_id, DataUser.ended_at.is_(None))
        user = session.scalars(wanted.with_for_update()).first()
        if user is None or user.position != position:
            return  # moved meanwhile: counted again at the next step
        if user.oldest_at is not None and _forgotten(session, position):
            pending, oldest_at = max(pending, user.pending), user.oldest_at
        user.pending, user.oldest_at = pending, oldest_at
        user.counted_at = self._deps.clock.system_now()
        _tell(session, user, self._deps)


def _forgotten(session: Session, position: int) -> bool:
    """Steps it never processed are no longer kept: who was behind stays behind until the cursor moves."""
    oldest = oldest_position(session)
    return position < oldest - 1 if oldest else True


def _tell(session: Session, user: DataUser, deps: Deps) -> None:
    """Once for every time it falls behind."""
    now = deps.clock.now()
    if state_of(user.oldest_at, now, deps.data_user_hours) != OVERDUE:
        user.told_at = None
    elif user.told_at is None:
        user.told_at = now
        user.sequence += 1
        publish_overdue(session, user, now)
