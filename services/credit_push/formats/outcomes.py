"""What became of requests as a packet: body, head and manifest."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime

from services.credit_push.catalogue.outcome_columns import TOLD, codes
from services.credit_push.formats.bodies import STRUCTURED, structured
from services.credit_push.formats.packet import to_csv, to_xlsx

FORMAT = "outcomes"
Message = Mapping[str, str]


def outcome_body(kind: str, own: Mapping[str, str], told: Message, head: Mapping[str, object]) -> bytes:
    """The file: titles, codes and the row of a sheet, or head and record."""
    named = codes(own, "packet")
    row = {named[name]: told[name] for name in TOLD}
    if kind in STRUCTURED:
        return structured(kind, head, [row])
    rows = [[column.label for column in TOLD.values()], list(row), list(row.values())]
    return to_csv(rows) if kind == "csv" else to_xlsx(rows, "办理结果")


def outcome_head(batch_id: str, sender: str, at: datetime) -> dict[str, object]:
    """Who sends it, and when."""
    told = {"batch_id": batch_id, "sender": sender, "format": FORMAT, "count": 1}
    return told | {"created_at": at.isoformat()}


def outcome_manifest(head: Mapping[str, object], file: str, body: bytes, told: Message) -> bytes:
    """The head, the checksum of the file, and what its line is."""
    line = {"line": 1, "idempotency_key": told["idempotency_key"], "ticket": told["ticket"]}
    document = {**head, "file": file, "sha256": hashlib.sha256(body).hexdigest(), "rows": [line]}
    return json.dumps(document, ensure_ascii=False, indent=1).encode()
