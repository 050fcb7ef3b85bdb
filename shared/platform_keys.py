"""Signing keys shared with the stand-in platforms: one file of mode 600, each made by whoever asks first.

The file is {platform: {"key_id", "secret", "public"?}}; the secret's text, as UTF-8 bytes, is the HMAC key;
with SM2 it is our private key, and `public` the platform's public one.
Keys of real platforms are settings, not this file.
"""

import fcntl
import hashlib
import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from shared.crypto.sm2 import Sm2Signer


class PlatformKey(NamedTuple):
    """One platform's key, for signing in both directions; with SM2 our private and their public one."""

    key_id: str
    secret: bytes
    public: bytes = b""

    def theirs(self, algorithm: str) -> bytes:
        """What a signature of the other side is checked with."""
        return self.public if algorithm == "sm2" else self.secret


def platform_key(path: Path, platform: str) -> PlatformKey:
    """The key of a platform, made if there is none yet; safe across processes."""
    entry = _read(path).get(platform) or _add(path, platform)
    return key_from(entry)


def key_from(entry: Mapping[str, str]) -> PlatformKey:
    """A key as the files write it."""
    return PlatformKey(entry["key_id"], entry["secret"].encode(), entry.get("public", "").encode())


def stand_in_sm2(path: Path, platform: str) -> PlatformKey:
    """A stand-in's own half of two SM2 keys: its public one is laid down for us."""
    entry = _read(path).get(platform) or _add(path, platform)
    own = Sm2Signer.from_text(hashlib.sha256(f"stand-in {entry['secret']}".encode()).hexdigest())
    if entry.get("public") != own.public.hex():
        entry = _add(path, platform, public=own.public.hex())
    ours = Sm2Signer.from_text(entry["secret"])
    return PlatformKey(entry["key_id"], own.private_pem().encode(), ours.public.hex().encode())


RECIPIENTS = "recipients.json"
"""The stand-ins' own keys to open what is sealed to them, beside `keys.json`."""


def stand_in_recipient(path: Path, platform: str) -> X25519PrivateKey:
    """A stand-in's private key, made if there is none; of real platforms only the public half is known."""
    secret = platform_key(path, platform).secret.decode()
    return X25519PrivateKey.from_private_bytes(bytes.fromhex(secret))


def _read(path: Path) -> dict[str, dict[str, str]]:
    try:
        entries: dict[str, dict[str, str]] = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    return entries


def _add(path: Path, platform: str, **more: str) -> dict[str, str]:
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = os.open(path.with_name(path.name + ".lock"), os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        entries = _read(path)
        made = {"key_id": f"{platform}-{secrets.token_hex(3)}", "secret": secrets.token_hex(32)}
        entry = entries.get(platform, made) | more
        if entry != entries.get(platform):
            _replace(path, entries | {platform: entry})
        return entry
    finally:
        os.close(lock)


def _replace(path: Path, entries: dict[str, dict[str, str]]) -> None:
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    descriptor = os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(entries, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
