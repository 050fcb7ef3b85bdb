"""A party files an objection or a repair at a stand-in (信用中国), which brings it to our door, signed."""

import json
import secrets
import urllib.error
import urllib.request
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as Answer

from services.credit_push.sandbox.answers import Refused, answer, known_platform
from services.credit_push.sandbox.control import body
from services.credit_push.sandbox.desk import Desk
from services.credit_push.sandbox.platforms import PLATFORMS
from services.credit_push.sandbox.signing import signed_headers
from shared.clock import local_date
from shared.ids import new_id

KINDS = {"objection": "异议", "repair": "信用修复申请"}
DOOR = "/exchange/v1/requests"
LONGEST = 2000
TIMEOUT = 5.0


def filings_blueprint(desk: Desk) -> Blueprint:
    """POST /filings for programs, and the form of a platform's page."""
    routes = Blueprint("filings", __name__)

    @routes.post("/filings")
    def file_request() -> Response:
        given = body()
        told, status = file(desk, str(given.get("platform")), given)
        return answer(told, status)

    @routes.post("/handles/<name>/filings")
    def filing_form(name: str) -> Answer:
        told, status = file(desk, name, request.form.to_dict())
        if status >= 300:
            raise Refused(409, "not-taken", f"未被受理：{told.get('title') or status}")
        return redirect(f"/platforms/{name}", 303)

    return routes


def file(desk: Desk, name: str, given: dict[str, Any]) -> tuple[dict[str, Any], int]:
    """Bring one request to the door, under a ticket of the platform's; what the door said."""
    platform = known_platform(name)
    kind, listing, evidence = (
        str(given.get(key) or "").strip() for key in ("kind", "listing_id", "evidence")
    )
    if kind not in KINDS or not listing or not 0 < len(evidence) <= LONGEST:
        raise Refused(422, "validation-failed", "应写明种类、名单编号和不超过 2000 字的理由")
    now = desk.clock.now()
    told = {
        "kind": kind,
        "listing_id": listing[:36],
        "ticket": str(given.get("ticket") or f"{platform.id.upper()}-{new_id()[-12:]}")[:100],
        "received_on": local_date(now).isoformat(),
        "evidence": evidence,
        "commitment": str(given.get("commitment") or "").strip()[:LONGEST] or None,
    }
    _remember(desk, platform.id, told, now)
    return _bring(desk, platform.id, json.dumps(told, ensure_ascii=False).encode())


def _remember(desk: Desk, platform: str, told: dict[str, Any], now: datetime) -> None:
    """The ticket is given out before the request is brought; what becomes of it comes back under it."""
    given = (platform, told["ticket"], told["kind"], told["listing_id"], now.isoformat())
    with desk.store.write() as cx:
        cx.execute("INSERT OR IGNORE INTO filings VALUES (?,?,?,?,?)", given)


def _bring(desk: Desk, platform: str, raw: bytes) -> tuple[dict[str, Any], int]:
    site, key = urlsplit(desk.settings.callback_url), desk.key(platform)
    now, nonce = desk.clock.system_now(), secrets.token_hex(16)
    headers = signed_headers(PLATFORMS[platform], key, "POST", DOOR, raw, now, nonce)
    call = urllib.request.Request(  # noqa: S310  our own setting
        f"{site.scheme}://{site.netloc}{DOOR}",
        raw,
        {**headers, "Content-Type": "application/json"},
        method="POST",
    )
    try:
        with urllib.request.urlopen(call, timeout=TIMEOUT) as reply:  # noqa: S310
            return _read(reply.read()), int(reply.status)
    except urllib.error.HTTPError as error:
        return _read(error.read()), error.code
    except OSError as error:
        raise Refused(503, "door-closed", "对方接口无应答") from error


def _read(raw: bytes) -> dict[str, Any]:
    try:
        told = json.loads(raw)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}
