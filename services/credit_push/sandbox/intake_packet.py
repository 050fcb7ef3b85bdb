"""Packet way in: a sheet, its manifest and a mark in a folder; a feedback sheet comes back in another.

Taking a packet is one transaction that also queues its feedback, so a kill at any point only repeats it.
"""

import csv
import io
import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path

from services.credit_push.sandbox.desk import Desk, Strikes, book, draw, moment, take_rows
from services.credit_push.sandbox.faults import CRASHED_SECONDS, GARBAGE_TEXT, LATE_SECONDS, SLOW_SECONDS
from services.credit_push.sandbox.intake_outcomes import PREFIX, OutcomePacket, open_outcomes, take_outcomes
from services.credit_push.sandbox.ledger import Moment, Receipt, ledger_page
from services.credit_push.sandbox.packets import BadPacket, Packet, open_packet
from services.credit_push.sandbox.platforms import Platform, played_by
from services.credit_push.sandbox.sheets import feedback_csv

_OWN_FAULTS = ("garbage", "drop_receipt", "duplicate_receipt", "delayed_receipt", "timeout")
TIMEOUT_SECONDS = 30.0  # a packet under `timeout` is taken at once and answered only after this
PACKET, QUESTION = ("error500", "slow"), ("error500", "slow", "timeout")
_LEDGER = ("listing_id", "document_number", "subject_name", "version", "content_digest", "uscc", "list")


class Packets:
    """Looks into every packet platform's folder; a loop."""

    name = "sandbox-packets"

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._held: dict[
            tuple[str, str], tuple[float, bool]
        ] = {}  # batch → (until, taken then without asking)
        for platform in played_by("packet"):
            for way in ("in", "out"):
                self._folder(platform, way).mkdir(parents=True, exist_ok=True)

    def step(self) -> bool:
        """Take what is complete and ripe, answer ledger requests, hand out feedback that is due."""
        worked = False
        for platform in played_by("packet"):
            for mark in sorted(self._folder(platform, "in").iterdir()):
                if mark.suffix == ".ok" and self._ripe(platform, mark.stem):
                    self._take(platform, mark.stem)
                    worked = True
                elif mark.suffix == ".ledger-request" and self._ripe(platform, mark.name, QUESTION):
                    self._tell_ledger(platform, mark)
                    worked = True
            worked = self._hand_out(platform) or worked
        return worked

    def _folder(self, platform: Platform, way: str) -> Path:
        return self._desk.settings.folder / "packets" / platform.id / way

    def _ripe(self, platform: Platform, batch: str, outages: Sequence[str] = PACKET) -> bool:
        """Outages hold a file back: `error500` until it strikes no more, `slow` and `timeout` once."""
        place = (platform.id, batch)
        until, sure = self._held.get(place, (0.0, False))
        if time.monotonic() < until:
            return False
        self._held.pop(place, None)
        if sure:
            return True
        struck = self._desk.faults.strike(platform.id, outages)
        if "error500" in struck:
            self._held[place] = (time.monotonic() + CRASHED_SECONDS, False)
        elif "timeout" in struck:
            self._held[place] = (time.monotonic() + TIMEOUT_SECONDS, True)
        elif "slow" in struck:
            self._held[place] = (time.monotonic() + SLOW_SECONDS, True)
        return not struck

    def _take(self, platform: Platform, batch: str) -> None:
        folder = self._folder(platform, "in")
        packet: Packet | OutcomePacket
        try:
            packet = (open_outcomes if batch.startswith(PREFIX) else open_packet)(platform, folder, batch)
        except BadPacket as error:
            packet = Packet(batch, "", [], error.receipts, error.text)
        strikes = draw(self._desk, platform, len(packet.rows), _OWN_FAULTS)
        now = moment(self._desk)
        with self._desk.store.write() as cx:
            receipts = _take_rows(cx, platform, packet, strikes, now)
            lines = list(enumerate(receipts, 1)) or packet.refused
            for body, delay in _feedback(lines, strikes):
                cx.execute(
                    "INSERT INTO feedbacks (platform, batch_id, body, due_at) VALUES (?,?,?,?)",
                    (platform.id, batch, body, now.visible_at + delay),
                )
            answered = feedback_csv(lines).decode("utf-8-sig")
            book(cx, platform.id, now.at, "packet", f"FILE in/{batch}", packet.text, "taken", answered)
        for path in (folder / f"{batch}.ok", *folder.glob(f"{batch}.*")):  # the mark first: taken is taken
            path.unlink(missing_ok=True)

    def _hand_out(self, platform: Platform) -> bool:
        with self._desk.store.read() as cx:
            due = cx.execute(
                "SELECT * FROM feedbacks WHERE state = 'waiting' AND due_at <= ? AND platform = ?"
                " ORDER BY id",
                (time.time(), platform.id),
            ).fetchall()
        for row in due:
            put(self._folder(platform, "out"), f"{row['batch_id']}.feedback", "csv", row["body"])
            with self._desk.store.write() as cx:
                cx.execute("UPDATE feedbacks SET state = 'done' WHERE id = ?", (row["id"],))
        return bool(due)

    def _tell_ledger(self, platform: Platform, mark: Path) -> None:
        out = io.StringIO(newline="")
        writer = csv.writer(out)
        writer.writerow(_LEDGER)
        after: str | None = ""
        while after is not None:
            with self._desk.store.read() as cx:
                rows, after = ledger_page(cx, platform.id, after, 1000)
            writer.writerows([["" if row[name] is None else row[name] for name in _LEDGER] for row in rows])
        put(self._folder(platform, "out"), f"{mark.stem}.ledger", "csv", out.getvalue().encode("utf-8-sig"))
        mark.unlink(missing_ok=True)


def _take_rows(
    cx: sqlite3.Connection, platform: Platform, packet: Packet | OutcomePacket, strikes: Strikes, now: Moment
) -> list[Receipt]:
    if isinstance(packet, OutcomePacket):
        return take_outcomes(cx, platform, packet.rows, now)
    return take_rows(cx, platform, packet.rows, strikes, now)


def _feedback(lines: Sequence[tuple[int, Receipt]], strikes: Strikes) -> list[tuple[bytes, float]]:
    """What is handed out and how many seconds later; garbage is followed by the right sheet."""
    if "drop_receipt" in strikes.own:
        return []
    delay = TIMEOUT_SECONDS if "timeout" in strikes.own else strikes.late
    body = feedback_csv([*lines, *lines] if "duplicate_receipt" in strikes.own else lines)
    if "garbage" in strikes.own:
        return [(GARBAGE_TEXT.encode("utf-16"), delay), (body, delay + LATE_SECONDS)]
    return [(body, delay)]


def put(folder: Path, stem: str, suffix: str, body: bytes) -> None:
    """Write a file and then its mark, each complete or not at all."""
    for name, content in ((f"{stem}.{suffix}", body), (f"{stem}.ok", b"")):
        fresh = folder / f".{name}.part"
        fresh.write_bytes(content)
        fresh.replace(folder / name)
