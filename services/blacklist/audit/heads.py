"""链首 signed and kept elsewhere: one JSON line a head, appended; only who holds the key can make one.

Put AUDIT_HEADS_FILE on another machine's disk: what is kept beside the database goes with it.
"""

import json
import os
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from sqlalchemy import Table

from services.blacklist.audit.domain import Head
from services.blacklist.audit.queries import head
from shared.clock import Clock
from shared.crypto import KeyRing
from shared.db import Database
from shared.leases import Lease
from shared.logs import get_log

log = get_log(__name__)
KEY = "log"
EVERY_SECONDS = 60.0


class BadHeads(ValueError):
    """A kept head that cannot be read or was not signed by us; the text says which line."""


def signed_line(kept: Head, keyring: KeyRing) -> str:
    key = keyring.signer(KEY)
    signature = key.private.sign(kept.text).hex()
    document = {"position": kept.position, "hash": kept.hash, "at": kept.at, "key": key.kid}
    return json.dumps(document | {"signature": signature}, sort_keys=True)


def read_heads(lines: Iterable[str], keyring: KeyRing) -> list[Head]:
    """Every head whose signature holds; BadHeads at the first that does not."""
    keys = {key.kid: key.private.public_key() for key in keyring.signers(KEY)}
    found = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            told = json.loads(line)
            kept = Head(int(told["position"]), str(told["hash"]), str(told["at"]))
            keys[told["key"]].verify(bytes.fromhex(told["signature"]), kept.text)
        except (ValueError, KeyError, TypeError, RecursionError, InvalidSignature) as error:
            raise BadHeads(f"第{number}行不是本系统签名的链首") from error
        found.append(kept)
    return found


def current_head(db: Database, at: datetime) -> Head | None:
    with db.read() as session:
        position, digest = head(session)
    return Head(position, digest, at.isoformat(timespec="seconds")) if position else None


def warn_beside(file: Path, data_dir: Path) -> None:
    """Said once at start: heads on the disk of the database prove nothing once that disk is another's."""
    if file.resolve().is_relative_to(data_dir.resolve()):
        log.warning("audit_heads_beside_the_data", file=str(file), remedy="set AUDIT_HEADS_FILE")


def keep_head(file: Path, kept: Head, keyring: KeyRing) -> None:
    """Appended and synced; earlier lines are never touched."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a", encoding="ascii") as out:
        out.write(signed_line(kept, keyring) + "\n")
        out.flush()
        os.fsync(out.fileno())


class HeadKeeper:
    """Loop: every minute in which the trail grew, its head goes to the file kept elsewhere."""

    name = "audit-heads"

    def __init__(
        self, db: Database, leases: Table, keyring: KeyRing, clock: Clock, file: Path, holder: str,
        every: float = EVERY_SECONDS,
    ) -> None:  # fmt: skip
        self._db, self._keyring, self._clock, self._file, self._every = db, keyring, clock, file, every
        self._lease = Lease(db, leases, self.name, holder)
        self._position, self._due = 0, 0.0

    def step(self) -> bool:
        now = self._clock.system_now()
        if now.timestamp() < self._due or not self._lease.acquire():
            return False
        self._due = now.timestamp() + self._every
        found = current_head(self._db, now)
        if found is not None and found.position > self._position:
            keep_head(self._file, found, self._keyring)
            self._position = found.position
        return False
