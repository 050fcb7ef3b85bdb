"""Topic way in: reads its own topic, opens what is sealed to it, and writes receipts to another."""

import base64
import json
import time
from collections.abc import Mapping, Sequence
from typing import Any

from services.credit_push.sandbox.desk import Desk, Strikes, book, doubled, draw, moment, take_rows
from services.credit_push.sandbox.faults import (
    CRASHED_SECONDS,
    GARBAGE_TEXT,
    HANG_SECONDS,
    LATE_SECONDS,
    SLOW_SECONDS,
)
from services.credit_push.sandbox.ledger import OPERATIONS, Receipt, Submission
from services.credit_push.sandbox.platforms import Platform
from shared.crypto import CryptoError, hpke_open
from shared.eventlog import EventLog, LogError, Record, open_log
from shared.platform_keys import RECIPIENTS, stand_in_recipient

AT_ONCE = 200
INFO = b"credit-blacklist mirror v1"
_OWN_FAULTS = ("timeout", "slow", "garbage", "drop_receipt", "duplicate_receipt", "delayed_receipt")


class TopicReader:
    """Takes what arrives on one platform's topic and hands out its receipts; a loop."""

    def __init__(self, desk: Desk, platform: Platform) -> None:
        self.name = f"sandbox-{platform.id}"
        self._desk, self._platform = desk, platform
        self._log: EventLog = open_log(desk.settings.events_url)
        self._reader = self._log.reader([platform.topic], self.name)
        self._waiting: list[Record] = []
        self._crashed_until = 0.0

    def step(self) -> bool:
        """Take what has come, answer what is due."""
        if time.monotonic() < self._crashed_until:
            return False
        self._waiting = self._waiting or self._reader.poll(AT_ONCE, timeout=0.0)
        if self._waiting and "error500" in self._desk.faults.strike(self._platform.id, ("error500",)):
            self._crashed_until = time.monotonic() + CRASHED_SECONDS
            return False
        for record in self._waiting:
            self._take(record)
        taken, self._waiting = bool(self._waiting), []
        if taken:
            self._reader.commit()
        return self._hand_out() or taken

    def _take(self, record: Record) -> None:
        row = self._submission(record)
        strikes = draw(self._desk, self._platform, 1, _OWN_FAULTS)
        now = moment(self._desk)
        with self._desk.store.write() as cx:
            receipts = take_rows(cx, self._platform, [row], strikes, now)
            for body, delay in _answers(receipts, strikes):
                cx.execute(
                    "INSERT INTO feedbacks (platform, batch_id, body, due_at) VALUES (?,?,?,?)",
                    (self._platform.id, row.key, body, now.visible_at + delay),
                )
            told = json.dumps(receipts[0].document(), ensure_ascii=False)
            book(cx, self._platform.id, now.at, "topic", f"RECORD {record.topic}", row.raw, "taken", told)

    def _submission(self, record: Record) -> Submission:
        raw = record.value.decode("utf-8", "replace")
        told = _document(raw)
        gone = told.get("status") == "撤销"
        content = {name: value for name, value in told.items() if name not in ("idempotency_key", "identity")}
        if not gone:
            content["id_number"] = self._opened(told)
        version = told.get("version")
        return Submission(
            key=str(told.get("idempotency_key") or ""),
            operation=OPERATIONS.get(str(told.get("status")), "list"),
            layout="canonical_withdrawal" if gone else "canonical",
            content=content,
            subject_name=str(told.get("subject_name") or ""),
            document_number=str(told.get("document_number") or ""),
            raw=raw,
            batch_id=f"{record.partition}:{record.offset}",
            listing_id=record.key,
            version=version if type(version) is int else None,
        )

    def _opened(self, told: Mapping[str, Any]) -> str:
        own = stand_in_recipient(self._desk.settings.folder / RECIPIENTS, self._platform.id)
        for one in told.get("identity") or ():
            aad = f"{told['idempotency_key']}|{one['field']}".encode()
            try:
                return hpke_open(own, base64.b64decode(one["sealed"]), aad, INFO).decode()
            except (CryptoError, ValueError):
                continue
        return ""

    def _hand_out(self) -> bool:
        with self._desk.store.read() as cx:
            due = cx.execute(
                "SELECT id, batch_id, body FROM feedbacks WHERE state = 'waiting' AND due_at <= ?"
                " AND platform = ? ORDER BY id LIMIT ?",
                (time.time(), self._platform.id, AT_ONCE),
            ).fetchall()
        if not due:
            return False
        topic = self._platform.receipts_topic
        try:
            self._log.append([Record(topic, row["batch_id"], bytes(row["body"]), ()) for row in due])
        except LogError:
            return False
        with self._desk.store.write() as cx:
            cx.executemany("UPDATE feedbacks SET state = 'done' WHERE id = ?", [(row["id"],) for row in due])
        return True

    def close(self) -> None:
        """Leave the log."""
        self._reader.close()
        self._log.close()


def _document(raw: str) -> dict[str, Any]:
    try:
        told = json.loads(raw)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _answers(receipts: Sequence[Receipt], strikes: Strikes) -> list[tuple[bytes, float]]:
    """Receipts as they are written, and how many seconds later."""
    delay = strikes.late + SLOW_SECONDS * ("slow" in strikes.own) + HANG_SECONDS * ("timeout" in strikes.own)
    bodies = [json.dumps(r.document(), ensure_ascii=False).encode() for r in doubled(receipts, strikes)]
    if "garbage" in strikes.own and bodies:
        return [(GARBAGE_TEXT.encode("utf-16"), delay), *((body, delay + LATE_SECONDS) for body in bodies)]
    return [(body, delay) for body in bodies]
