"""名单变动提醒: somebody asks by mail address, confirms by a link, renews, ends. Nobody signs in.

Whoever asks learns nothing: a known address, an unknown one and one that is written to too often are
answered alike. Before the confirmation nothing but the request to confirm is ever mailed.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.orm import Session

from services.notifier.domain import WATCH_CONFIRM, WATCH_RENEW, WATCH_STANDING, chinese_date
from services.notifier.models import Watch, WatchMail, budgets
from services.notifier.usecases.watch_links import CONFIRM, MANAGE, invalid_link, read_link
from shared.budgets import Budget, forget_whole, spend, whose
from shared.crypto import KeyRing
from shared.db import dialect_of, rows_changed, upsert, wake
from shared.delivery import WAITING
from shared.errors import Conflict, TooMany, describe_errors
from shared.ids import new_id

WAKE_CHANNEL = "watch_mails"
CONFIRM_WITHIN = timedelta(hours=48)
LASTS = timedelta(days=365)
RENEW_BEFORE = timedelta(days=30)
KEEP_MAILS = timedelta(days=30)
PER_NETWORK, PER_ADDRESS = 20, 3  # requests an hour
PER_ADDRESS_AND_DAY = 5  # requests to confirm
MOST_WATCHES = 50

describe_errors(
    {
        "watch-unavailable": "本站尚未开通邮件提醒。可以改用订阅源（RSS、Atom、JSON Feed）了解变动。",
        "watch-too-many": "一个邮箱最多关注五十家单位。请先停止不再需要的提醒，再打开确认链接。",
    }
)


@dataclass(frozen=True)
class Wish:
    """What somebody asks for, and from which network address."""

    uscc: str
    email: str
    network: str


def request_watch(session: Session, keyring: KeyRing, wish: Wish, *, at: datetime) -> None:
    """Note the request and mail the address, unless it got enough mail already; the answer says neither."""
    network = Budget(keyring.blind_index(f"watch-network:{whose(wish.network)}"), PER_NETWORK)
    late = spend(session, budgets, [network], at)
    if late is not None:
        detail = "请按 Retry-After 指示的秒数等待后再申请。"
        raise TooMany("too-many-requests", "请求过于频繁", detail, retry_after=late.total_seconds())
    watch = _noted(session, keyring, wish, at)
    if _may_be_written_to(session, keyring, wish.email, at):
        kind = WATCH_STANDING if watch.confirmed_at else WATCH_CONFIRM
        facts = {"uscc": watch.uscc, "expires_on": chinese_date(watch.expires_at)}
        mail = mail_row(watch.id, kind, f"{kind}:{new_id()}", facts, at)
        session.execute(WatchMail.__table__.insert(), [mail])  # type: ignore[attr-defined]
        wake(session, WAKE_CHANNEL)


def _noted(session: Session, keyring: KeyRing, wish: Wish, at: datetime) -> Watch:
    """The watch there is, be it pending, or a new pending one; a pending one may be confirmed from now on."""
    row_id = new_id()
    row = {
        "id": row_id,
        "uscc": wish.uscc,
        "sealed_address": keyring.seal(wish.email, Watch.aad(row_id)),
        "address_index": keyring.blind_index(wish.email),
        "created_at": at,
        "confirmed_at": None,
        "expires_at": at + CONFIRM_WITHIN,
    }
    known = select(Watch).where(
        Watch.uscc == wish.uscc, Watch.address_index.in_(keyring.blind_indexes(wish.email))
    )
    found = session.scalars(known).first()
    if found is None:
        session.execute(upsert(dialect_of(session))(Watch.__table__).on_conflict_do_nothing(), [row])
        found = session.scalars(known).one()
    elif found.confirmed_at is None:
        found.expires_at = at + CONFIRM_WITHIN
    return found


def _may_be_written_to(session: Session, keyring: KeyRing, email: str, at: datetime) -> bool:
    """By the hour for one address, and by the day, so that nobody can be flooded in our name."""
    address = Budget(keyring.blind_index(f"watch-address:{email}"), PER_ADDRESS)
    asked = (
        select(func.count())
        .select_from(WatchMail)
        .join(Watch, Watch.id == WatchMail.watch_id)
        .where(Watch.address_index.in_(keyring.blind_indexes(email)))
        .where(WatchMail.kind.in_((WATCH_CONFIRM, WATCH_STANDING)))
        .where(WatchMail.created_at > at - timedelta(days=1))
    )
    if session.execute(asked).scalar_one() >= PER_ADDRESS_AND_DAY:
        return False
    return spend(session, budgets, [address], at) is None


def mail_row(
    watch_id: str,
    kind: str,
    occasion: str,
    facts: dict[str, str],
    at: datetime,
    listing_id: str | None = None,
) -> dict[str, Any]:
    """A mail that waits to be sent."""
    return {
        "id": new_id(),
        "watch_id": watch_id,
        "kind": kind,
        "occasion": occasion,
        "listing_id": listing_id,
        "facts": facts,
        "state": WAITING,
        "attempts_count": 0,
        "next_attempt_at": at,
        "lease_token": 0,
        "created_at": at,
    }


def pending_watch(session: Session, keyring: KeyRing, link: str, at: datetime) -> Watch:
    """What a link to confirm is about, for showing it."""
    return _living(session, read_link(keyring, CONFIRM, link, at), at)


def confirm_watch(session: Session, keyring: KeyRing, link: str, *, at: datetime) -> Watch:
    """From now on mails go out; a link used again changes nothing."""
    watch = _living(session, read_link(keyring, CONFIRM, link, at), at, lock=True)
    if watch.confirmed_at is not None:
        return watch
    others = select(func.count()).where(_same_address(keyring, watch), Watch.confirmed_at.is_not(None))
    if session.execute(others).scalar_one() >= MOST_WATCHES:
        raise Conflict("watch-too-many", "关注的单位已达上限", "请先停止不再需要的提醒，再打开确认链接。")
    watch.confirmed_at, watch.expires_at = at, at + LASTS
    return watch


def managed_watch(session: Session, keyring: KeyRing, link: str, at: datetime) -> Watch:
    """What a link to manage is about."""
    return _living(session, read_link(keyring, MANAGE, link, at), at)


def renew_watch(session: Session, keyring: KeyRing, link: str, *, at: datetime) -> Watch:
    """Another year from today."""
    watch = _living(session, read_link(keyring, MANAGE, link, at), at, lock=True)
    if watch.confirmed_at is None:
        raise invalid_link()
    watch.expires_at = at + LASTS
    return watch


def end_watch(session: Session, keyring: KeyRing, link: str, *, everything: bool, at: datetime) -> None:
    """Forget the watch and its address, or every watch of that address; asking twice is as good as once."""
    watch = session.get(Watch, read_link(keyring, MANAGE, link, at))
    if watch is None:
        return
    mine = _same_address(keyring, watch) if everything else Watch.id == watch.id
    _forget(session, list(session.scalars(select(Watch.id).where(mine))))


def _same_address(keyring: KeyRing, watch: Watch) -> ColumnElement[bool]:
    """Every watch of its address, whichever index key was in use when it began."""
    address = keyring.unseal(watch.sealed_address, Watch.aad(watch.id)).decode()
    return Watch.address_index.in_(keyring.blind_indexes(address))


def _living(session: Session, watch_id: str, at: datetime, *, lock: bool = False) -> Watch:
    watch = session.get(Watch, watch_id, with_for_update=lock)
    if watch is None or watch.expires_at <= at:
        raise invalid_link()
    return watch


def _forget(session: Session, ids: list[str]) -> int:
    session.execute(delete(WatchMail).where(WatchMail.watch_id.in_(ids)))
    return rows_changed(session, delete(Watch).where(Watch.id.in_(ids)))


def keep_watches(session: Session, *, at: datetime, limit: int = 500) -> int:
    """End what nobody confirmed or renewed, ask who should renew, drop old mails; returns how many moved."""
    ended = list(session.scalars(select(Watch.id).where(Watch.expires_at <= at).limit(limit)))
    forgotten = _forget(session, ended) if ended else 0
    dropped = _drop_mails(session, at) + forget_whole(session, budgets, at)
    return forgotten + _ask_to_renew(session, at, limit) + dropped


def _ask_to_renew(session: Session, at: datetime, limit: int) -> int:
    """Once for each year a watch has lasted."""
    lately = WatchMail.created_at > at - LASTS / 2
    asked = select(WatchMail.watch_id).where(WatchMail.kind == WATCH_RENEW, lately)
    late = select(Watch).where(
        Watch.confirmed_at.is_not(None), Watch.expires_at <= at + RENEW_BEFORE, Watch.id.not_in(asked)
    )
    rows = [_renewal(watch, at) for watch in session.scalars(late.limit(limit))]
    if not rows:
        return 0
    add = upsert(dialect_of(session))(WatchMail.__table__).on_conflict_do_nothing()
    session.execute(add, rows)
    wake(session, WAKE_CHANNEL)
    return len(rows)


def _renewal(watch: Watch, at: datetime) -> dict[str, Any]:
    day = chinese_date(watch.expires_at)
    facts = {"uscc": watch.uscc, "expires_on": day}
    return mail_row(watch.id, WATCH_RENEW, f"{WATCH_RENEW}:{day}", facts, at)


def _drop_mails(session: Session, at: datetime) -> int:
    """What was sent a month ago; a question to renew stays, or it would be asked again."""
    settled = WatchMail.settled_at < at - KEEP_MAILS
    return rows_changed(session, delete(WatchMail).where(settled, WatchMail.kind != WATCH_RENEW))


def cancel_mails(session: Session, listing_id: str, kind: str, *, state: str, at: datetime) -> set[str]:
    """Take back what still waits about a listing; returns the watches that will not hear of it."""
    waiting = (WatchMail.listing_id == listing_id, WatchMail.kind == kind, WatchMail.state == WAITING)
    values = {"state": state, "next_attempt_at": None, "settled_at": at}
    taken = update(WatchMail).where(*waiting).values(values).returning(WatchMail.watch_id)
    return set(session.execute(taken.execution_options(synchronize_session=False)).scalars())
