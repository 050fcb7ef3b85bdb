"""An import killed half-way goes on where it stopped: nothing lost, nothing doubled (on both databases)."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import func, select

from bench.import_cases import AT, sheet
from services.blacklist.audit.models import AuditEntry
from services.blacklist.cases.models import Case, CaseImport, CaseImportRow, CaseStep
from services.blacklist.cases.usecases.imports import Imports, SheetUpload, confirm_import, receive_import
from shared.clock import FixedClock
from tests.unit.blacklist.case_office import open_office

pytestmark = pytest.mark.tables("services.blacklist")

ROWS = 2_000
WORKER = """
import sys
from pathlib import Path
from services.blacklist.cases.usecases.imports import Imports
from services.blacklist.store import Deps
from shared.calendar import builtin_calendar
from shared.clock import SystemClock
from shared.crypto import KeyRing
from shared.db import open_database
folder = Path(sys.argv[2])
deps = Deps(open_database(sys.argv[1]), SystemClock(), KeyRing.load_or_create(folder / "keys.json"),
            builtin_calendar(), folder)
loop = Imports(deps, "killed")
while loop.step():
    pass
"""


@pytest.mark.parametrize("crash", ["import.before_commit:1", "import.before_commit:3"])
def test_a_killed_import_goes_on_where_it_stopped(any_db_url, any_db, tmp_path: Path, crash: str) -> None:
    office = open_office(any_db, tmp_path, FixedClock(AT))
    clerk = office.people["clerk"]
    with any_db.write() as session:
        upload = SheetUpload("a.csv", sheet(ROWS, 0.05), "penalty-publication", "other", None)
        import_id = receive_import(session, office.deps, upload, actor=clerk, at=AT).id
    ours = Imports(office.deps, "ours")
    assert ours.step()
    with any_db.write() as session:
        good = confirm_import(session, import_id, actor=clerk, at=AT).good_rows
    ours.close()
    run = [sys.executable, "-c", WORKER, any_db_url, str(tmp_path)]
    killed = subprocess.run(run, env={**os.environ, "CRASH_AT": crash}, timeout=120, check=False)
    assert killed.returncode == 137
    with any_db.read() as session:
        assert (session.scalar(select(func.count()).select_from(Case)) or 0) < good
    assert subprocess.run(run, timeout=240, check=False).returncode == 0
    with any_db.read() as session:
        counts = [
            session.scalar(select(func.count()).select_from(Case)),
            session.scalar(select(func.count(func.distinct(Case.import_row)))),
            session.scalar(select(func.count()).select_from(CaseStep)),
            session.scalar(select(func.count()).where(AuditEntry.action == "case.file")),
            session.scalar(select(func.count()).where(CaseImportRow.state == "filed")),
            session.get_one(CaseImport, import_id).filed_rows,
        ]
        assert session.get_one(CaseImport, import_id).state == "done"
    assert counts == [good] * len(counts)
