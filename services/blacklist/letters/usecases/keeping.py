"""Letters, copies and proofs on disk: sealed under DATA_DIR/letters, named by id, proved by hash.

A file is written before its row: a crash leaves a sealed file without a row, never a row without its file.
"""

import hashlib
from pathlib import Path

from services.blacklist.cases.usecases.attachments import write_sealed
from services.blacklist.store import Deps

FOLDER = "letters"


def keep(deps: Deps, what: str, row_id: str, content: bytes) -> None:
    """Seal and store; `what` is letter, copy or proof."""
    write_sealed(_path(deps, what, row_id), deps.keyring.seal(content, _aad(what, row_id)))


def fetch(deps: Deps, what: str, row_id: str, sha256: str) -> bytes:
    """Open what was kept; ValueError if it is not what its hash says."""
    content = deps.keyring.unseal(_path(deps, what, row_id).read_text("ascii"), _aad(what, row_id))
    if hashlib.sha256(content).hexdigest() != sha256:
        raise ValueError(f"{what} {row_id} does not match its hash")
    return content


def _path(deps: Deps, what: str, row_id: str) -> Path:
    return deps.data_dir / FOLDER / row_id[-2:] / f"{row_id}.{what}.sealed"


def _aad(what: str, row_id: str) -> str:
    return f"letters.{what}.{row_id}"
