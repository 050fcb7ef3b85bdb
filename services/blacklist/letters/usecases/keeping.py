"""Letters, copies and proofs on disk: sealed under DATA_DIR/letters, named by id, proved by hash."""

from services.blacklist.store import Deps
from shared.sealed_files import SealedFiles

FOLDER = "letters"


def keep(deps: Deps, what: str, row_id: str, content: bytes) -> None:
    """Seal and store; `what` is letter, copy or proof."""
    _files(deps, what).keep(row_id, content)


def fetch(deps: Deps, what: str, row_id: str, sha256: str) -> bytes:
    """Open what was kept; ValueError if it is not what its hash says."""
    return _files(deps, what).read(row_id, sha256)


def _files(deps: Deps, what: str) -> SealedFiles:
    return SealedFiles(deps.keyring, deps.data_dir / FOLDER, f"letters.{what}", ending=f".{what}")
