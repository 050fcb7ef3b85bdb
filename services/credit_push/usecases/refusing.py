"""Receipts and requests that were not believed are written down, so that an attempt can be shown later.

In a transaction of their own: what was refused has been rolled back, nonce and all. Rows are capped per
platform and day, a flood only counts on; those that name a key we know have rows of their own, so that junk
does not hide a forgery.
"""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.credit_push.models import RefusedCount, RefusedReceipt
from shared.clock import SHANGHAI, local_date
from shared.db import dialect_of, upsert
from shared.ids import first_id_at, new_id
from shared.metrics import counter

MOST_A_DAY = 200
NOBODY = "-"
"""In place of a platform we do not know."""
FORGED, REPLAYED, STALE, FOREIGN, UNKNOWN = "forged", "replayed", "stale", "foreign", "unknown"
FOREIGN_ADDRESS, UNKNOWN_PLATFORM = "foreign-address", "unknown-platform"
WHYS = {
    FORGED: "签名不符",
    REPLAYED: "随机数重复（重放）",
    STALE: "时间超出允许范围",
    FOREIGN: "用其他平台的密钥签名",
    UNKNOWN: "密钥不明或没有签名",
    FOREIGN_ADDRESS: "来源地址不在登记网段",
    UNKNOWN_PLATFORM: "没有这个回调平台",
}
DOORS = {
    "callback": "回执回调",
    "receipts": "交换接口（回执）",
    "events": "交换接口（取事件）",
    "requests": "交换接口（异议和修复）",
}
refused_total = counter("push_refused_receipts", "Receipts and requests not believed", ["platform", "why"])


@dataclass(frozen=True)
class Refusal:
    """What is kept of a request that was not believed."""

    platform: str
    door: str
    why: str
    key_id: str | None
    body_sha256: str
    address: str | None


def keep_refused(session: Session, refusal: Refusal, now: datetime) -> bool:
    """Count it, and write it down unless the day's rows of the platform are used up. `now` is system time."""
    refused_total.labels(refusal.platform, refusal.why).inc()
    if _counted(session, refusal.platform, now) > MOST_A_DAY and _used_up(session, refusal, now):
        return False
    session.add(RefusedReceipt(id=new_id(), received_at=now, **vars(refusal)))
    return True


def _used_up(session: Session, refusal: Refusal, now: datetime) -> bool:
    """True if the day has as many rows of the platform, with or without a key, as may be."""
    keyed, start = RefusedReceipt.key_id.is_not(None), _day_start(now)
    query = select(func.count()).where(
        RefusedReceipt.id >= first_id_at(start),  # ids are in order of time: the day's rows, not all
        RefusedReceipt.platform == refusal.platform,
        keyed if refusal.key_id else ~keyed,
        RefusedReceipt.received_at >= start,
        RefusedReceipt.received_at < start + timedelta(days=1),
    )
    return (session.scalar(query) or 0) >= MOST_A_DAY


def _day_start(now: datetime) -> datetime:
    return datetime.combine(local_date(now), time(), SHANGHAI)


def _counted(session: Session, platform: str, now: datetime) -> int:
    first = upsert(dialect_of(session))(RefusedCount).values(
        platform=platform, on_day=local_date(now), counted=1
    )
    counted = first.on_conflict_do_update(
        index_elements=["platform", "on_day"], set_={"counted": RefusedCount.counted + 1}
    )
    return int(session.execute(counted.returning(RefusedCount.counted)).scalar_one())
