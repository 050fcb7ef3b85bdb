"""A letter in the look of Chinese official papers (GB/T 9704): red head with the organ's name, number, title,
body with two characters' indent, organ and date at the end with room for the seal, code for verification.
"""

from dataclasses import dataclass
from datetime import date

from shared.typesetting import fonts
from shared.typesetting.codes import draw_code
from shared.typesetting.lines import Line, Measure, break_lines
from shared.typesetting.sheet import BLACK, GREY, HEIGHT, MM, PALE, RED, WIDTH, Sheet

LEFT, RIGHT = 28 * MM, 26 * MM
TOP, BOTTOM = 37 * MM, 35 * MM
MEASURE = WIDTH - LEFT - RIGHT
BODY = MEASURE / 28
LEADING = 28.0
TITLE, NUMBER, PAGE = 22.0, 14.0, 12.0
SEAL = 21 * MM
CODE = 26 * MM
LEADINGS = (28.0, 27.0, 26.0, 25.0)
CLOSING = 4.4 * LEADING
LAST_LINES = 3
PAGE_TOP = HEIGHT - TOP + LEADING - BODY
LOOSEST = 0.12  # ems between characters, beyond which a line is left short
FAINT = (0.75, 0.75, 0.78)


@dataclass(frozen=True)
class Paragraph:
    """Body text; a heading stands bold and without other text in its line."""

    text: str
    heading: bool = False


@dataclass(frozen=True)
class LetterText:
    """What a letter says, ready to print."""

    title: str
    organ: str
    number: str
    recipient: str
    paragraphs: tuple[Paragraph, ...]
    date_text: str
    on: date
    address: str
    """What the code leads to; empty for none."""
    code: str = ""
    notes: tuple[str, ...] = ()
    preview: bool = False


def render_letter(letter: LetterText) -> bytes:
    """The PDF; characters no face has stand as 〓 with a note of their code points."""
    with fonts.lock:
        title = f"{letter.title}（{letter.number}）" if letter.number else letter.title
        sheet = Sheet(title, letter.organ, letter.on)
        return _Setter(sheet, letter).run()


class _Setter:
    """Walks down the pages; `y` is the baseline of the line last set."""

    def __init__(self, sheet: Sheet, letter: LetterText) -> None:
        self.sheet = sheet
        self.letter = letter
        self.y = HEIGHT - TOP
        self.leading = LEADING

    def run(self) -> bytes:
        self._mark()
        self._head()
        self._title()
        rows = rows_of(self.letter)
        self.leading, pages = paginate(rows, self._room())
        for number, page in enumerate(pages):
            if number:
                self._turn()
            for row in page:
                self.y -= self.leading
                put_line(self.sheet, row.line, LEFT, self.y, BODY, MEASURE, bold=row.bold)
        self._closing()
        self._foot()
        return self.sheet.finish()

    def _mark(self) -> None:
        if self.letter.preview:
            self.sheet.across("预览 未编号 不具效力", 44, PALE)

    def _head(self) -> None:
        organ = printed(self.letter.organ)
        size = min(34.0, MEASURE / max(fonts.width(organ, 1.0), 1.0))
        spread = min(6.0, max(0.0, (MEASURE - fonts.width(organ, size)) / max(len(organ) - 1, 1)))
        self.sheet.centred(self.y, organ, size, colour=RED, bold=True, spread=spread)
        self.y -= 16
        self.sheet.line(LEFT, self.y, WIDTH - RIGHT, self.y, thick=2.2, colour=RED)
        self.sheet.line(LEFT, self.y - 3.4, WIDTH - RIGHT, self.y - 3.4, thick=0.7, colour=RED)

    def _title(self) -> None:
        self.y -= 28
        if self.letter.number:
            self.sheet.right(WIDTH - RIGHT, self.y, printed(self.letter.number), NUMBER)
        self.y -= 14
        for line in _balanced(printed(self.letter.title)):
            self.y -= 32
            self.sheet.centred(self.y, line.text, TITLE, bold=True, spread=1.0)
        self.y -= 14

    def _room(self) -> float:
        return self.y - BOTTOM

    def _turn(self) -> None:
        self._foot()
        self.sheet.turn()
        self.y = PAGE_TOP
        self._mark()

    def _closing(self) -> None:
        """Organ and date to the right under the seal, the code to the left, all on one page."""
        organ, day = printed(self.letter.organ), self.letter.date_text
        wide = max(fonts.width(organ, BODY), fonts.width(day, BODY))
        middle = WIDTH - RIGHT - 2 * BODY - wide / 2
        base = self.y - 2.6 * LEADING
        self._seal(middle, base - 0.35 * LEADING)
        self.sheet.text(middle - fonts.width(organ, BODY) / 2, base, organ, BODY)
        self.sheet.text(middle - fonts.width(day, BODY) / 2, base - LEADING, day, BODY)
        self._code(base - LEADING)
        self.y = base - 2.2 * LEADING
        for number, note in enumerate([*self.letter.notes, *_rare_note(self.letter)]):
            self.sheet.text(LEFT, self.y - 13 * number, printed(note), 9, colour=GREY)

    def _seal(self, x: float, y: float) -> None:
        self.sheet.ring(x, y, SEAL, FAINT)
        self.sheet.text(x - fonts.width("（印章）", 9) / 2, y + SEAL - 16, "（印章）", 9, colour=FAINT)

    def _code(self, base: float) -> None:
        if not self.letter.address:
            return
        draw_code(self.sheet, self.letter.address, LEFT, base, CODE)
        self.sheet.text(LEFT + 2, base - 9, "扫码核验文书真伪", 8.5, colour=GREY)
        self.sheet.text(LEFT + 2, base - 20, f"核验码 {self.letter.code}", 8, colour=GREY)

    def _foot(self) -> None:
        self.sheet.centred(BOTTOM - 20 * MM, f"— {self.sheet.pages} —", PAGE)


@dataclass(frozen=True)
class Row:
    """One line of the body; `bold` ones are headings and stay with what follows."""

    line: Line
    bold: bool = False


def rows_of(letter: LetterText) -> list[Row]:
    """The whole body broken into lines."""
    found = [Row(Line(printed(letter.recipient) + "：", last=True))] if letter.recipient else []
    for paragraph in letter.paragraphs:
        lines = break_lines(printed(paragraph.text), measure_at(BODY), MEASURE, indent=2 * BODY)
        found += [Row(line, paragraph.heading) for line in lines]
    return found


def paginate(rows: list[Row], first: float) -> tuple[float, list[list[Row]]]:
    """Leading and pages. Organ and date never stand on a page without text: lines move together a little
    where that is enough, else the last lines go over with them.
    """
    for leading in LEADINGS:
        pages, left = _filled(rows, first, leading)
        if left >= CLOSING:
            return leading, pages
    pages, _ = _filled(rows, first, LEADING)
    last = pages[-1]
    cut = max(len(last) - LAST_LINES, 0)
    while cut and last[cut - 1].bold:
        cut -= 1
    return LEADING, [*pages[:-1], last[:cut], last[cut:]] if cut else pages


def _filled(rows: list[Row], first: float, leading: float) -> tuple[list[list[Row]], float]:
    """Pages filled from the top, and the room left on the last."""
    pages: list[list[Row]] = [[]]
    room = first
    for index, row in enumerate(rows):
        heading = row.bold and index + 1 < len(rows)
        if room < leading * (2 if heading else 1):
            pages.append([])
            room = PAGE_TOP - BOTTOM
        pages[-1].append(row)
        room -= leading
    return pages, room


def printed(text: str) -> str:
    return fonts.printable(text)


def _balanced(title: str) -> list[Line]:
    """The title in lines of about the same length."""
    room = MEASURE - 3 * TITLE
    lines = -(-fonts.width(title, TITLE) // room)
    return break_lines(title, measure_at(TITLE), min(room, fonts.width(title, TITLE) / max(lines, 1) + TITLE))


def _rare_note(letter: LetterText) -> tuple[str, ...]:
    whole = letter.recipient + letter.organ + "".join(each.text for each in letter.paragraphs)
    rare = fonts.missing(whole)
    if not rare:
        return ()
    return (f"注：“〓”为字库未收的字，统一码依次为{'、'.join(f'U+{ord(char):04X}' for char in rare)}。",)


def measure_at(size: float) -> Measure:
    """Widths at one size, for the line breaker."""
    return lambda text: fonts.width(text, size)


def put_line(
    sheet: Sheet, line: Line, x: float, y: float, size: float, wide: float, *, bold: bool = False
) -> None:
    """Set a line, spread to the margin unless it is a paragraph's last."""
    spread = 0.0
    if not line.last and len(line.text) > 1:
        free = wide - line.indent - fonts.width(line.text, size)
        spread = max(0.0, free / (len(line.text) - 1))
        spread = spread if spread <= size * LOOSEST else 0.0
    sheet.text(x + line.indent, y, line.text, size, colour=BLACK, bold=bold, spread=spread)
