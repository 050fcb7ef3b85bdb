"""The whole public register as files (批量下载): organisations in force now, with checksum and licence.

The file is written to disk first, so that its digest stands in the headers and no database session
stays open while a slow client reads.
"""

import base64
import csv
import hashlib
import io
import json
import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import IO, Any

from apiflask import APIBlueprint
from flask import Response, request, send_file

from services.blacklist.register import queries
from services.blacklist.register.domain.workbook import in_sheets, write_workbook
from services.blacklist.rules.domain import LIST_CLASSES
from services.blacklist.rules.queries import domain
from services.blacklist.store import Deps
from shared.errors import NotFound
from shared.web.access import access, public
from shared.web.openapi import produces
from shared.web.place import origin
from shared.web.problem import problems

LICENCE = "https://creativecommons.org/licenses/by/4.0/"
COLUMNS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("id", "记录编号", ("id",)),
    ("version", "版本", ("version",)),
    ("name", "主体名称", ("subject", "name")),
    ("uscc", "统一社会信用代码", ("subject", "uscc")),
    ("list_code", "名单代码", ("list_code",)),
    ("list_name", "名单名称", ("list_name",)),
    ("list_class", "名单类别", ("list_class",)),
    ("list_class_name", "名单类别名称", ("list_class",)),
    ("domain", "领域", ("domain",)),
    ("domain_name", "领域名称", ("domain",)),
    ("region", "行政区划代码", ("region",)),
    ("region_name", "行政区划", ("region_name",)),
    ("organ_name", "认定机关", ("organ", "name")),
    ("organ_uscc", "认定机关代码", ("organ", "uscc")),
    ("document_number", "文号", ("document", "number")),
    ("document_date", "文书日期", ("document", "date")),
    ("facts", "违法失信事实", ("misconduct", "facts")),
    ("content", "决定内容", ("document", "content")),
    ("legal_basis", "依据", ("legal_basis",)),
    ("publicity_start", "公示开始", ("publicity", "start")),
    ("publicity_end", "公示截止", ("publicity", "max_end")),
)
NAMES = tuple(name for name, _, _ in COLUMNS)
_DELTA: dict[str, Any] = {
    "title": "增量文件的一行",
    "type": "object",
    "properties": {
        "id": {"type": "string", "format": "uuid", "title": "记录编号"},
        "operation": {"enum": ["current", "withdrawn"], "title": "操作"},
        "listing": {"anyOf": [{"$ref": "#"}, {"type": "null"}], "title": "信息；已经移出的为空"},
    },
    "required": ["id", "operation", "listing"],
}
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
Row = Mapping[str, Any]
Halted = Callable[[Path], None]
"""Raises where the whole register is not given out at the moment; asked with the data directory."""


def add_routes(bp: APIBlueprint, deps: Deps, halted: Halted) -> None:
    @bp.get("/download.<any(ndjson, csv, xlsx):form>")
    @access(public())
    @problems(404, 503)
    @produces(*(media_type.partition(";")[0] for media_type, _ in FORMS.values()))
    @bp.doc(summary="下载全部公示中的法人和非法人组织")
    def download_register(form: str) -> Response:
        if form not in FORMS:
            raise NotFound("not-found", "没有这种下载格式")
        halted(deps.data_dir)
        media_type, write = FORMS[form]
        file = tempfile.TemporaryFile()  # noqa: SIM115  send_file closes it
        with deps.db.read() as session:
            write(queries.organisations_in_force(session, deps.clock.today()), file)
        return _sent(file, f"register.{form}", media_type)

    @bp.get("/download.schema.json")
    @access(public())
    @bp.doc(summary="下载文件的字段说明", responses={200: "JSON Schema"})
    def download_schema() -> dict[str, Any]:
        return row_schema()


def _sent(file: IO[bytes], name: str, media_type: str) -> Response:
    digest, size = _digest(file), file.seek(0, io.SEEK_END)
    file.seek(0)
    plain = media_type.partition(";")[0]  # the charset is added to text by itself
    response = whole_file(file, plain, name, digest, size)
    schema = f"{origin()}/api/v1/register/download.schema.json"
    response.headers["Link"] = f'<{LICENCE}>; rel="license", <{schema}>; rel="describedby"'
    return response


def whole_file(file: IO[bytes], media_type: str, name: str, digest: bytes, size: int) -> Response:
    """With its SHA-256 in the headers: a known copy is not sent again, a torn one goes on where it ended."""
    response = send_file(
        file, media_type, as_attachment=True, download_name=name, etag=digest.hex(), conditional=False
    )
    response.content_length = size
    response.headers["Cache-Control"] = "no-cache"
    response.headers["Repr-Digest"] = f"sha-256=:{base64.b64encode(digest).decode()}:"
    response.make_conditional(request, accept_ranges=True, complete_length=size)
    return response


def _digest(file: IO[bytes]) -> bytes:
    file.seek(0)
    digest = hashlib.sha256()
    while block := file.read(1 << 16):
        digest.update(block)
    file.seek(0)
    return digest.digest()


def flat(row: Row) -> list[Any]:
    """The row's cells in the order of COLUMNS."""
    return [_called(name, _at(row, path)) for name, _, path in COLUMNS]


def _called(column: str, code: Any) -> Any:
    """What people call a code, in the columns that say so."""
    if column == "list_class_name":
        return LIST_CLASSES.get(code, code)
    if column == "domain_name":
        found = domain(code)
        return found.name if found else code
    return code


def _at(row: Row, path: tuple[str, ...]) -> Any:
    found: Any = row
    for step in path:
        found = found[step]
    return found


def safe_cell(value: Any) -> str:
    """Text a spreadsheet will not take for a formula."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def write_ndjson(rows: Iterable[Row], file: IO[bytes]) -> None:
    file.writelines(map(ndjson_line, rows))


def ndjson_line(row: Row) -> bytes:
    line = dict(zip(NAMES, flat(row), strict=True)) | {"measures": row["measures"]}
    return json.dumps(line, ensure_ascii=False, default=str).encode() + b"\n"


def write_csv(rows: Iterable[Row], file: IO[bytes]) -> None:
    text = io.TextIOWrapper(file, "utf-8-sig", newline="")
    writer = csv.writer(text)
    writer.writerow([label for _, label, _ in COLUMNS])
    writer.writerows([safe_cell(cell) for cell in flat(row)] for row in rows)
    text.detach()


def write_xlsx(rows: Iterable[Row], file: IO[bytes]) -> None:
    write_sheets((flat(row) for row in rows), file)


def write_sheets(rows: Iterable[Iterable[Any]], file: IO[bytes]) -> None:
    """Cells in the order of COLUMNS as a workbook."""
    told = (["" if cell is None else str(cell) for cell in cells] for cells in rows)
    write_workbook(file, in_sheets("公示信息", [label for _, label, _ in COLUMNS], told))


FORMS: Mapping[str, tuple[str, Callable[[Iterable[Row], IO[bytes]], None]]] = {
    "ndjson": ("application/x-ndjson", write_ndjson),
    "csv": ("text/csv; charset=utf-8", write_csv),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", write_xlsx),
}


def row_schema() -> dict[str, Any]:
    """JSON Schema of a line of the NDJSON file; the other forms have the same columns, by label.

    A delta's line, around such a line or a tombstone, is `#/$defs/delta`.
    """
    columns: dict[str, Any] = {
        name: {"type": ["string", "null"], "title": label} for name, label, _ in COLUMNS
    }
    columns["version"] = {"type": "integer", "title": "版本"}
    columns["measures"] = {"type": "array", "title": "惩戒措施", "items": {"type": "object"}}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "公示中的法人和非法人组织",
        "type": "object",
        "properties": columns,
        "required": list(columns),
        "$defs": {"delta": _DELTA},
    }
