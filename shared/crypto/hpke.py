"""HPKE (RFC 9180, base mode, X25519 / HKDF-SHA256 / AES-256-GCM): seal to a recipient's public key.

`cryptography` offers associated data only through its module-level functions with a leading underscore;
the version is pinned and the RFC's own vectors are tested, so a change there fails a test, not an exchange.
"""

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.bindings._rust import openssl as rust
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from shared.crypto.errors import CryptoError

_SUITE = hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)


def public_key_from_bytes(raw: bytes) -> X25519PublicKey:
    """A recipient's public key from its 32 raw bytes; CryptoError if it is none."""
    try:
        return X25519PublicKey.from_public_bytes(raw)
    except ValueError as error:
        raise CryptoError("not an X25519 public key") from error


def hpke_seal(public_key: X25519PublicKey, plain: bytes, aad: bytes, info: bytes = b"") -> bytes:
    """enc || ciphertext, readable by the recipient only and only with the same aad and info."""
    return rust.hpke._encrypt_with_aad(_SUITE, plain, public_key, info, aad)


def hpke_open(private_key: X25519PrivateKey, sealed: bytes, aad: bytes, info: bytes = b"") -> bytes:
    """Open what hpke_seal made; CryptoError if key, aad, info or content do not fit."""
    try:
        return rust.hpke._decrypt_with_aad(_SUITE, sealed, private_key, info, aad)
    except (InvalidTag, ValueError) as error:
        raise CryptoError("sealed value does not open here") from error
