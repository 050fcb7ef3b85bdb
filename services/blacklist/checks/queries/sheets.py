"""What the holder of a sheet's code may learn: everything while the answer still stands, else only that the
signature is valid and the status has changed.
"""

import base64
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from services.blacklist.checks.models import TenderSheet
from services.blacklist.checks.queries.projects import group_answers
from services.blacklist.register.queries import Purpose
from services.blacklist.transparency.domain.certificates import (
    CHANGED,
    STATEMENTS,
    normal_code,
    signature_holds,
    status_of,
)
from shared.clock import local_date
from shared.crypto import KeyRing
from shared.errors import NotFound

WORDS = STATEMENTS | {"current": "签名有效，核查单的结果没有变化。"}


def sheet_aad(code: str) -> str:
    return f"tender_sheets.document.{code}"


def found_in(groups: Iterable[Mapping[str, Any]]) -> list[tuple[str, int]]:
    """Listings with their versions, each once."""
    members = (member for group in groups for member in group["members"])
    return sorted(
        {(str(each["id"]), int(each["version"])) for member in members for each in member["listings"]}
    )


def is_sheet(session: Session, code: str) -> bool:
    return session.get(TenderSheet, normal_code(code)) is not None


def verification(session: Session, keyring: KeyRing, code: str, today: date) -> dict[str, Any]:
    """The answer to a code."""
    row, document = _find(session, keyring, code)
    status = _status(session, row, document["payload"], today)
    known = {key.private.public_key().public_bytes_raw() for key in keyring.signers("certificate")}
    signed = signature_holds(document["payload"], document["signature"])
    ours = base64.b64decode(document["signature"]["public_key"]) in known
    answer = {"genuine": signed and ours, "status": status, "statement": WORDS[status]}
    return answer if status == CHANGED else answer | {"payload": document["payload"]}


def sheet(session: Session, keyring: KeyRing, code: str, today: date) -> dict[str, Any]:
    """The signed document again, while it still holds."""
    row, document = _find(session, keyring, code)
    if _status(session, row, document["payload"], today) == CHANGED:
        raise NotFound("certificate-status-changed", "该核查单的状态已经变化", "需要的请重新出具。")
    return document


def _find(session: Session, keyring: KeyRing, code: str) -> tuple[TenderSheet, dict[str, Any]]:
    row = session.get(TenderSheet, normal_code(code))
    if row is None:
        raise NotFound("certificate-code-unknown", "没有这份核查单", "没有这个核验码，请核对核验码。")
    return row, json.loads(keyring.unseal(row.sealed, sheet_aad(row.code)))


def _status(session: Session, row: TenderSheet, payload: Mapping[str, Any], today: date) -> str:
    project = payload["project"]
    purpose = Purpose(**project["purpose"])
    on = local_date(datetime.fromisoformat(project["cutoff_at"]))
    groups: Sequence[dict[str, Any]] = [
        {"name": group["name"], "members": [{"name": m["name"], "uscc": m["uscc"]} for m in group["members"]]}
        for group in payload["groups"]
    ]
    now = group_answers(session, groups, None if purpose == Purpose() else purpose, on, today)
    return status_of(row.found, found_in(now))
