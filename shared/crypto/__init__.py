"""Keys and what is done with them: sealing at rest, blind indexes, HPKE to recipients, token signing keys."""

from shared.crypto.hpke import hpke_open, hpke_seal, public_key_from_bytes
from shared.crypto.keys import CryptoError, KeyRing, RecipientKey, TokenKey

__all__ = [
    "CryptoError",
    "KeyRing",
    "RecipientKey",
    "TokenKey",
    "hpke_open",
    "hpke_seal",
    "public_key_from_bytes",
]
