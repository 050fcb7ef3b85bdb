"""From a claimed version to what goes out. Identity numbers are opened here, at the moment of sending, only.

What was sent is kept as a digest, and sealed where the platform is later changed by content.
"""

import base64
import binascii
import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from services.credit_push.catalogue import Profile
from services.credit_push.domain import WITHDRAW, Record
from services.credit_push.formats import Content, content_digest, encode, match_key, stable_json
from services.credit_push.usecases.rows import Row
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


@dataclass(slots=True)
class Sent:
    """What is kept of what went out; worked out before any transaction is open."""

    layout: str
    digest: str
    match_key: str | None
    row: str | None
    """The row, sealed, where the platform is later changed by content."""

    def note(self, delivery: Row) -> None:
        """Keep it on the delivery."""
        delivery.layout, delivery.content_digest = self.layout, self.digest
        delivery.match_key, delivery.sent_row = self.match_key, self.row


def sent_content(
    keyring: KeyRing, profile: Profile, content: Content, operation: str, listing_id: str, delivery_id: str
) -> Sent:
    """What to keep of a content; of a withdrawal only its digest."""
    if operation == WITHDRAW:
        return Sent(content.layout, content_digest(content), None, None)
    sealed = None
    if profile.transport.kind == "exchange_db":
        sealed = keyring.seal(stable_json(content.row), sent_aad(delivery_id))
    key = match_key(content.layout, content.row, listing_id)
    return Sent(content.layout, content_digest(content), key, sealed)


def sent_aad(delivery_id: str) -> str:
    """What a sealed row is bound to."""
    return f"push.sent_row.{delivery_id}"


def former_rows(keyring: KeyRing, formers: Iterable[tuple[str, str]]) -> tuple[dict[str, str], ...]:
    """Rows as they were sent, each with the delivery it is sealed for, opened."""
    return tuple(json.loads(keyring.unseal(sealed, sent_aad(delivery))) for sealed, delivery in formers)
