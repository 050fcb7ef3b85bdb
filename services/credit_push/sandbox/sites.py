"""The public sites of the stand-ins: what they show, which is not what they have received.

A platform shows what it holds, at once, and what the platforms below relay to it, some time later.
Under the fault `stale_site` a site stands still: nothing new appears, nothing withdrawn disappears.
"""

import json
import sqlite3
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, Response, request

from services.credit_push.sandbox.answers import Refused, answer, check_signature, known_platform
from services.credit_push.sandbox.desk import Desk
from services.credit_push.sandbox.platforms import PLATFORMS, Platform

RELAY = timedelta(minutes=10)
"""Business time from one hop to the next."""
MOST_KEYS = 500
_HELD = "SELECT status, received_at FROM records WHERE platform = ? AND match_key = ?"


def sites_blueprint(desk: Desk) -> Blueprint:
    """POST /sites/{id}/appearances."""
    routes = Blueprint("sites", __name__)

    @routes.post("/sites/<name>/appearances")
    def appearances(name: str) -> Response:
        platform = known_platform(name)
        check_signature(desk, platform)
        keys, now = _keys(), desk.clock.now()
        stale = ["stale_site" in desk.faults.strike(name, ("stale_site",)) for _ in keys]
        page = f"{request.host_url}platforms/{name}"
        with desk.store.read() as cx:
            shown = [shown_since(cx, platform, key, now) for key in keys]
        rows = [
            {"match_key": key, "displayed": (since is not None) != still, "since": since, "url": page}
            for key, since, still in zip(keys, shown, stale, strict=True)
        ]
        return answer({"rows": rows})

    return routes


def _keys() -> list[str]:
    try:
        document: Any = json.loads(request.get_data())
    except (ValueError, RecursionError) as error:
        raise Refused(400, "malformed-request", "请求体不是合法的 JSON") from error
    keys = document.get("match_keys") if isinstance(document, dict) else None
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
        raise Refused(422, "validation-failed", "match_keys 应为文字列表")
    if len(keys) > MOST_KEYS:
        raise Refused(413, "payload-too-large", f"每次不超过 {MOST_KEYS} 条")
    return keys


def shown_since(cx: sqlite3.Connection, platform: Platform, key: str, now: datetime) -> str | None:
    """Since when its site shows a record (RFC 3339); None where it does not."""
    times = [
        since
        for source, hops in sources(platform)
        if (since := _shown(cx, source, key, now, RELAY * hops)) is not None
    ]
    return min(times).isoformat() if times else None


def sources(platform: Platform, hops: int = 0) -> list[tuple[str, int]]:
    """Itself and everybody who relays to it, with the number of hops."""
    below = [PLATFORMS[name] for name in platform.relayed_by]
    return [(platform.id, hops), *(source for one in below for source in sources(one, hops + 1))]


def _shown(cx: sqlite3.Connection, platform: str, key: str, now: datetime, lag: timedelta) -> datetime | None:
    for status, received_at in cx.execute(_HELD, (platform, key)):
        changed = datetime.fromisoformat(received_at) + lag
        if (status == "listed") == (changed <= now):
            return changed if status == "listed" else datetime.fromisoformat(received_at)
    return None
