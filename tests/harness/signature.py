"""X-Signature as docs/platform-wire.md words it, by the standard library and GmSSL: no code of ours."""

import hashlib
import hmac
from collections.abc import Mapping

import gmssl_pyx


def lines_of(
    method: str, target: str, body: bytes, timestamp: str, nonce: str, algorithm: str = "hmac-sha256"
) -> bytes:
    """Five lines joined by a line feed."""
    national = algorithm != "hmac-sha256"
    digest = gmssl_pyx.sm3_hash(body) if national else hashlib.sha256(body).digest()
    return "\n".join([method.upper(), target, digest.hex(), timestamp, nonce]).encode("utf-8")


def signature_of(
    method: str,
    target: str,
    body: bytes,
    timestamp: str,
    nonce: str,
    secret: bytes,
    algorithm: str = "hmac-sha256",
) -> str:
    """HMAC under the key's secret, in hex."""
    lines = lines_of(method, target, body, timestamp, nonce, algorithm)
    if algorithm == "hmac-sm3":
        return str(gmssl_pyx.sm3_hmac(secret, lines).hex())
    return hmac.new(secret, lines, hashlib.sha256).hexdigest()


def is_signed(
    method: str,
    target: str,
    body: bytes,
    headers: Mapping[str, str],
    secret: bytes,
    algorithm: str = "hmac-sha256",
) -> bool:
    """Whether the four headers of a captured request fit it; says nothing of its time.

    With sm2 `secret` is the 64 bytes of the signer's public point.
    """
    timestamp, nonce, given = headers["X-Timestamp"], headers["X-Nonce"], headers["X-Signature"]
    if algorithm == "sm2":
        lines = lines_of(method, target, body, timestamp, nonce, algorithm)
        fits = bool(gmssl_pyx.sm2_verify(secret, lines, bytes.fromhex(given)))
    else:
        fits = given == signature_of(method, target, body, timestamp, nonce, secret, algorithm)
    return bool(headers["X-Key-Id"]) and 8 <= len(nonce) <= 128 and fits
