"""Reads an uploaded sheet (XLSX or CSV) within hard limits; runs in a child process of its own.

`python -m …domain.sheet NAME` takes the file on stdin and writes one JSON list of cells a line, or a refusal
as one JSON object {"refused": text}; {"rows": n} says how many rows to expect. Nothing touches the disk.
"""

import csv
import io
import json
import resource
import sys
import zipfile
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

from services.blacklist.cases.domain.figures import figure

Cell = str | int | float | bool | None
CPU_SECONDS, MEMORY_BYTES = 120, 2 * 1024**3


class RefusedSheet(Exception):
    """The file is not read; the text (Chinese) says why and what to do."""


def _nobody(_: int) -> None:
    """Whom to tell by default."""


def read_sheet(name: str, content: bytes, tell: Callable[[int], None] = _nobody) -> Iterator[list[Cell]]:
    """Rows of the first sheet that has any; raises RefusedSheet. `tell` hears about how many there are."""
    if len(content) > figure("imports", "max_bytes"):
        raise RefusedSheet("文件过大，请拆分后分批导入")
    suffix = name.lower().rsplit(".", 1)[-1]
    if suffix == "xlsx":
        return _limited(_xlsx_rows(content, tell))
    if suffix == "csv":
        return _limited(_csv_rows(content, tell))
    raise RefusedSheet("只接受 .xlsx 或 .csv 文件")


def _limited(rows: Iterable[list[Cell]]) -> Iterator[list[Cell]]:
    most_rows, most_columns = figure("imports", "max_rows"), figure("imports", "max_columns")
    longest = figure("imports", "max_cell_length")
    for number, row in enumerate(rows, 1):
        if number > most_rows + 5:
            raise RefusedSheet(f"行数超过{most_rows}行，请拆分后分批导入")
        if len(row) > most_columns:
            raise RefusedSheet(f"列数超过{most_columns}列，请使用规定的模板")
        if any(isinstance(cell, str) and len(cell) > longest for cell in row):
            raise RefusedSheet(f"第{number}行有单元格超过{longest}字，请缩短")
        yield row


def _csv_rows(content: bytes, tell: Callable[[int], None]) -> Iterator[list[Cell]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = content.decode("gb18030")
        except UnicodeDecodeError:
            raise RefusedSheet("文件编码应为 UTF-8 或 GB18030") from None
    if "\x00" in text:
        raise RefusedSheet("文件不是文本格式的 CSV")
    tell(max(text.count("\n"), text.count("\r")) + (not text.endswith(("\n", "\r"))))
    try:
        for row in csv.reader(io.StringIO(text, newline="")):
            yield list(row)
    except csv.Error:
        raise RefusedSheet("CSV 格式有误，请检查引号和分隔符") from None


def _xlsx_rows(content: bytes, tell: Callable[[int], None]) -> Iterator[list[Cell]]:
    _check_package(content)
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        if len(book.sheet_names) > figure("imports", "max_sheets"):
            raise RefusedSheet("工作表过多，请只保留要导入的一张")
        for name in book.sheet_names:
            sheet = book.get_sheet_by_name(name)
            if sheet.total_height > figure("imports", "max_rows") + 5:
                raise RefusedSheet(f"行数超过{figure('imports', 'max_rows')}行，请拆分后分批导入")
            if sheet.total_width > figure("imports", "max_columns"):
                raise RefusedSheet(f"列数超过{figure('imports', 'max_columns')}列，请使用规定的模板")
            if sheet.start is not None:
                tell(sheet.total_height + 1)
                yield from _aligned(sheet)
                return
    except CalamineError:
        raise RefusedSheet("文件不是有效的 XLSX 工作簿，请用表格软件重新保存") from None
    raise RefusedSheet("工作簿是空的")


def _aligned(sheet: Any) -> Iterator[list[Cell]]:
    """Rows and columns from A1, so that cell addresses are the ones the user sees."""
    for row in sheet.to_python(skip_empty_area=False):
        yield [_plain(cell) for cell in row]


def _plain(cell: Any) -> Cell:
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, time | timedelta):
        return str(cell)
    return cell if cell is None or isinstance(cell, str | int | float | bool) else str(cell)


def _check_package(content: bytes) -> None:
    """Refuse what unpacks beyond bounds or carries programs, before anything is unpacked."""
    try:
        entries = zipfile.ZipFile(io.BytesIO(content)).infolist()
    except (zipfile.BadZipFile, ValueError):
        raise RefusedSheet("文件不是有效的 XLSX 工作簿，请用表格软件重新保存") from None
    unpacked = sum(entry.file_size for entry in entries)
    packed = max(sum(entry.compress_size for entry in entries), 1)
    if unpacked > figure("imports", "max_unpacked_bytes") or len(entries) > 2000:
        raise RefusedSheet("文件展开后过大，请拆分后分批导入")
    if unpacked > 1024 * 1024 and unpacked / packed > figure("imports", "max_ratio"):
        raise RefusedSheet("文件压缩比异常，不予导入")
    if any(entry.flag_bits & 0x1 for entry in entries):
        raise RefusedSheet("文件已加密，请去除密码后导入")
    if any(entry.filename.lower().endswith("vbaproject.bin") for entry in entries):
        raise RefusedSheet("文件含有宏，请另存为不含宏的 XLSX")


def main() -> None:
    """The child process: limits first, then the file."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    out = sys.stdout
    try:
        for row in read_sheet(sys.argv[1], sys.stdin.buffer.read(), _announce):
            out.write(json.dumps(row, ensure_ascii=False) + "\n")
    except RefusedSheet as refused:
        out.write(json.dumps({"refused": str(refused)}, ensure_ascii=False) + "\n")


def _announce(rows: int) -> None:
    sys.stdout.write(json.dumps({"rows": rows}) + "\n")


if __name__ == "__main__":
    main()
