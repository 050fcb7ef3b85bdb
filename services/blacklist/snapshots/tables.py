"""A delta as a table for people with spreadsheets: the same steps as its NDJSON file, made when asked for.

The operation stands in the first column, so that the row of a tombstone is not taken for an empty listing.
"""

import csv
import hashlib
import io
import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from typing import IO

from flask import Response

from services.blacklist.register.api.downloads import COLUMNS, NAMES, safe_cell, whole_file
from services.blacklist.register.domain.workbook import in_sheets, write_workbook
from shared.errors import describe_errors

FORMS: Mapping[str, str] = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
OPERATIONS = {"current": "公示中", "withdrawn": "已移出"}
HEAD = ["操作", *(label for _, label, _ in COLUMNS)]
MOST_LINES = 20_000
"""Lines of a workbook that anybody may have made anew, as many as one of the audit trail has."""
describe_errors(
    {"delta-too-long": f"增量文件超过{MOST_LINES}行，不提供电子表格。请下载同一增量的 NDJSON 或者 CSV 文件。"}
)


def forms_of(lines: int) -> Mapping[str, str]:
    """The tables a delta of so many lines is offered as."""
    return FORMS if lines <= MOST_LINES else {form: kind for form, kind in FORMS.items() if form != "xlsx"}


def table_asked(name: str) -> tuple[str, str]:
    """The file's name and, where a delta is asked for as a table, in which form."""
    stem, _, form = name.rpartition(".")
    return (stem, form) if form in FORMS and stem.endswith(".delta") else (name, "")


def table_of(lines: Iterable[bytes], name: str, form: str) -> Response:
    """The delta's lines as a file with its SHA-256 in the headers."""
    file = tempfile.TemporaryFile()  # noqa: SIM115  send_file closes it
    _write(lines, form, file)
    size = file.tell()
    file.seek(0)
    digest = hashlib.file_digest(file, "sha256").digest()
    file.seek(0)
    return whole_file(file, FORMS[form], f"{name}.{form}", digest, size)


def _write(lines: Iterable[bytes], form: str, file: IO[bytes]) -> None:
    if form == "xlsx":
        write_workbook(file, in_sheets("增量", HEAD, _rows(lines)))
        file.seek(0, io.SEEK_END)
        return
    text = io.TextIOWrapper(file, "utf-8-sig", newline="")
    writer = csv.writer(text)
    writer.writerow(HEAD)
    writer.writerows(map(safe_cell, row) for row in _rows(lines))
    text.detach()


def _rows(lines: Iterable[bytes]) -> Iterator[list[str]]:
    for line in lines:
        step = json.loads(line)
        told = step["listing"] or {"id": step["id"]}
        cells = (told.get(name) for name in NAMES)
        yield [OPERATIONS[step["operation"]], *("" if cell is None else str(cell) for cell in cells)]
