"""X-Signature as docs/platform-wire.md words it, by the standard library alone: no code of ours."""

import hashlib
import hmac
from collections.abc import Mapping


def signature_of(method: str, target: str, body: bytes, timestamp: str, nonce: str, secret: bytes) -> str:
    """Five lines joined by a line feed, HMAC-SHA256 under the key's secret, in hex."""
    lines = [method.upper(), target, hashlib.sha256(body).hexdigest(), timestamp, nonce]
    return hmac.new(secret, "\n".join(lines).encode("utf-8"), hashlib.sha256).hexdigest()


def is_signed(method: str, target: str, body: bytes, headers: Mapping[str, str], secret: bytes) -> bool:
    """Whether the four headers of a captured request fit it; says nothing of its time."""
    timestamp, nonce = headers["X-Timestamp"], headers["X-Nonce"]
    expected = signature_of(method, target, body, timestamp, nonce, secret)
    return bool(headers["X-Key-Id"]) and 8 <= len(nonce) <= 128 and headers["X-Signature"] == expected
