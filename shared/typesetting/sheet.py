"""Paper to draw on: A4 pages in the proportions of GB/T 9704, text in the embedded faces, page numbers at the
foot. Fixed dates and ids, so that the same content gives the same bytes.
"""

from datetime import date
from io import BytesIO
from typing import Any

from shared.typesetting import fonts

MM = 72 / 25.4
WIDTH, HEIGHT = 210 * MM, 297 * MM
BLACK, RED, GREY, PALE = (0, 0, 0), (0.8, 0.05, 0.05), (0.35, 0.35, 0.35), (0.9, 0.92, 0.95)
CREATOR = "公共资源配置领域信用信息公示系统"
_BOLD = 2  # fill and stroke: the faces have no bold of their own

Colour = tuple[float, float, float]


class Sheet:
    """One document being drawn; y counts from the bottom, in points. Use under `fonts.lock`."""

    def __init__(self, title: str, author: str, on: date) -> None:
        from reportlab.pdfgen.canvas import Canvas

        for name in fonts.FILES:
            fonts.face(name)
        self._buffer = BytesIO()
        self._canvas: Any = Canvas(
            self._buffer, pagesize=(WIDTH, HEIGHT), invariant=1, pageCompression=1, lang="zh-CN",
            initialFontName=fonts.MAIN,
        )  # fmt: skip
        stamp = self._canvas._doc._timeStamp
        stamp.YMDhms, stamp.tzname, stamp.dhh = (on.year, on.month, on.day, 0, 0, 0), None, 8
        self._canvas.setTitle(title)
        self._canvas.setAuthor(author)
        self._canvas.setSubject(title)
        self._canvas.setCreator(CREATOR)
        self._canvas.setViewerPreference("DisplayDocTitle", "true")
        self.pages = 1

    def text(
        self,
        x: float,
        y: float,
        text: str,
        size: float,
        *,
        colour: Colour = BLACK,
        bold: bool = False,
        spread: float = 0.0,
    ) -> None:
        """One line from x; `spread` points are added after every character."""
        made = self._canvas.beginText(x, y)
        made.setFillColorRGB(*colour)
        made.setTextRenderMode(_BOLD if bold else 0)
        if bold:
            made.setStrokeColorRGB(*colour)
            self._canvas.setLineWidth(size / 45)
        made.setCharSpace(spread)
        for name, part in fonts.runs(text):
            made.setFont(name, size)
            made.textOut(part)
        made.setCharSpace(0)
        made.setTextRenderMode(0)
        self._canvas.drawText(made)

    def centred(
        self,
        y: float,
        text: str,
        size: float,
        *,
        colour: Colour = BLACK,
        bold: bool = False,
        spread: float = 0,
    ) -> None:
        long = fonts.width(text, size) + spread * (len(text) - 1)
        self.text((WIDTH - long) / 2, y, text, size, colour=colour, bold=bold, spread=spread)

    def right(self, x: float, y: float, text: str, size: float, *, colour: Colour = BLACK) -> None:
        self.text(x - fonts.width(text, size), y, text, size, colour=colour)

    def line(
        self, x1: float, y1: float, x2: float, y2: float, *, thick: float = 0.5, colour: Colour = BLACK
    ) -> None:
        self._canvas.setStrokeColorRGB(*colour)
        self._canvas.setLineWidth(thick)
        self._canvas.line(x1, y1, x2, y2)

    def box(self, x: float, y: float, wide: float, high: float, colour: Colour) -> None:
        """A filled rectangle."""
        self._canvas.setFillColorRGB(*colour)
        self._canvas.rect(x, y, wide, high, stroke=0, fill=1)

    def ring(self, x: float, y: float, radius: float, colour: Colour) -> None:
        """A dashed circle."""
        self._canvas.saveState()
        self._canvas.setStrokeColorRGB(*colour)
        self._canvas.setLineWidth(0.6)
        self._canvas.setDash(3, 3)
        self._canvas.circle(x, y, radius, stroke=1, fill=0)
        self._canvas.restoreState()

    def across(self, text: str, size: float, colour: Colour) -> None:
        """A word over the whole page, slanting (预览)."""
        self._canvas.saveState()
        self._canvas.translate(WIDTH / 2, HEIGHT / 2)
        self._canvas.rotate(52)
        self.text(-fonts.width(text, size) / 2, -size / 3, text, size, colour=colour)
        self._canvas.restoreState()

    def turn(self) -> None:
        """On to the next page."""
        self._canvas.showPage()
        self.pages += 1

    def finish(self) -> bytes:
        """Close the last page; the document's bytes."""
        self._canvas.showPage()
        self._canvas.save()
        return self._buffer.getvalue()
