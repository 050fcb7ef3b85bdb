"""The port to electronic seals (电子签章): sign a letter's bytes, and verify what was signed.

A provincial seal platform is another adapter; Ed25519 with a key of this installation needs nothing outside.
"""

import base64
from dataclasses import dataclass
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from shared.crypto import KeyRing


@dataclass(frozen=True)
class Signature:
    """A detached signature with all that is needed to check it; binary parts in base64."""

    algorithm: str
    key_id: str
    public_key: str
    value: str


class ElectronicSeal(Protocol):
    """Signs for a department; never changes the letter itself."""

    def sign(self, content: bytes) -> Signature:
        """A detached signature over exactly these bytes."""
        ...

    def verify(self, content: bytes, signature: Signature) -> bool:
        """Whether the signature is this seal's own over exactly these bytes."""
        ...


class Ed25519Seal:
    """Signs with the key ring's letter key; knows its former keys, so that old letters stay verifiable."""

    algorithm = "ed25519"

    def __init__(self, keyring: KeyRing) -> None:
        self._keyring = keyring

    def sign(self, content: bytes) -> Signature:
        key = self._keyring.letter_private()
        public = key.private.public_key().public_bytes_raw()
        return Signature(self.algorithm, key.kid, _text(public), _text(key.private.sign(content)))

    def verify(self, content: bytes, signature: Signature) -> bool:
        known = self._keyring.letter_public().get(signature.key_id)
        if known is None or signature.algorithm != self.algorithm:
            return False
        return known.public_bytes_raw() == base64.b64decode(signature.public_key) and _good(
            known, content, signature
        )


def _good(key: Ed25519PublicKey, content: bytes, signature: Signature) -> bool:
    try:
        key.verify(base64.b64decode(signature.value), content)
    except InvalidSignature:
        return False
    return True


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
