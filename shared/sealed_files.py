"""Files sealed at rest, named by the id of their row and nothing else.

A file is kept before its row is written: a crash leaves a file without a row, never a row without its file.
"""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from shared.crypto import KeyRing


@dataclass(frozen=True)
class SealedFiles:
    """One kind of file: where it lies, and what its seal is bound to beside the id."""

    keyring: KeyRing
    folder: Path
    purpose: str
    ending: str = ""
    spread: bool = True
    """Into folders by the last two signs of the id, where there will be many."""

    def path(self, row_id: str) -> Path:
        folder = self.folder / row_id[-2:] if self.spread else self.folder
        return folder / f"{row_id}{self.ending}.sealed"

    def keep(self, row_id: str, content: bytes) -> None:
        """Durable and whole, or not there: written aside, synced, renamed."""
        path = self.path(row_id)
        path.parent.mkdir(parents=True, exist_ok=True)
        aside = path.with_suffix(".part")
        with aside.open("w", encoding="ascii") as file:
            file.write(self.keyring.seal(content, f"{self.purpose}.{row_id}"))
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)

    def read(self, row_id: str, sha256: str | None = None) -> bytes:
        """Opened; ValueError if it is not what its hash says, FileNotFoundError if it is gone."""
        token = self.path(row_id).read_text("ascii")
        content = self.keyring.unseal(token, f"{self.purpose}.{row_id}")
        if sha256 is not None and hashlib.sha256(content).hexdigest() != sha256:
            raise ValueError(f"{self.purpose} {row_id} does not match its hash")
        return content

    def drop(self, row_id: str) -> None:
        self.path(row_id).unlink(missing_ok=True)
