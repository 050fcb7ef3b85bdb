"""Receipts by callback: queued with the rows they answer, sent signed by a loop until somebody listens."""

import json
import secrets
import sqlite3
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from urllib.parse import urlsplit

from services.credit_push.sandbox.desk import Desk, Strikes
from services.credit_push.sandbox.faults import GARBAGE_TEXT
from services.credit_push.sandbox.ledger import Moment, Receipt
from services.credit_push.sandbox.platforms import PLATFORMS, Platform
from services.credit_push.sandbox.signing import signed_headers
from shared.logs import get_log

PAUSES = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)  # the last one repeats
GIVE_UP_AFTER = 200
TIMEOUT = 5.0
log = get_log(__name__)


def queue_callback(
    cx: sqlite3.Connection,
    platform: Platform,
    batch_id: str,
    receipts: Sequence[Receipt],
    strikes: Strikes,
    now: Moment,
    withdrawn: frozenset[str] = frozenset(),
) -> None:
    """Note what is to be called back, once, twice or never as the faults say; `withdrawn`: keys of 撤销."""
    if "drop_receipt" in strikes.own:
        return
    told = [{**r.document(), **_display(platform, r, now, withdrawn)} for r in receipts]
    body = json.dumps({"batch_id": batch_id, "receipts": told}, ensure_ascii=False)
    bodies = [body] * (2 if "duplicate_receipt" in strikes.own else 1)
    if "garbage" in strikes.own:
        bodies.insert(0, GARBAGE_TEXT)
    cx.executemany(
        "INSERT INTO callbacks (platform, body, due_at) VALUES (?,?,?)",
        [(platform.id, text, now.visible_at) for text in bodies],
    )


def _display(platform: Platform, receipt: Receipt, now: Moment, withdrawn: frozenset[str]) -> dict[str, str]:
    if not platform.reports_display or receipt.result != "accepted":
        return {}
    name = "absent_at" if receipt.idempotency_key in withdrawn else "displayed_at"
    return {name: now.at.isoformat()}


class Callbacks:
    """Sends what is due, in order; a loop."""

    name = "sandbox-callbacks"

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def step(self) -> bool:
        """Send one callback that is due."""
        with self._desk.store.read() as cx:
            due = cx.execute(
                "SELECT * FROM callbacks WHERE state = 'waiting' AND due_at <= ? ORDER BY due_at, id LIMIT 1",
                (time.time(),),
            ).fetchone()
        if due is None:
            return False
        status = self._send(due["platform"], due["body"].encode())
        with self._desk.store.write() as cx:
            self._settle(cx, due, status)
        return True

    def _settle(self, cx: sqlite3.Connection, due: sqlite3.Row, status: str) -> None:
        attempts = due["attempts"] + 1
        done = status.startswith("2") or (due["body"] == GARBAGE_TEXT and status.startswith("4"))
        state = "done" if done else "given-up" if attempts >= GIVE_UP_AFTER else "waiting"
        pause = PAUSES[min(attempts, len(PAUSES)) - 1]
        cx.execute(
            "UPDATE callbacks SET attempts = ?, state = ?, answer = ?, due_at = ? WHERE id = ?",
            (attempts, state, status, time.time() + pause, due["id"]),
        )

    def _send(self, platform: str, body: bytes) -> str:
        url = f"{self._desk.settings.callback_url}/{platform}"
        key = self._desk.key(platform)
        now, nonce = self._desk.clock.system_now(), secrets.token_hex(16)
        headers = signed_headers(PLATFORMS[platform], key, "POST", urlsplit(url).path, body, now, nonce)
        call = urllib.request.Request(  # noqa: S310  our own setting
            url, body, {**headers, "Content-Type": "application/json"}, method="POST"
        )
        try:
            with urllib.request.urlopen(call, timeout=TIMEOUT) as told:  # noqa: S310
                return str(told.status)
        except urllib.error.HTTPError as error:
            return str(error.code)
        except OSError as error:
            log.info("callback not delivered", platform=platform, error=type(error).__name__)
            return type(error).__name__
