"""A report in the same faces: title, numbered sections, tables with their head repeated on every page.

`render_report("…年度报告", [Section("一、概况", ("…",))], [Table("表1", ("部门", "件数"), rows)])`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from shared.typesetting import fonts
from shared.typesetting.lines import Line, break_lines
from shared.typesetting.sheet import GREY, HEIGHT, MM, PALE, RED, WIDTH, Sheet

LEFT = RIGHT = 24 * MM
TOP, BOTTOM = 28 * MM, 24 * MM
MEASURE = WIDTH - LEFT - RIGHT
BODY, LEADING = 11.5, 20.0
CELL, CELL_LEADING, PAD = 9.5, 13.5, 4.0
NARROWEST = 3.2 * CELL
_NUMERIC = frozenset("0123456789.,%-+—/ ")


@dataclass(frozen=True)
class Table:
    """Cells are text or numbers; numbers stand to the right. `after` names the section it follows."""

    caption: str
    head: Sequence[str]
    rows: Sequence[Sequence[object]]
    after: str = ""
    note: str = ""


@dataclass(frozen=True)
class Section:
    """A heading and its paragraphs."""

    heading: str
    paragraphs: Sequence[str] = field(default=())


def render_report(
    title: str,
    sections: Sequence[Section],
    tables: Sequence[Table] = (),
    *,
    organ: str = "",
    on: date = date(2000, 1, 1),
    subtitle: str = "",
) -> bytes:
    """The PDF. A table whose `after` is a section's heading follows it; the others stand at the end."""
    headings = {section.heading for section in sections}
    with fonts.lock:
        made = _Report(Sheet(title, organ, on))
        made.title(title, subtitle)
        for section in sections:
            made.section(section)
            for table in tables:
                if table.after == section.heading:
                    made.table(table)
        for table in tables:
            if table.after not in headings:
                made.table(table)
        made.foot()
        return made.sheet.finish()


class _Report:
    """Walks down the pages; `y` is the lowest point used."""

    def __init__(self, sheet: Sheet) -> None:
        self.sheet = sheet
        self.y = HEIGHT - TOP

    def title(self, title: str, subtitle: str) -> None:
        for line in break_lines(fonts.printable(title), lambda text: fonts.width(text, 20), MEASURE):
            self.y -= 26
            self.sheet.centred(self.y, line.text, 20, bold=True)
        if subtitle:
            self.y -= 20
            self.sheet.centred(self.y, fonts.printable(subtitle), 11, colour=GREY)
        self.y -= 12
        self.sheet.line(LEFT, self.y, WIDTH - RIGHT, self.y, thick=1.2, colour=RED)
        self.y -= 8

    def section(self, section: Section) -> None:
        self._need(3 * LEADING)
        self.y -= LEADING + 4
        self.sheet.text(LEFT, self.y, fonts.printable(section.heading), 13, bold=True)
        for paragraph in section.paragraphs:
            for line in _lines(paragraph, BODY, MEASURE, indent=2 * BODY):
                self._need(LEADING)
                self.y -= LEADING
                self._put(line)

    def _put(self, line: Line) -> None:
        free = MEASURE - line.indent - fonts.width(line.text, BODY)
        spread = 0.0 if line.last or len(line.text) < 2 else min(free / (len(line.text) - 1), BODY * 0.35)
        self.sheet.text(LEFT + line.indent, self.y, line.text, BODY, spread=max(0.0, spread))

    def table(self, table: Table) -> None:
        widths = _widths(table)
        head = _cells(table.head, widths)
        rows = [_cells(row, widths) for row in table.rows]
        self._need(_height(head) + (_height(rows[0]) if rows else 0) + 2.4 * LEADING)
        self.y -= LEADING + 2
        self.sheet.text(LEFT, self.y, fonts.printable(table.caption), 10.5, bold=True)
        self.y -= 7
        self._row(head, widths, shade=True)
        for row in rows:
            if self.y - _height(row) < BOTTOM:
                self._turn()
                self._row(head, widths, shade=True)
            self._row(row, widths)
        if table.note:
            self._note(table.note)
        self.y -= 6

    def _note(self, note: str) -> None:
        for line in _lines(note, 9, MEASURE):
            self._need(14)
            self.y -= 14
            self.sheet.text(LEFT, self.y, line.text, 9, colour=GREY)

    def _row(self, cells: list[list[str]], widths: Sequence[float], *, shade: bool = False) -> None:
        high = _height(cells)
        if shade:
            self.sheet.box(LEFT, self.y - high, sum(widths), high, PALE)
            self.sheet.line(LEFT, self.y, LEFT + sum(widths), self.y, thick=0.8)
        x = LEFT
        for lines, wide in zip(cells, widths, strict=True):
            self._cell(lines, x, wide, bold=shade)
            x += wide
        self.y -= high
        self.sheet.line(LEFT, self.y, LEFT + sum(widths), self.y, thick=0.4, colour=GREY)

    def _cell(self, lines: list[str], x: float, wide: float, *, bold: bool) -> None:
        for number, text in enumerate(lines):
            y = self.y - PAD - CELL - number * CELL_LEADING + 1
            if text and not bold and set(text) <= _NUMERIC:
                self.sheet.right(x + wide - PAD, y, text, CELL)
            else:
                self.sheet.text(x + PAD, y, text, CELL, bold=bold)

    def _need(self, high: float) -> None:
        if self.y - high < BOTTOM:
            self._turn()

    def _turn(self) -> None:
        self.foot()
        self.sheet.turn()
        self.y = HEIGHT - TOP

    def foot(self) -> None:
        self.sheet.centred(BOTTOM - 12 * MM, f"— {self.sheet.pages} —", 10)


def _lines(text: str, size: float, wide: float, *, indent: float = 0.0) -> list[Line]:
    return break_lines(fonts.printable(text), lambda part: fonts.width(part, size), wide, indent=indent)


def _text(value: object) -> str:
    return "" if value is None else fonts.printable(str(value))


def _cells(row: Sequence[object], widths: Sequence[float]) -> list[list[str]]:
    """Each cell's lines; a short row is filled up with empty cells."""
    full = [*row, *[""] * (len(widths) - len(row))]
    return [
        [line.text for line in _lines(_text(value), CELL, wide - 2 * PAD)]
        for value, wide in zip(full, widths, strict=True)
    ]


def _height(cells: list[list[str]]) -> float:
    return max(map(len, cells)) * CELL_LEADING + 2 * PAD


def _widths(table: Table) -> list[float]:
    """The measure shared by what columns hold: never below three characters, long ones give way."""
    wanted = []
    for column, label in enumerate(table.head):
        texts = [label, *(_text(row[column]) for row in table.rows if column < len(row))]
        longest = max(fonts.width(text, CELL) for text in texts)
        wanted.append(min(max(longest, NARROWEST), MEASURE * 0.5) + 2 * PAD + 1)
    return _shared(wanted)


def _shared(wanted: list[float]) -> list[float]:
    """Scale to the measure, narrow columns keeping what they want."""
    free = MEASURE - sum(wanted)
    if free >= 0:
        return [wide + free / len(wanted) for wide in wanted]
    fair = MEASURE / len(wanted)
    small = sum(wide for wide in wanted if wide <= fair)
    large = sum(wide for wide in wanted if wide > fair)
    return [wide if wide <= fair else wide * (MEASURE - small) / large for wide in wanted]
