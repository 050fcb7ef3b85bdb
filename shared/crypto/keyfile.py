"""The key ring's file: JSON, mode 600, created by link (first process wins) and changed under a lock."""

import base64
import fcntl
import json
import os
import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from shared.crypto import blind
from shared.crypto.sm2 import ALGORITHM as SM2
from shared.crypto.sm2 import Sm2Signer

_PREFIXES = {
    "storage": "s", "blind": "b", "token": "t", "webhook": "w", "recipient": "r", "letter": "l",
    "log": "g", "certificate": "c",
}  # fmt: skip


@dataclass(frozen=True)
class Key:
    """One key. `secret` is empty for recipients who live elsewhere; `public` for recipients and SM2."""

    kind: str
    id: str
    created: str
    active: bool = True
    name: str = ""
    algorithm: str = ""
    secret: bytes = b""
    public: bytes = b""

    def __repr__(self) -> str:
        return f"Key({self.kind}, {self.id}, active={self.active})"

    def retired(self) -> "Key":
        """The same key, no longer used for anything new."""
        return replace(self, active=False)

    @classmethod
    def of_public(cls, name: str, public: bytes) -> "Key":
        """An outside recipient's key, of which only the public half is known here."""
        return cls(
            "recipient", _new_key_id("recipient"), _today(), name=name, algorithm="x25519", public=public
        )

    @classmethod
    def of_sm2(cls, kind: str, signer: Sm2Signer) -> "Key":
        """A signing key beside the kind's Ed25519 key."""
        return cls(kind, signer.key_id, _today(), algorithm=SM2, secret=signer.secret, public=signer.public)

    def to_document(self) -> dict[str, Any]:
        """As JSON."""
        document = asdict(self)
        document["secret"] = base64.b64encode(self.secret).decode()
        document["public"] = base64.b64encode(self.public).decode()
        return document

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> "Key":
        """From JSON."""
        fields = dict(document)
        fields["secret"] = base64.b64decode(fields.get("secret", ""))
        fields["public"] = base64.b64decode(fields.get("public", ""))
        return cls(**fields)


def _today() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _new_key_id(kind: str) -> str:
    return _PREFIXES[kind] + secrets.token_hex(4)


def new_key(kind: str, name: str, suite: str) -> Key:
    """A fresh active key; ValueError for an unknown kind."""
    if kind not in _PREFIXES:
        raise ValueError(f"no such kind of key: {kind}")
    secret, public, algorithm = secrets.token_bytes(32), b"", ""
    if kind == "recipient":
        private = X25519PrivateKey.generate()
        secret, public, algorithm = (
            private.private_bytes_raw(),
            private.public_key().public_bytes_raw(),
            "x25519",
        )
    elif kind == "blind":
        algorithm = blind.ALGORITHMS[suite]
    elif kind in ("token", "letter", "log", "certificate"):
        algorithm = "ed25519"
    return Key(
        kind, _new_key_id(kind), _today(), name=name, algorithm=algorithm, secret=secret, public=public
    )


def read_file(path: Path) -> list[Key]:
    """All keys of a file; FileNotFoundError if there is none."""
    return [Key.from_document(document) for document in json.loads(path.read_text("utf-8"))["keys"]]


def create_file(path: Path, keys: list[Key]) -> None:
    """Write a new file, complete or not at all; FileExistsError if another process was faster."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = _write_beside(path, keys)
    try:
        os.link(fresh, path)
    finally:
        fresh.unlink()


def update_file(path: Path, change: Callable[[list[Key]], list[Key]]) -> list[Key]:
    """Read, change and atomically replace the file, alone; returns the new keys."""
    lock = path.with_name(path.name + ".lock")
    descriptor = os.open(lock, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        keys = change(read_file(path))
        _write_beside(path, keys).replace(path)
        return keys
    finally:
        os.close(descriptor)


def _write_beside(path: Path, keys: list[Key]) -> Path:
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    content = json.dumps({"version": 1, "keys": [key.to_document() for key in keys]}, indent=1)
    descriptor = os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return fresh
