"""The person between us and a platform without an interface, over HTTP: sheets there, answers back."""

import json
import urllib.error
import urllib.request
from typing import Any

from services.demo import Caller, HttpFailure
from shared.ids import new_id
from tests.harness.wait import PATIENCE

API = "/push/api/v1"


def carry(operator: Caller, sandbox: Caller, listing_ids: set[str]) -> None:
    """One round: every open batch with one of these listings is carried as far as it goes now."""
    for batch in reversed(operator.get(f"{API}/batches", limit="200")["items"]):
        if batch["state"] == "closed" or not _concerns(operator, batch, listing_ids):
            continue
        (_carry_letter if batch["kind"] == "letter" else _carry_sheet)(operator, sandbox, batch)


def _concerns(operator: Caller, batch: dict[str, Any], listing_ids: set[str]) -> bool:
    held = (operator.get(f"{API}/deliveries/{each}")["listing_id"] for each in batch["deliveries"])
    return any(listing_id in listing_ids for listing_id in held)


def _carry_sheet(operator: Caller, sandbox: Caller, batch: dict[str, Any]) -> None:
    where, there = f"{API}/batches/{batch['id']}", f"/platforms/{batch['platform']}"
    number = batch["number"]
    if batch["state"] != "recorded":
        sheet = _bytes(operator, "POST", f"{where}/download")
        number = json.loads(_form(sandbox, f"{there}/upload", {}, sheet))["batch_number"]
        _form(operator, f"{where}/record-hand", {"batch_number": number})
    feedback = _bytes(sandbox, "GET", f"{there}/feedback/{number}")
    _form(operator, f"{where}/feedback", {}, feedback)


def _carry_letter(operator: Caller, sandbox: Caller, batch: dict[str, Any]) -> None:
    where = f"{API}/batches/{batch['id']}"
    _bytes(operator, "POST", f"{where}/download")
    known = operator.get(f"{API}/batches", limit="200")["items"]
    numbered = next(one for one in known if one["id"] == batch["id"])
    row = operator.get(f"{API}/deliveries/{batch['deliveries'][0]}")
    letter = {
        "number": numbered["number"],
        "document_number": row["document_number"],
        "subject_name": row["subject_name"],
    }
    reply = sandbox.call("POST", f"/platforms/{batch['platform']}/letters", letter)
    _form(operator, f"{where}/record-hand", {"batch_number": numbered["number"]})
    told = {name: reply[name] for name in ("result", "reply_number", "message")}
    operator.call("POST", f"{where}/reply", told)


def _form(who: Caller, path: str, fields: dict[str, str], sheet: bytes | None = None) -> bytes:
    """One multipart form, with a sheet or without."""
    mark = new_id()
    head = f"--{mark}\r\nContent-Disposition: form-data; name="
    parts = [f'{head}"{name}"\r\n\r\n{value}\r\n'.encode() for name, value in fields.items()]
    if sheet is not None:
        parts += [f'{head}"sheet"; filename="sheet"\r\n\r\n'.encode(), sheet, b"\r\n"]
    body = b"".join([*parts, f"--{mark}--\r\n".encode()])
    return _bytes(who, "POST", path, body, f"multipart/form-data; boundary={mark}")


def _bytes(who: Caller, method: str, path: str, body: bytes | None = None, kind: str = "") -> bytes:
    """An answer as it is."""
    request = urllib.request.Request(who.base + path, data=body, method=method)
    if kind:
        request.add_header("Content-Type", kind)
    if who.token:
        request.add_header("Authorization", f"Bearer {who.token}")
    try:
        with urllib.request.urlopen(request, timeout=30 * PATIENCE) as answer:
            return bytes(answer.read())
    except urllib.error.HTTPError as error:
        text = error.read().decode(errors="replace")
        raise HttpFailure(f"{method} {path} answered {error.code}: {text[:600]}") from error
