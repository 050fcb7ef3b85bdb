"""Who carries sheets and letters to a platform without an interface, and brings back the answers."""

import json
import urllib.request
from functools import partial
from io import BytesIO
from typing import Any

from shared.ids import new_id
from tests.harness.platforms import PushWorld, http_json
from tests.harness.wait import PATIENCE, until

API = "/push/api/v1"
FORM = "multipart/form-data"
TROUBLE = (OSError, json.JSONDecodeError, UnicodeDecodeError)


class Person:
    """Works in rounds, keeps every sheet, and hands it in again where no feedback comes."""

    def __init__(self, world: PushWorld) -> None:
        self._world, self._client = world, world.client("operator")
        self._sheets: dict[str, bytes] = {}

    def carry(self) -> int:
        """One round, oldest first: whatever waits for a hand and can be done now; how many batches moved."""
        moved = 0
        for batch in reversed(self._batches()):
            try:
                moved += (self._letter if batch["kind"] == "letter" else self._sheet)(batch)
            except TROUBLE:
                continue  # the platform was in trouble: come back in the next round
        return moved

    def _batches(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        where: str | None = f"{API}/batches?limit=200"
        while where is not None:
            page = self._client.get(where).json
            found += [one for one in page["items"] if one["state"] != "closed"]
            where = f"{API}/batches?limit=200&cursor={page['next']}" if page["next"] else None
        return found

    def _sheet(self, batch: dict[str, Any]) -> bool:
        where, platform = f"{API}/batches/{batch['id']}", batch["platform"]
        if batch["state"] != "recorded":
            sheet = self._client.post(f"{where}/download")
            if sheet.status_code != 200:
                return False  # a newer version has taken its place
            self._sheets[batch["id"]] = sheet.data
            number = until(partial(self._handed_in, platform, sheet.data), 60, "the sheet to be taken")
            self._client.post(f"{where}/record-hand", data={"batch_number": number}, content_type=FORM)
            return True
        try:
            told = feedback(self._world, platform, batch["number"])
        except OSError:
            upload(self._world, platform, self._sheets[batch["id"]])
            return False
        answer = self._client.post(f"{where}/feedback", data={"sheet": (BytesIO(told), "feedback.csv")})
        return bool(answer.status_code == 200 and answer.json["settled"])

    def _handed_in(self, platform: str, sheet: bytes) -> str:
        """Its batch number; empty where the platform's page gave no answer one could read."""
        try:
            return upload(self._world, platform, sheet)
        except TROUBLE:
            return ""

    def _letter(self, batch: dict[str, Any]) -> bool:
        where, number = f"{API}/batches/{batch['id']}", batch["number"]
        if batch["state"] != "recorded":
            paper = self._client.post(f"{where}/download")
            if paper.status_code != 200:
                return False
            number = next(one["number"] for one in self._batches() if one["id"] == batch["id"])
        row = self._client.get(f"{API}/deliveries/{batch['deliveries'][0]}").json
        letter = {
            "number": number,
            "document_number": row["document_number"],
            "subject_name": row["subject_name"],
        }
        reply = http_json("POST", f"{self._world.sandbox}/platforms/{batch['platform']}/letters", letter)
        self._client.post(f"{where}/record-hand", data={"batch_number": number}, content_type=FORM)
        result = "absent" if reply.pop("code") == "NOT_FOUND" else reply["result"]
        return bool(self._client.post(f"{where}/reply", json=reply | {"result": result}).status_code == 200)


def upload(world: PushWorld, platform: str, sheet: bytes) -> str:
    """Hand a sheet in at the platform; the batch number it gives."""
    mark = new_id()
    head = f'--{mark}\r\nContent-Disposition: form-data; name="sheet"; filename="a.xlsx"\r\n\r\n'.encode()
    body = head + sheet + f"\r\n--{mark}--\r\n".encode()
    request = urllib.request.Request(f"{world.sandbox}/platforms/{platform}/upload", data=body)
    request.add_header("Content-Type", f"multipart/form-data; boundary={mark}")
    with urllib.request.urlopen(request, timeout=15 * PATIENCE) as answer:
        return str(json.loads(answer.read())["batch_number"])


def feedback(world: PushWorld, platform: str, number: str) -> bytes:
    """The platform's feedback sheet of a batch."""
    where = f"{world.sandbox}/platforms/{platform}/feedback/{number}"
    with urllib.request.urlopen(where, timeout=15 * PATIENCE) as answer:
        return bytes(answer.read())
