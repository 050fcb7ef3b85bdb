"""Signed HTTP between us and platforms, and the guard that keeps outgoing calls on public addresses.

The signature covers method, path, body digest, timestamp and nonce:
"METHOD\\nPATH\\nDIGEST(body)\\nTS\\nNONCE" under HMAC-SHA256, HMAC-SM3 or SM2, in X-Key-Id, X-Timestamp,
X-Nonce and X-Signature; the digest is SHA-256, with SM3 and SM2 it is SM3. Older than 300 s, or a nonce
seen before, is refused.
"""

import hashlib
import hmac
import ipaddress
import socket
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Protocol
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.hmac import HMAC

from shared.crypto import CryptoError
from shared.crypto.sm2 import Sm2Signer, public_from_text
from shared.crypto.sm2 import verify as verify_sm2
from shared.random_bytes import random_bytes

WINDOW_SECONDS = 300
LONGEST_SIGNATURE = 200
ALGORITHMS = ("hmac-sha256", "hmac-sm3", "sm2")
"""With sm2 the secret is the signer's private key (PEM or 64 hexadecimal digits), and `secret_of` gives the
public key of whoever signed; with the others both sides hold the same secret."""
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolver = Callable[[str, int], Sequence[str]]


class BadSignature(Exception):
    """A signed request that is not to be believed; `reason` is safe to log and to answer."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class BlockedAddress(Exception):
    """An outgoing URL that does not lead to a public address."""


class Unresolved(BlockedAddress):
    """The name leads nowhere now; it may tomorrow."""


class NonceStore(Protocol):
    """Remembers nonces for at least the window; `add` is false if the nonce was there already."""

    def add(self, key_id: str, nonce: str, now: datetime) -> bool: ...


class MemoryNonces:
    """Nonces of one process, forgotten after twice the window."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str], float] = {}

    def add(self, key_id: str, nonce: str, now: datetime) -> bool:
        moment = now.timestamp()
        if len(self._seen) > 10_000:
            self._seen = {k: at for k, at in self._seen.items() if moment - at < 2 * WINDOW_SECONDS}
        if moment - self._seen.get((key_id, nonce), -1e18) < 2 * WINDOW_SECONDS:
            return False
        self._seen[(key_id, nonce)] = moment
        return True


def _mac(algorithm: str, secret: bytes, message: bytes) -> bytes:
    if algorithm == "hmac-sha256":
        return hmac.digest(secret, message, "sha256")
    if algorithm == "hmac-sm3":
        sm3 = HMAC(secret, hashes.SM3())
        sm3.update(message)
        return sm3.finalize()
    raise ValueError(f"unknown algorithm {algorithm}")


@lru_cache(maxsize=64)  # the public half is reckoned once
def _sm2_signer(secret: bytes) -> Sm2Signer:
    return Sm2Signer.from_text(secret.decode("utf-8", "replace"))


def _signed(algorithm: str, secret: bytes, message: bytes) -> str:
    if algorithm == "sm2":
        return _sm2_signer(secret).sign(message).hex()
    return _mac(algorithm, secret, message).hex()


def can_sign(algorithm: str, secret: bytes) -> bool:
    """Whether this is a key of the algorithm's kind, and SM2 can be signed with here."""
    try:
        return bool(_signed(algorithm, secret, b"") if secret else "")
    except CryptoError:
        return False


def can_check(algorithm: str, public: bytes) -> bool:
    """Whether the other side's signatures can be checked with this; with HMAC nothing more is needed."""
    try:
        return algorithm != "sm2" or bool(public_from_text(public.decode("utf-8", "replace")))
    except CryptoError:
        return False


def _fits(algorithm: str, secret: bytes, message: bytes, given: str) -> bool:
    if algorithm != "sm2":
        return hmac.compare_digest(_mac(algorithm, secret, message).hex().encode(), given.lower().encode())
    try:
        signature = bytes.fromhex(given) if len(given) <= LONGEST_SIGNATURE else b""
        return verify_sm2(public_from_text(secret.decode("utf-8", "replace")), message, signature)
    except (ValueError, CryptoError):
        return False


def _digest(algorithm: str, body: bytes) -> str:
    if algorithm == "hmac-sha256":
        return hashlib.sha256(body).hexdigest()
    sm3 = hashes.Hash(hashes.SM3())
    sm3.update(body)
    return sm3.finalize().hex()


def signed_lines(
    method: str, path: str, body: bytes, timestamp: str, nonce: str, algorithm: str = "hmac-sha256"
) -> bytes:
    """What the signature is over."""
    return "\n".join([method.upper(), path, _digest(algorithm, body), timestamp, nonce]).encode()


def sign_request(
    method: str,
    path: str,
    body: bytes,
    *,
    key_id: str,
    secret: bytes,
    now: datetime,
    algorithm: str = "hmac-sha256",
    nonce: str | None = None,
) -> dict[str, str]:
    """The headers to send. `path` is the request target as sent: path and query, without host."""
    timestamp, nonce = str(int(now.timestamp())), nonce or random_bytes(16).hex()
    signature = _signed(algorithm, secret, signed_lines(method, path, body, timestamp, nonce, algorithm))
    return {"X-Key-Id": key_id, "X-Timestamp": timestamp, "X-Nonce": nonce, "X-Signature": signature}


def verify_request(
    method: str,
    path: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    secret_of: Callable[[str], bytes | None],
    now: datetime,
    nonces: NonceStore,
    algorithm: str = "hmac-sha256",
) -> str:
    """The key id of a valid request; raises BadSignature. The nonce is spent only by a valid one."""
    key_id, timestamp = headers.get("X-Key-Id", ""), headers.get("X-Timestamp", "")
    nonce, given = headers.get("X-Nonce", ""), headers.get("X-Signature", "")
    secret = secret_of(key_id) if key_id else None
    if not secret:  # with none at all anybody could sign
        raise BadSignature("unknown key")
    if not timestamp.isascii() or not timestamp.isdigit() or len(timestamp) > 12:
        raise BadSignature("bad timestamp")
    if abs(now.timestamp() - int(timestamp)) > WINDOW_SECONDS:
        raise BadSignature("timestamp outside the window")
    if not 8 <= len(nonce) <= 128:
        raise BadSignature("bad nonce")
    if not _fits(algorithm, secret, signed_lines(method, path, body, timestamp, nonce, algorithm), given):
        raise BadSignature("signature does not match")
    if not nonces.add(key_id, nonce, now):
        raise BadSignature("nonce used before")
    return key_id


def system_resolver(host: str, port: int) -> list[str]:
    """The addresses of a host, also of one written as 127.1, 0x7f.1 or 2130706433; else OSError."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:
        raise OSError("not a host name") from error
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def resolve_public(
    url: str,
    *,
    allowed_hosts: frozenset[str] = frozenset(),
    https_only: bool = False,
    resolver: Resolver = system_resolver,
) -> tuple[str, ...]:
    """The addresses to connect to (connect to these, not to the name); raises BlockedAddress or Unresolved.

    `allowed_hosts` ("host" or "host:port") may also be private, and http where https is demanded of all
    others: the sandbox, tests, government networks.
    """
    scheme, host, port = _destination(url)
    allowed = host in allowed_hosts or f"{host}:{port}" in allowed_hosts
    if https_only and scheme != "https" and not allowed:
        raise BlockedAddress("only https")
    try:
        addresses = tuple(resolver(host, port))
    except OSError:
        raise Unresolved("the host name does not resolve") from None
    if not addresses:
        raise Unresolved("the host name has no address")
    if not allowed and not all(_is_public_text(address) for address in addresses):
        raise BlockedAddress("the host is not on a public address")
    return addresses


def _destination(url: str) -> tuple[str, str, int]:
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        raise BlockedAddress("not a URL") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname or "@" in parts.netloc:
        raise BlockedAddress("only http and https URLs without credentials")
    if any(character <= " " or character in "\\\x7f" for character in url):
        raise BlockedAddress("not a URL")
    return parts.scheme, parts.hostname, port


def _is_public_text(address: str) -> bool:
    try:
        return is_public(ipaddress.ip_address(address.partition("%")[0]))
    except ValueError:
        return False


def is_public(address: Address) -> bool:
    """Global unicast, also when written as an IPv4 address inside IPv6."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if inner is not None:
            return is_public(inner)
        if address in ipaddress.ip_network("64:ff9b::/96"):
            return is_public(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
        if address.is_reserved or address.is_site_local or address in ipaddress.ip_network("64:ff9b:1::/48"):
            return False
    return address.is_global and not address.is_multicast
