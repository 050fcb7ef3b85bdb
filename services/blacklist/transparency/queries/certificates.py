"""What the holder of a certificate's code may learn: everything while the answer still stands, else only that
the signature is valid and the status has changed.
"""

import json
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from services.blacklist.transparency.domain.certificates import (
    CHANGED,
    CURRENT,
    STATEMENTS,
    normal_code,
    status_of,
)
from services.blacklist.transparency.models import Certificate
from services.blacklist.transparency.queries.keys import seen_signatures
from services.blacklist.transparency.queries.proofs import closed, reopened
from services.blacklist.transparency.queries.searching import ask
from shared.crypto import CryptoError, KeyRing
from shared.errors import NotFound, describe_errors
from shared.identifiers import mask_person_name

describe_errors(
    {
        "certificate-code-unknown": "没有这个核验码对应的查询证明。请核对证明上的核验码。",
        "certificate-status-changed": "该证明所证明的状态已经变化，不再提供下载。需要的请重新查询。",
    }
)


def storage_aad(what: str, code: str) -> str:
    """What a sealed column of a certificate is bound to."""
    return f"certificates.{what}.{code}"


def verification(session: Session, keyring: KeyRing, code: str, today: date) -> dict[str, Any]:
    """The answer to a code; a person's name is masked, the holder has the certificate itself."""
    row = _find(session, code)
    status, document = _status(session, keyring, row, today), _document(keyring, row)
    seen = seen_signatures(keyring, document)
    answer = {"genuine": seen.genuine, "status": status, "statement": STATEMENTS[status]}
    if status == CHANGED:
        return answer
    return answer | {"payload": _masked(document["payload"]), "signatures": seen.shown}


def certificate(session: Session, keyring: KeyRing, code: str, today: date) -> dict[str, Any]:
    """The signed document again, while it still holds."""
    row = _find(session, code)
    status = _status(session, keyring, row, today)
    if status == CHANGED:
        raise NotFound("certificate-status-changed", "该证明的状态已经变化", "需要的请重新查询。")
    document = _document(keyring, row)
    proofs = reopened(session, document["proofs"])
    # a correction may have covered what they say, the record stays
    return document | {"proofs": proofs if status == CURRENT else closed(proofs, keep=("record",))}


def _find(session: Session, code: str) -> Certificate:
    row = session.get(Certificate, normal_code(code))
    if row is None:
        raise NotFound(
            "certificate-code-unknown", "没有这份证明", "没有这个核验码对应的查询证明，请核对核验码。"
        )
    return row


def _document(keyring: KeyRing, row: Certificate) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(keyring.unseal(row.sealed, storage_aad("document", row.code)))
    return document


def _status(session: Session, keyring: KeyRing, row: Certificate, today: date) -> str:
    asked = json.loads(keyring.unseal(row.asked_sealed, storage_aad("asked", row.code)))
    try:
        result, found = ask(session, keyring, asked, today)
    except CryptoError:
        return CHANGED
    if result != row.result:
        return CHANGED
    return status_of(row.found, [(listing.id, listing.version) for listing, _ in found])


def _masked(payload: dict[str, Any]) -> dict[str, Any]:
    subject = payload["subject"]
    if subject["type"] != "individual":
        return payload
    return payload | {"subject": subject | {"name": mask_person_name(subject["name"])}}
