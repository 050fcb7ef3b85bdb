"""A paper: data that a machine can check, and the same as tables for people. The signature is over the data.

The PDF carries the faces it is set in, so that it reads and prints alike everywhere.
"""

import base64
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any
from xml.sax.saxutils import escape

import xlsxwriter
from cryptography.exceptions import InvalidSignature

from services.credit_push.formats import stable_json
from services.credit_push.papers.attached import NAME, attach
from shared.crypto import KeyRing
from shared.typesetting import fonts

PURPOSE = b"credit-push paper v1\n"
"""Before what is signed, so that a signature for a paper is good for nothing else."""
ALGORITHM = "ed25519"
SHADE = "#eeeeee"
"""Behind the heads of columns."""


@dataclass(frozen=True)
class Section:
    """One table."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    widths: Sequence[float]
    """Shares of the width of the page."""


@dataclass(frozen=True)
class Paper:
    """What is told: `data` for machines; the rest says the same to people."""

    title: str
    lines: Sequence[str]
    sections: Sequence[Section]
    data: dict[str, Any]


def signed(paper: Paper, keyring: KeyRing) -> dict[str, Any]:
    """The data with its signature."""
    key = keyring.letter_private()
    document: dict[str, Any] = json.loads(json.dumps(paper.data, default=_moment))
    value = key.private.sign(PURPOSE + stable_json(document))
    signature = {"algorithm": ALGORITHM, "key_id": key.kid, "value": base64.b64encode(value).decode()}
    return {"document": document, "signature": signature}


def _moment(value: Any) -> str:
    if isinstance(value, date):  # instants too
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no place in a paper")


def is_genuine(document: dict[str, Any], signature: dict[str, str], keyring: KeyRing) -> bool:
    """Whether we signed exactly this, under any key we ever had."""
    key = keyring.letter_public().get(signature.get("key_id", ""))
    if key is None or signature.get("algorithm") != ALGORITHM:
        return False
    try:
        key.verify(base64.b64decode(signature.get("value", "")), PURPOSE + stable_json(document))
    except (InvalidSignature, ValueError):
        return False
    return True


def as_json(paper: Paper, keyring: KeyRing) -> bytes:
    """Data and signature."""
    return _written(signed(paper, keyring))


def _written(seal: dict[str, Any]) -> bytes:
    return json.dumps(seal, ensure_ascii=False, indent=1).encode()


def as_xlsx(paper: Paper, keyring: KeyRing) -> bytes:
    """A sheet for each section, and one with the data and its signature."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(
        out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    bold, wrap = book.add_format({"bold": True}), book.add_format({"text_wrap": True, "valign": "top"})
    head = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bg_color": SHADE, "border": 1})
    front = book.add_worksheet("说明")
    for at, text in enumerate((paper.title, *paper.lines)):
        front.write_string(at, 0, text, bold if at == 0 else wrap)
    front.set_column(0, 0, 100)
    for number, section in enumerate(paper.sections, 1):
        sheet = book.add_worksheet(f"{number} {section.title}"[:31])
        for column, name in enumerate(section.columns):
            sheet.write_string(0, column, name, head)
            sheet.set_column(column, column, 6 + 7 * section.widths[column])
        sheet.freeze_panes(1, 0)
        sheet.set_landscape()
        sheet.set_paper(9)  # A4
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0)
        for at, row in enumerate(section.rows, 1):
            for column, value in enumerate(row):
                sheet.write_string(at, column, value, wrap)
    seal = signed(paper, keyring)
    last = book.add_worksheet("签名")
    last.set_column(0, 0, 12)
    last.set_column(1, 1, 100)
    for at, (name, value) in enumerate(seal["signature"].items()):
        last.write_string(at, 0, name)
        last.write_string(at, 1, value)
    text = stable_json(seal["document"]).decode()
    for at, first in enumerate(range(0, len(text), 30_000)):  # a cell takes 32,767 characters
        last.write_string(5 + at, 1, text[first : first + 30_000])
    book.close()
    return out.getvalue()


def as_pdf(paper: Paper, keyring: KeyRing) -> bytes:
    """Tables on A4; the data and its signature are a file attached to it, the signature is printed, too."""
    with fonts.lock:
        return _set(paper, keyring)


def _set(paper: Paper, keyring: KeyRing) -> bytes:
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.units import mm
    from reportlab.platypus import CondPageBreak, SimpleDocTemplate, Spacer

    out, styles = io.BytesIO(), _styles()
    document = SimpleDocTemplate(
        out, pagesize=A4, leftMargin=18 * mm, rightMargin=18 * mm, topMargin=18 * mm, bottomMargin=20 * mm,
        title=paper.title, author="credit-push", initialFontName=fonts.MAIN,
    )  # fmt: skip
    flow: list[Any] = [_text(paper.title, styles["title"]), Spacer(1, 4 * mm)]
    flow += [_text(text, styles["text"]) for text in paper.lines]
    for section in paper.sections:
        table = _table(section, document.width, styles)
        flow += [CondPageBreak(30 * mm), Spacer(1, 4 * mm), _text(section.title, styles["head"]), table]
    seal = signed(paper, keyring)
    flow += [Spacer(1, 6 * mm), *_seal(seal, styles)]

    def first(canvas: Any, page: Any) -> None:
        attach(canvas, _written(seal))
        _foot(canvas, page)

    document.build(flow, onFirstPage=first, onLaterPages=_foot)
    return out.getvalue()


def _seal(seal: dict[str, Any], styles: dict[str, Any]) -> list[Any]:
    signature, size = seal["signature"], len(stable_json(seal["document"]))
    told = (
        f"本文件的数据由本系统签名；数据和签名在附件 {NAME} 中，取出即可核验，任何改动都会使核验失败。",
        f"签名算法：{signature['algorithm']}；密钥：{signature['key_id']}；数据长度：{size} 字节",
        f"签名：{signature['value']}",
    )
    return [_text(line, styles["small"]) for line in told]


@cache
def _styles() -> dict[str, Any]:
    from reportlab.lib.styles import ParagraphStyle

    for name in fonts.FILES:
        fonts.face(name)
    common = {"fontName": fonts.MAIN, "wordWrap": "CJK"}
    return {
        "title": ParagraphStyle("title", fontSize=18, leading=26, alignment=1, **common),
        "head": ParagraphStyle("head", fontSize=12, leading=20, **common),
        "text": ParagraphStyle("text", fontSize=10.5, leading=17, **common),
        "small": ParagraphStyle("small", fontSize=8, leading=12, **common),
    }


def _text(text: str, style: Any) -> Any:
    from reportlab.platypus import Paragraph

    parts = (
        escape(part) if name == fonts.MAIN else f'<font name="{name}">{escape(part)}</font>'
        for name, part in fonts.runs(fonts.printable(text))
    )
    return Paragraph("".join(parts), style)


def _table(section: Section, width: float, styles: dict[str, Any]) -> Any:
    from reportlab.lib.colors import HexColor, grey
    from reportlab.platypus import Table, TableStyle

    rows = [section.columns, *section.rows] if section.rows else [section.columns, ["（无）"]]
    cells = [[_text(str(value), styles["small"]) for value in row] for row in rows]
    cells = [row + [_text("", styles["small"])] * (len(section.columns) - len(row)) for row in cells]
    share = sum(section.widths)
    table = Table(cells, colWidths=[width * each / share for each in section.widths], repeatRows=1)
    whole = (0, 0), (-1, -1)
    lines = [("GRID", *whole, 0.4, grey), ("VALIGN", *whole, "TOP"), ("FONTNAME", *whole, fonts.MAIN)]
    lines.append(("BACKGROUND", (0, 0), (-1, 0), HexColor(SHADE)))
    table.setStyle(TableStyle(lines))
    return table


def _foot(canvas: Any, document: Any) -> None:
    canvas.setFont(fonts.MAIN, 8)
    canvas.drawCentredString(document.pagesize[0] / 2, 28, f"第 {canvas.getPageNumber()} 页")
