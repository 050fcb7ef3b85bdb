"""Loop: reads received sheets and files confirmed ones, one import at a time, in one process (lease)."""

from sqlalchemy import select

from services.blacklist.cases.models import CaseImport
from services.blacklist.cases.usecases.imports.correcting import merge_corrections
from services.blacklist.cases.usecases.imports.filing import file_import_chunk
from services.blacklist.cases.usecases.imports.parsing import parse_import
from services.blacklist.cases.usecases.imports.receiving import CONFIRMING, PARSING, RECEIVED
from services.blacklist.store import Deps, leases
from shared.leases import Lease

LEASE_SECONDS = 15.0


class Imports:
    """An interrupted parsing starts over; an interrupted filing goes on with the rows not yet filed."""

    name = "case-imports"

    def __init__(self, deps: Deps, holder: str) -> None:
        self._deps = deps
        self._lease = Lease(deps.db, leases, self.name, holder, LEASE_SECONDS)

    def step(self) -> bool:
        if self._next() is None or not self._lease.acquire():
            return False
        waiting = self._next()
        if waiting is None:
            return False
        import_id, state, corrects = waiting
        if state == CONFIRMING:
            file_import_chunk(self._deps, import_id)
        elif corrects:
            merge_corrections(self._deps, import_id, self._lease.acquire)
        else:
            parse_import(self._deps, import_id, self._lease.acquire)
        return True

    def close(self) -> None:
        self._lease.release()

    def _next(self) -> tuple[str, str, str | None] | None:
        wanted = select(CaseImport.id, CaseImport.state, CaseImport.corrects).where(
            CaseImport.state.in_((RECEIVED, PARSING, CONFIRMING))
        )
        with self._deps.db.read() as session:
            row = session.execute(wanted.order_by(CaseImport.id).limit(1)).first()
        return (row[0], row[1], row[2]) if row else None
