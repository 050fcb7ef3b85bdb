"""How a data user stands: nothing left to do, removals waiting, or waiting too long."""

from datetime import datetime, timedelta

KINDS = {"platform": "信用平台、交易平台", "company": "企业", "other": "其他单位"}
CURRENT, PENDING, OVERDUE = "current", "pending", "overdue"
STATES = {CURRENT: "已处理", PENDING: "待处理", OVERDUE: "超期未处理"}
SCOPE = "feed:acknowledge"
"""All that a data user's key opens."""


def state_of(oldest_at: datetime | None, now: datetime, hours: int) -> str:
    """By the age of the oldest removal that was not processed."""
    if oldest_at is None:
        return CURRENT
    return OVERDUE if now - oldest_at >= timedelta(hours=hours) else PENDING


def age_hours(oldest_at: datetime | None, now: datetime) -> int | None:
    """Whole hours, as the board shows them."""
    return None if oldest_at is None else max(0, int((now - oldest_at) // timedelta(hours=1)))
