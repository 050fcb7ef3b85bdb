"""Whether the register's files stand still: listings vanished without a removal (docs/snapshots.md)."""

from services.blacklist.snapshots.domain import BLOCKED
from services.blacklist.snapshots.usecases import FOLDER
from services.blacklist.store import Deps


def export_blocked(deps: Deps) -> bool:
    """True until what vanished is back or its absence explained; pages say so."""
    return (deps.data_dir / FOLDER / BLOCKED).exists()
