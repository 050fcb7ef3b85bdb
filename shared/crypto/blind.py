"""Blind index: find a sealed identity number by equality, opening nothing (HMAC-SHA256 or HMAC-SM3)."""

import unicodedata

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.hmac import HMAC

ALGORITHMS = {"intl": "sha256", "gm": "sm3"}


def normalised(value: str) -> str:
    """What is indexed: compatibility form, upper case, no blanks at the ends."""
    return unicodedata.normalize("NFKC", value).strip().upper()


def index(secret: bytes, key_id: str, algorithm: str, value: str) -> str:
    """ "<key id>:<hex>" of the normalised value."""
    digest: hashes.HashAlgorithm = hashes.SM3() if algorithm == "sm3" else hashes.SHA256()
    mac = HMAC(secret, digest)
    mac.update(normalised(value).encode())
    return f"{key_id}:{mac.finalize().hex()}"
