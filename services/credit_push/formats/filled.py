"""The platform's own sheet, filled for a person to upload, as the profile's `[template]` says."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import replace

import xlsxwriter

from services.credit_push.catalogue import Profile
from services.credit_push.catalogue.profile import Template
from services.credit_push.catalogue.template import FIXED, KEY, NUMBER, OPERATION
from services.credit_push.domain import OPERATION_NAMES
from services.credit_push.formats import columns_of
from services.credit_push.formats.packet import Line
from shared.sheets import TYPES, harmless

OPERATION_TITLE, KEY_TITLE = "操作", "业务流水号"


def template_of(profile: Profile, layout: str) -> Template:
    """The profile's own, else the columns of the layout between 操作 and 业务流水号."""
    if profile.template.columns:
        return profile.template
    columns = {column.label: column.code for column in columns_of(layout)}
    whole = {OPERATION_TITLE: OPERATION, **columns, KEY_TITLE: KEY}
    return replace(profile.template, columns=whole, sheet=profile.template.sheet or "报送信息")


def fill(profile: Profile, layout: str, lines: Sequence[Line]) -> bytes:
    """The file; where no column says what is to be done, each operation has a sheet of its own."""
    template = template_of(profile, layout)
    names = profile.record.columns
    if template.file == "csv":
        return _csv(template, _table(template, names, lines))
    return _xlsx(template, names, lines)


def media_type(template: Template) -> str:
    return TYPES[template.file]


def _table(template: Template, names: Mapping[str, str], lines: Sequence[Line]) -> list[list[str]]:
    rows = [[head] for head in template.heads] + [list(template.columns)]
    for number, line in enumerate(lines, 1):
        ours = {OPERATION: OPERATION_NAMES[line.operation], KEY: line.key, NUMBER: str(number)}
        rows.append([_cell(source, ours, line, names) for source in template.columns.values()])
    return rows


def _cell(source: str, ours: Mapping[str, str], line: Line, names: Mapping[str, str]) -> str:
    if source in ours:
        return ours[source]
    if source.startswith(FIXED):
        return source.removeprefix(FIXED)
    return str(line.row[names.get(source, source)])


def _xlsx(template: Template, names: Mapping[str, str], lines: Sequence[Line]) -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    for title, members in _sheets(template, lines):
        page = book.add_worksheet(title)
        for number, row in enumerate(_table(template, names, members)):
            for column, value in enumerate(row):
                page.write_string(number, column, value)
    book.close()
    return out.getvalue()


def _sheets(template: Template, lines: Sequence[Line]) -> list[tuple[str, Sequence[Line]]]:
    title = template.sheet or "报送信息"
    operations = list(dict.fromkeys(line.operation for line in lines))
    if OPERATION in template.columns.values() or len(operations) < 2:
        return [(title, lines)]
    cut = title[:25]
    return [
        (f"{cut}（{OPERATION_NAMES[one]}）", [line for line in lines if line.operation == one])
        for one in operations
    ]


def _csv(template: Template, rows: Sequence[Sequence[str]]) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out).writerows([[harmless(cell) for cell in row] for row in rows])
    encoding = "utf-8-sig" if template.encoding == "utf-8" else template.encoding
    return out.getvalue().encode(encoding, "replace")
