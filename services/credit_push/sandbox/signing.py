"""Signatures as docs/platform-wire.md words them, with the standard library and GmSSL: none of our code.

What the other side signs with `cryptography` is checked here by something else, and the other way round.
"""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from importlib import import_module
from typing import Protocol

from services.credit_push.sandbox.platforms import Platform
from shared.platform_keys import PlatformKey

WINDOW_SECONDS = 300


class Nonces(Protocol):
    """Remembers nonces; `add` is false if the nonce was there already."""

    def add(self, key_id: str, nonce: str, now: datetime) -> bool: ...


class Distrusted(Exception):
    """A request that is not to be believed, and why."""


def lines_of(algorithm: str, method: str, target: str, body: bytes, timestamp: str, nonce: str) -> bytes:
    """What a signature is over: five lines."""
    digest = hashlib.new("sha256" if algorithm == "hmac-sha256" else "sm3", body).hexdigest()
    return "\n".join([method.upper(), target, digest, timestamp, nonce]).encode()


def sign(algorithm: str, secret: bytes, lines: bytes) -> str:
    """The signature in hexadecimal digits."""
    if algorithm == "sm2":
        from shared.crypto.sm2 import Sm2Signer

        return Sm2Signer.from_text(secret.decode()).sign(lines).hex()
    return hmac.new(secret, lines, algorithm.removeprefix("hmac-")).hexdigest()


def fits(algorithm: str, secret: bytes, lines: bytes, signature: str) -> bool:
    """Whether the signature is over these lines; with SM2 `secret` is the signer's public key in hex."""
    if algorithm != "sm2":
        return hmac.compare_digest(sign(algorithm, secret, lines).encode(), signature.lower().encode())
    library = import_module("gmssl_pyx")  # an extra
    try:
        point = bytes.fromhex(secret.decode())[1:]
        return bool(library.sm2_verify(point, lines, bytes.fromhex(signature)))
    except (ValueError, library.GmsslInnerError):
        return False


def signed_headers(
    platform: Platform, key: PlatformKey, method: str, target: str, body: bytes, now: datetime, nonce: str
) -> dict[str, str]:
    """The four headers of a request this platform makes."""
    timestamp = str(int(now.timestamp()))
    lines = lines_of(platform.signature, method, target, body, timestamp, nonce)
    signature = sign(platform.signature, key.secret, lines)
    return {"X-Key-Id": key.key_id, "X-Timestamp": timestamp, "X-Nonce": nonce, "X-Signature": signature}


def check(
    platform: Platform,
    key: PlatformKey,
    request: tuple[str, str, bytes],
    headers: Mapping[str, str],
    now: datetime,
    nonces: Nonces,
) -> None:
    """Distrusted unless the request (method, target, body) is signed with the platform's key, now, once."""
    timestamp, nonce = headers.get("X-Timestamp", ""), headers.get("X-Nonce", "")
    if headers.get("X-Key-Id") != key.key_id:
        raise Distrusted("unknown key")
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        raise Distrusted("bad timestamp")
    if abs(now.timestamp() - int(timestamp)) > WINDOW_SECONDS:
        raise Distrusted("timestamp outside the window")
    if not 8 <= len(nonce) <= 128:
        raise Distrusted("bad nonce")
    lines = lines_of(platform.signature, *request, timestamp, nonce)
    if not fits(platform.signature, key.theirs(platform.signature), lines, headers.get("X-Signature", "")):
        raise Distrusted("signature does not match")
    if not nonces.add(key.key_id, nonce, now):
        raise Distrusted("nonce used before")
