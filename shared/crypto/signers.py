"""What signs: one interface before Ed25519 and SM2, and before a security module (密码机) that keeps its key.

Whoever signs knows neither the algorithm nor where the key lies; whoever checks is told the algorithm's name.
"""

from dataclasses import dataclass, field
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from shared.crypto import sm2

ED25519, SM2 = "ed25519", sm2.ALGORITHM
NAMES = {ED25519: "Ed25519", SM2: "SM2"}


class Signer(Protocol):
    """A key that signs; `public` are the bytes `verify` takes for its algorithm."""

    @property
    def algorithm(self) -> str: ...

    @property
    def key_id(self) -> str: ...

    @property
    def public(self) -> bytes: ...

    def sign(self, message: bytes) -> bytes: ...


@dataclass(frozen=True)
class Ed25519Signer:
    """An Ed25519 key of the key ring."""

    key_id: str
    _private: Ed25519PrivateKey = field(repr=False)
    algorithm: str = ED25519

    @property
    def public(self) -> bytes:
        return self._private.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        return self._private.sign(message)


def verify(algorithm: str, public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the signature is over exactly this message; CryptoError where SM2 cannot be checked here."""
    if algorithm == SM2:
        return sm2.verify(public, message, signature)
    if algorithm != ED25519:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True
