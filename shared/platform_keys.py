"""Signing keys shared with the stand-in platforms: one file of mode 600, each made by whoever asks first.

The file is {platform: {"key_id", "secret"}}; the secret's text, as UTF-8 bytes, is the HMAC key.
Keys of real platforms are settings, not this file.
"""

import fcntl
import json
import os
import secrets
from pathlib import Path
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey


class PlatformKey(NamedTuple):
    """One platform's key, for signing in both directions."""

    key_id: str
    secret: bytes


def platform_key(path: Path, platform: str) -> PlatformKey:
    """The key of a platform, made if there is none yet; safe across processes."""
    entry = _read(path).get(platform) or _add(path, platform)
    return PlatformKey(entry["key_id"], entry["secret"].encode())


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


def _add(path: Path, platform: str) -> dict[str, str]:
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = os.open(path.with_name(path.name + ".lock"), os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        entries = _read(path)
        if platform not in entries:
            entries[platform] = {
                "key_id": f"{platform}-{secrets.token_hex(3)}",
                "secret": secrets.token_hex(32),
            }
            _replace(path, entries)
        return entries[platform]
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
