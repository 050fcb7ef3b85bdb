"""What the holder of a sheet's code may learn: everything while the answer still stands, else only that the
signature is valid and the status has changed. Nothing is searched: the signed answer lies here, its listings
are looked at by their ids, and the watch notes what else was found.
"""

import json
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from services.blacklist.checks.models import TenderProject, TenderSheet
from services.blacklist.checks.queries.jobs import are_public
from services.blacklist.checks.queries.projects import OPEN
from services.blacklist.transparency.domain.certificates import (
    CHANGED,
    CURRENT,
    STATEMENTS,
    normal_code,
)
from services.blacklist.transparency.queries.keys import seen_signatures
from services.blacklist.transparency.queries.proofs import reopened
from shared.crypto import KeyRing
from shared.errors import NotFound

WORDS = STATEMENTS | {"current": "签名有效，核查单的结果没有变化。"}
UNWATCHED = "签名有效，核查单所列信息没有变化。项目已经结束，此后新的列入不再监测。"


def sheet_aad(code: str) -> str:
    return f"tender_sheets.document.{code}"


def is_sheet(session: Session, code: str) -> bool:
    return session.get(TenderSheet, normal_code(code)) is not None


def verification(session: Session, keyring: KeyRing, code: str, today: date) -> dict[str, Any]:
    """The answer to a code."""
    row, document = _find(session, keyring, code)
    status = _status(session, row, today)
    seen = seen_signatures(keyring, document)
    answer = {"genuine": seen.genuine, "status": status, "statement": _statement(session, row, status)}
    if status == CHANGED:
        return answer
    return answer | {"payload": document["payload"], "signatures": seen.shown}


def sheet(session: Session, keyring: KeyRing, code: str, today: date) -> dict[str, Any]:
    """The signed document again, while it still holds."""
    row, document = _find(session, keyring, code)
    if _status(session, row, today) == CHANGED:
        raise NotFound("certificate-status-changed", "该核查单的状态已经变化", "需要的请重新出具。")
    return document | {"proofs": reopened(session, document["proofs"])}


def _find(session: Session, keyring: KeyRing, code: str) -> tuple[TenderSheet, dict[str, Any]]:
    row = session.get(TenderSheet, normal_code(code))
    if row is None:
        raise NotFound("certificate-code-unknown", "没有这份核查单", "没有这个核验码，请核对核验码。")
    return row, json.loads(keyring.unseal(row.sealed, sheet_aad(row.code)))


def _status(session: Session, row: TenderSheet, today: date) -> str:
    found = [(str(listing), int(version)) for listing, version in row.found]
    return CURRENT if row.changed_at is None and are_public(session, found, today) else CHANGED


def _statement(session: Session, row: TenderSheet, status: str) -> str:
    if status == CHANGED or session.get_one(TenderProject, row.project_id).state == OPEN:
        return WORDS[status]
    return UNWATCHED
