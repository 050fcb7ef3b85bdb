"""Whether the register's files stand still: listings vanished without a removal (docs/snapshots.md)."""

from services.blacklist.snapshots import queries
from services.blacklist.store import Deps


def export_blocked(deps: Deps) -> bool:
    """True until what vanished is back or its absence explained; pages say so."""
    return queries.export_blocked(deps.data_dir)
