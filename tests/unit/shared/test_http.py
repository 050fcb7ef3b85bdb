"""Request signatures and the guard against private addresses."""

import ipaddress
import socket
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.crypto.sm2 import Sm2Signer
from shared.http import (
    BadSignature,
    BlockedAddress,
    MemoryNonces,
    can_check,
    can_sign,
    is_public,
    resolve_public,
    sign_request,
    verify_request,
)

NOW = datetime(2026, 11, 12, 2, 30, tzinfo=UTC)
SECRET = b"a shared secret"


def verify(headers: dict[str, str], **changes: Any) -> str:
    how: dict[str, Any] = {
        "method": "POST",
        "path": "/x?y=1",
        "body": b"{}",
        "secret_of": {"k1": SECRET}.get,
        "now": NOW,
        "nonces": MemoryNonces(),
    } | changes
    return verify_request(how.pop("method"), how.pop("path"), how.pop("body"), headers, **how)


def signed(**changes: Any) -> dict[str, str]:
    how: dict[str, Any] = {"key_id": "k1", "secret": SECRET, "now": NOW} | changes
    return sign_request("POST", "/x?y=1", b"{}", **how)


@pytest.mark.parametrize("algorithm", ["hmac-sha256", "hmac-sm3"])
def test_a_signed_request_is_believed(algorithm: str) -> None:
    assert verify(signed(algorithm=algorithm), algorithm=algorithm) == "k1"


def test_a_key_without_a_secret_signs_nothing() -> None:
    with pytest.raises(BadSignature, match="unknown key"):
        verify(signed(secret=b""), secret_of={"k1": b""}.get)


@pytest.mark.parametrize(
    "changes",
    [
        {"method": "PUT"},
        {"path": "/x?y=2"},
        {"body": b"{ }"},
        {"secret_of": {"k1": b"another"}.get},
        {"secret_of": {}.get},
        {"now": NOW + timedelta(seconds=301)},
        {"now": NOW - timedelta(seconds=301)},
        {"algorithm": "hmac-sm3"},
    ],
)
def test_anything_altered_is_not(changes: dict[str, Any]) -> None:
    with pytest.raises(BadSignature):
        verify(signed(), **changes)


def test_with_sm2_each_side_signs_with_a_key_of_its_own() -> None:
    ours, theirs = (Sm2Signer.from_secret(bytes([number]) * 32) for number in (1, 2))
    headers = signed(algorithm="sm2", secret=ours.private_pem().encode())
    for public, believed in ((ours.public_pem(), True), (theirs.public.hex(), False), ("no key", False)):
        checked = {"secret_of": lambda _, public=public: public.encode(), "algorithm": "sm2"}
        if believed:
            assert verify(headers, **checked) == "k1"
        else:
            with pytest.raises(BadSignature, match="does not match"):
                verify(headers, **checked)
    endless = headers | {"X-Signature": "30" * 5000}
    with pytest.raises(BadSignature):
        verify(endless, secret_of=lambda _: ours.public_pem().encode(), algorithm="sm2")


def test_keys_that_cannot_be_used_are_known_before_anything_is_signed() -> None:
    signer = Sm2Signer.from_secret(b"\1" * 32)
    assert [can_sign("sm2", secret) for secret in (signer.private_pem().encode(), b"x")] == [True, False]
    assert [can_check("sm2", public) for public in (signer.public.hex().encode(), b"")] == [True, False]
    assert can_sign("hmac-sm3", b"x")
    assert can_check("hmac-sm3", b"")
    assert not can_sign("hmac-sha256", b"")


@pytest.mark.parametrize("header", ["X-Key-Id", "X-Timestamp", "X-Nonce", "X-Signature"])
@pytest.mark.parametrize("value", ["", "0", "x" * 200, "１２３", "é"])
def test_broken_headers_are_refused(header: str, value: str) -> None:
    with pytest.raises(BadSignature):
        verify(signed() | {header: value})


def test_a_nonce_serves_once_and_only_a_valid_request_spends_it() -> None:
    nonces, headers = MemoryNonces(), signed(nonce="n" * 16)
    with pytest.raises(BadSignature, match="does not match"):
        verify(headers, body=b"altered", nonces=nonces)
    assert verify(headers, nonces=nonces) == "k1"
    with pytest.raises(BadSignature, match="nonce"):
        verify(headers, nonces=nonces)


def test_nonces_are_forgotten_after_the_window() -> None:
    nonces = MemoryNonces()
    for at in range(10_002):
        assert nonces.add("k", str(at), NOW)
    assert nonces.add("k", "late", NOW + timedelta(seconds=700))
    assert len(nonces._seen) == 1


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1",
        "fc00::1",
        "ff02::1",
        "::ffff:10.0.0.1",
        "::ffff:127.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
    ],
)
def test_private_addresses(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700:4700::1111", "::ffff:8.8.8.8"])
def test_public_addresses(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://2130706433/",
        "http://0x7f.1/",
        "http://[::1]:80/",
        "http://localhost:8000/",
        "ftp://8.8.8.8/",
        "file:///etc/passwd",
        "http://user:pw@8.8.8.8/",
        "http://8.8.8.8:99999/",
        "http:///x",
        "http://no-such-host.invalid/",
        "",
    ],
)
def test_urls_that_are_blocked(url: str) -> None:
    with pytest.raises(BlockedAddress):
        resolve_public(url)


def test_allowed_hosts_may_be_private() -> None:
    allowed = frozenset({"127.0.0.1:8090"})
    assert resolve_public("http://127.0.0.1:8090/x", allowed_hosts=allowed) == ("127.0.0.1",)
    with pytest.raises(BlockedAddress):
        resolve_public("http://127.0.0.1:8091/x", allowed_hosts=allowed)


def test_one_private_address_among_public_ones_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    def two(*_: Any, **__: Any) -> list[Any]:
        return [(2, 1, 6, "", ("8.8.8.8", 80)), (2, 1, 6, "", ("10.0.0.1", 80))]

    monkeypatch.setattr(socket, "getaddrinfo", two)
    with pytest.raises(BlockedAddress):
        resolve_public("http://rebinding.example/")
