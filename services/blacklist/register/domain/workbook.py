"""A workbook of plain text written row by row: five times as fast as a general writer, which the web process
would otherwise stand still for.
"""

import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import IO
from xml.sax.saxutils import escape

Rows = Iterable[Sequence[str]]
MOST_ROWS, LONGEST_CELL = 1_000_000, 32_767
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_CELL = '<c t="inlineStr"><is><t xml:space="preserve">%s</t></is></c>'


def write_workbook(file: IO[bytes], sheets: Iterable[tuple[str, Rows]]) -> None:
    """Sheets by name, in order, each read when it is written; every cell is text, so never a formula."""
    names: list[str] = []
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as book:
        for number, (name, rows) in enumerate(sheets, start=1):
            names.append(name)
            with book.open(f"xl/worksheets/sheet{number}.xml", "w", force_zip64=True) as part:
                _write_rows(part, rows)
        numbers = range(1, len(names) + 1)
        book.writestr("[Content_Types].xml", _content_types(numbers))
        book.writestr("_rels/.rels", _relations([("officeDocument", "xl/workbook.xml")]))
        named = "".join(
            f'<sheet name="{escape(name)}" sheetId="{number}" r:id="rId{number}"/>'
            for number, name in zip(numbers, names, strict=True)
        )
        whole = f'{_HEAD}<workbook {_MAIN} xmlns:r="{_OFFICE}"><sheets>{named}</sheets></workbook>'
        book.writestr("xl/workbook.xml", whole)
        places = [("worksheet", f"worksheets/sheet{number}.xml") for number in numbers]
        book.writestr("xl/_rels/workbook.xml.rels", _relations(places))


def in_sheets(title: str, head: Sequence[str], rows: Rows) -> Iterator[tuple[str, Rows]]:
    """One sheet, or as many as a spreadsheet's limit of rows makes of it; to be read in order."""
    left = iter(rows)
    first: Sequence[str] | None = next(left, None)
    number = 1
    while first is not None or number == 1:
        begin = [head] if first is None else [head, first]
        yield (title if number == 1 else f"{title}{number}"), chain(begin, islice(left, MOST_ROWS - 1))
        number, first = number + 1, next(left, None)


def _content_types(numbers: Iterable[int]) -> str:
    parts = [
        ("/xl/workbook.xml", "sheet.main"),
        *((f"/xl/worksheets/sheet{n}.xml", "worksheet") for n in numbers),
    ]
    told = "".join(f'<Override PartName="{name}" ContentType="{_TYPE}.{kind}+xml"/>' for name, kind in parts)
    default = (
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    )
    return f'{_HEAD}<Types xmlns="{_PACKAGE}/content-types">{default}{told}</Types>'


def _relations(targets: Iterable[tuple[str, str]]) -> str:
    told = "".join(
        f'<Relationship Id="rId{number}" Type="{_OFFICE}/{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(targets, start=1)
    )
    return f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">{told}</Relationships>'


def _write_rows(part: IO[bytes], rows: Rows) -> None:
    part.write(f"{_HEAD}<worksheet {_MAIN}><sheetData>".encode())
    block: list[str] = []
    for row in rows:
        block.append("<row>" + "".join(_CELL % _text(cell) if cell else "<c/>" for cell in row) + "</row>")
        if len(block) == 500:
            part.write("".join(block).encode())
            block.clear()
    part.write("".join(block).encode() + b"</sheetData></worksheet>")


def _text(cell: str) -> str:
    return escape(_NOT_XML.sub("", cell)[:LONGEST_CELL])
