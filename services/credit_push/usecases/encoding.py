"""From a claimed version to what goes out. Identity numbers are opened here, at the moment of sending, only.

What was sent is kept as a digest, and sealed where the platform is later changed by content.
"""

import base64
import binascii
import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from services.credit_push.catalogue import Profile
from services.credit_push.domain import WITHDRAW, Record
from services.credit_push.formats import Content, content_digest, encode, match_key, stable_json
from services.credit_push.models import Delivery
from shared.crypto import CryptoError, KeyRing, hpke_open

RECIPIENT = "credit-push"
INFO = b"credit-blacklist exchange v1"
OPENED_FIELDS = ("id_number", "legal_representative_id_number")


def exchange_aad(record: Record, field: str) -> bytes:
    """What an identity number on the exchange topic is bound to."""
    return f"blacklist.exchange.v1|{record.listing_id}|{record.version}|{field}".encode()


def open_identities(keyring: KeyRing, record: Record, identities: Iterable[dict[str, Any]]) -> Record:
    """The record with the identity numbers sealed to us; CryptoError if one does not open."""
    opened: dict[str, Any] = {}
    for identity in identities:
        if identity.get("recipient") != RECIPIENT or identity.get("field") not in OPENED_FIELDS:
            continue
        field = str(identity["field"])
        try:
            sealed = base64.b64decode(identity["sealed"], validate=True)
        except (binascii.Error, ValueError) as error:
            raise CryptoError("sealed value is not base64") from error
        key = keyring.hpke_private(RECIPIENT, identity.get("key_id"))
        opened[field] = hpke_open(key, sealed, exchange_aad(record, field), INFO).decode()
    return replace(record, subject=replace(record.subject, **opened)) if opened else record


def content_of(
    keyring: KeyRing, profile: Profile, record: Record, identities: Iterable[dict[str, Any]], operation: str
) -> Content:
    """The version in the platform's layout; Unacceptable if the platform would refuse it."""
    return encode(profile, open_identities(keyring, record, identities), operation)


def note_content(keyring: KeyRing, profile: Profile, row: Delivery, content: Content) -> None:
    """Keep on the delivery what was sent."""
    row.layout, row.content_digest = content.layout, content_digest(content)
    if row.operation == WITHDRAW:
        return
    row.match_key = match_key(content.layout, content.row, row.listing_id)
    if profile.transport.kind == "exchange_db":
        row.sent_row = keyring.seal(stable_json(content.row), sent_aad(row.id))


def sent_aad(delivery_id: str) -> str:
    """What a sealed row is bound to."""
    return f"push.sent_row.{delivery_id}"


def former_row(keyring: KeyRing, former: tuple[str, str] | None) -> dict[str, str] | None:
    """The row a platform shows now, opened."""
    if former is None:
        return None
    sealed, delivery_id = former
    row: dict[str, str] = json.loads(keyring.unseal(sealed, sent_aad(delivery_id)))
    return row
