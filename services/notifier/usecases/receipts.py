"""签收凭证: an acknowledgement that was demanded is signed by the system, over what was read, by whom, when.

The signature is over the document alone (canonical JSON behind a purpose), so that a copy can be held against
it anywhere; whoever changes a word of it, or of the message it names by its digest, has no proof.
"""

import base64
import json
from collections.abc import Collection, Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

from cryptography.exceptions import InvalidSignature
from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session

from services.notifier.models import Escalation, Notice
from services.notifier.routing.enforcement import STOP
from shared.crypto import KeyRing
from shared.web.access import Principal

SIGNED_PURPOSE = b"notice acknowledgement v1\n"
ALGORITHM = "ed25519"
Proof = dict[str, Any]


def proofs_of(
    session: Session, keyring: KeyRing, ids: Collection[str], actor: Principal, at: datetime
) -> dict[str, Proof]:
    """By message, of those that demand it: what the actor acknowledges now, signed."""
    climbs = exists().where(Escalation.notice_id == Notice.id)
    demands = or_(climbs, Notice.event_type.startswith("escalation."), Notice.event_type == STOP)
    rows = session.scalars(select(Notice).where(Notice.id.in_(ids), demands)).all()
    return {row.id: _signed(_document(row, actor, at), keyring) for row in rows}


def _document(notice: Notice, actor: Principal, at: datetime) -> dict[str, Any]:
    return {
        "notice_id": notice.id,
        "event_type": notice.event_type,
        "subject_id": notice.subject_id,
        "title": notice.title,
        "text_sha256": text_digest(notice.title, notice.body),
        "department_id": actor.department_id,
        "department_name": actor.department_name,
        "reader_id": actor.user_id,
        "reader_name": actor.display_name,
        "acknowledged_at": at.isoformat(),
    }


def text_digest(title: str, body: str) -> str:
    """SHA-256 of title, line break and body as they were shown."""
    return sha256(f"{title}\n{body}".encode()).hexdigest()


def _canonical(document: Mapping[str, Any]) -> bytes:
    """Sorted keys, no blanks, UTF-8 (lone surrogates, which JSON may hold, as they are)."""
    text = json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return SIGNED_PURPOSE + text.encode("utf-8", "surrogatepass")


def _signed(document: dict[str, Any], keyring: KeyRing) -> Proof:
    key = keyring.letter_private()
    value = base64.b64encode(key.private.sign(_canonical(document))).decode()
    signature = {"algorithm": ALGORITHM, "key_id": key.kid, "value": value}
    return {"document": document, "signature": signature}


def is_genuine(document: Mapping[str, Any], signature: Mapping[str, str], keyring: KeyRing) -> bool:
    """Whether we signed exactly this, under any key we ever had."""
    key = keyring.letter_public().get(signature.get("key_id", ""))
    if key is None or signature.get("algorithm") != ALGORITHM:
        return False
    try:
        key.verify(base64.b64decode(signature.get("value", "")), _canonical(document))
    except (InvalidSignature, ValueError, RecursionError):
        return False
    return True
