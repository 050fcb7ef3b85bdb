"""Bulk import (批量导入): receive a sheet, parse it to a preview, file its good rows once confirmed.

Every step is resumable: what was committed is in the rows' states, and a row becomes a case at most once.
"""

from services.blacklist.cases.usecases.imports.blank import blank_workbook
from services.blacklist.cases.usecases.imports.deciding import decide_rows
from services.blacklist.cases.usecases.imports.loop import Imports
from services.blacklist.cases.usecases.imports.mapping import teach_headings
from services.blacklist.cases.usecases.imports.mending import error_sheet
from services.blacklist.cases.usecases.imports.receiving import (
    SheetUpload,
    confirm_import,
    read_again,
    receive_corrections,
    receive_import,
)

__all__ = [
    "Imports",
    "SheetUpload",
    "blank_workbook",
    "confirm_import",
    "decide_rows",
    "error_sheet",
    "read_again",
    "receive_corrections",
    "receive_import",
    "teach_headings",
]
