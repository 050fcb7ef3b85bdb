"""Outcomes in files: body, manifest, then an empty .ok by rename; the platform's feedback comes as a sheet.

One packet an outcome, named by its key. What is neither there nor answered is laid down again: the platform
takes a key once, so a kill, a lost file or lost feedback only repeats it.
"""

import json
import time
from collections.abc import Mapping

from services.credit_push.formats import outcomes, packet
from services.credit_push.formats.bodies import MEDIA_TYPES
from services.credit_push.transports import Means
from services.credit_push.transports.base import Preview, PreviewFile
from services.credit_push.transports.drops import ANSWERS, IN, OUT, Drop, DropFault
from services.credit_push.transports.told import LAID, REFUSED, SILENT, TAKEN, WAITS, Told

FLAG, SHEET = ".feedback.ok", ".feedback.csv"


class PacketPost:
    """The place where the platform takes packets, seen from what it is told of requests."""

    def __init__(
        self, drop: Drop, kind: str, columns: Mapping[str, str], means: Means, wait_seconds: float
    ) -> None:
        self._drop, self._kind, self._columns = drop, kind, columns
        self._clock, self._sender, self._wait = means.clock, means.sender, wait_seconds
        self._laid: dict[str, float] = {}

    def tell(self, body: bytes) -> Told:
        told = json.loads(body)
        batch = _batch(told)
        try:
            answer = self._answer(batch, told["idempotency_key"])
            if answer is not None:
                self._drop.clear(f"{OUT}/{batch}{FLAG}", f"{OUT}/{batch}{SHEET}")
                self._laid.pop(batch, None)
                return answer
            if self._is_gone(batch):
                self._drop.put(self._files(batch, told))
                self._laid[batch] = time.monotonic()
        except DropFault as fault:
            return Told(SILENT, problem=str(fault), again_after=fault.retry_after or 0.0)
        except ValueError:
            return Told(LAID, problem="平台的反馈文件无法读取")
        return Told(LAID, problem=WAITS)

    def _is_gone(self, batch: str) -> bool:
        """Not there, and not laid down so lately that its feedback may be on the way."""
        laid = self._laid.get(batch)
        lately = laid is not None and time.monotonic() - laid < self._wait
        return not lately and not self._drop.there(f"{IN}/{batch}.ok")

    def _answer(self, batch: str, key: str) -> Told | None:
        if not self._drop.there(f"{OUT}/{batch}{FLAG}"):
            return None
        rows = packet.read_feedback(self._drop.read(f"{OUT}/{batch}{SHEET}"))
        row = next((one for one in rows if one["idempotency_key"] in (key, "")), None)
        if row is None or row["result"] not in ("accepted", "rejected"):
            raise ValueError("no answer to this key")
        if row["result"] == "accepted":
            return Told(TAKEN, row["receipt_number"][:100])
        return Told(REFUSED, problem=f"{row['code']} {row['message']}".strip())

    def _files(self, batch: str, told: outcomes.Message) -> list[tuple[str, bytes]]:
        head = outcomes.outcome_head(batch, self._sender, self._clock.system_now())
        file = f"{batch}.{self._kind}"
        body = outcomes.outcome_body(self._kind, self._columns, told, head)
        return [
            (f"{IN}/{file}", body),
            (f"{IN}/{batch}.manifest.json", outcomes.outcome_manifest(head, file, body, told)),
            (f"{IN}/{batch}.ok", b""),
        ]

    def preview(self, body: bytes) -> Preview:
        told = json.loads(body)
        laid = self._files(_batch(told), told)
        types = (MEDIA_TYPES[self._kind], MEDIA_TYPES["json"], "text/plain")
        files = tuple(
            PreviewFile(name.removeprefix(f"{IN}/"), media, content)
            for (name, content), media in zip(laid, types, strict=True)
        )
        text = outcomes.outcome_body("csv", self._columns, told, {}) if self._kind == "xlsx" else b""
        return Preview(self._drop.shown(laid[0][0]), laid[0][1], files=files, readable=text)

    def close(self) -> None:
        self._drop.close()


def _batch(told: outcomes.Message) -> str:
    return ANSWERS + told["idempotency_key"].replace(":", "-")
