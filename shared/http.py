"""Signed HTTP between us and platforms, and the guard that keeps outgoing calls on public addresses.

The signature covers method, path, body digest, timestamp and nonce:
"METHOD\\nPATH\\nSHA256(body)\\nTS\\nNONCE" under HMAC-SHA256 or HMAC-SM3, in X-Key-Id, X-Timestamp,
X-Nonce and X-Signature. Older than 300 s, or a nonce seen before, is refused.
"""

import hashlib
import hmac
import ipaddress
import secrets
import socket
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Protocol
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.hmac import HMAC

WINDOW_SECONDS = 300
ALGORITHMS = ("hmac-sha256", "hmac-sm3")
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
    if algorithm == "hmac-sm3":
        sm3 = HMAC(secret, hashes.SM3())
        sm3.update(message)
        return sm3.finalize()
    if algorithm == "hmac-sha256":
        return hmac.digest(secret, message, "sha256")
    raise ValueError(f"unknown algorithm {algorithm}")


def _message(method: str, path: str, body: bytes, timestamp: str, nonce: str) -> bytes:
    return "\n".join([method.upper(), path, hashlib.sha256(body).hexdigest(), timestamp, nonce]).encode()


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
    timestamp, nonce = str(int(now.timestamp())), nonce or secrets.token_hex(16)
    signature = _mac(algorithm, secret, _message(method, path, body, timestamp, nonce)).hex()
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
    if secret is None:
        raise BadSignature("unknown key")
    if not timestamp.isascii() or not timestamp.isdigit() or len(timestamp) > 12:
        raise BadSignature("bad timestamp")
    if abs(now.timestamp() - int(timestamp)) > WINDOW_SECONDS:
        raise BadSignature("timestamp outside the window")
    if not 8 <= len(nonce) <= 128:
        raise BadSignature("bad nonce")
    expected = _mac(algorithm, secret, _message(method, path, body, timestamp, nonce)).hex()
    if not hmac.compare_digest(expected.encode(), given.lower().encode()):
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
