"""A certificate on paper: one page (more where many listings were found) with the code for verification."""

from datetime import datetime
from typing import Any

from services.blacklist.transparency.domain.certificates import spaced
from services.blacklist.transparency.domain.signatures import name_of
from shared.typesetting import fonts
from shared.typesetting.codes import draw_code
from shared.typesetting.lines import break_lines
from shared.typesetting.sheet import GREY, HEIGHT, MM, RED, WIDTH, Colour, Sheet

LEFT = 26 * MM
MEASURE = WIDTH - 2 * LEFT
TOP, BOTTOM = 32 * MM, 26 * MM
BODY, LEADING = 11.5, 19.0
SMALL, SMALL_LEADING = 8.5, 12.5
CODE = 30 * MM
TITLE = "公示信息查询证明"


def render_certificate(document: dict[str, Any]) -> bytes:
    """The PDF of a signed document; the same bytes for the same document."""
    payload = document["payload"]
    issued = datetime.fromisoformat(payload["issued_at"])
    with fonts.lock:
        page = Page(Sheet(f"{TITLE} {payload['code']}", payload["issuer"], issued.date()))
        page.head(payload["system"], TITLE)
        for label, text in _facts(payload, issued):
            page.line(f"{label}：{text}")
        page.gap()
        page.line(payload["statement"], bold=True)
        for number, each in enumerate(payload["listings"], start=1):
            page.line(f"{number}. {_listing(each)}")
        page.gap()
        page.proof(document)
        return page.finish()


def _facts(payload: dict[str, Any], issued: datetime) -> list[tuple[str, str]]:
    subject = payload["subject"]
    known = [
        ("查询对象", subject["name"]),
        ("统一社会信用代码", subject.get("uscc")),
        ("证件号码", subject.get("id_masked")),
        ("出具机关", payload["issuer"]),
        ("出具时间", f"{issued.year}年{issued.month}月{issued.day}日 {issued:%H:%M:%S}（北京时间）"),
        ("检索范围", "、".join(each["name"] for each in payload["scope"]["lists"])),
        ("比对方式", payload["scope"]["matched_by"]),
        ("说明", payload["scope"]["note"]),
    ]
    return [(label, text) for label, text in known if text]


def _listing(line: dict[str, Any]) -> str:
    named = f"{line['name']}，" if line["name"] else ""
    sure = "" if line["certain"] else "（名称相符，主体尚需核实）"
    number = f"，文号 {line['document_number']}" if line["document_number"] else ""
    until = f"公示至 {line['public_until']} 前"
    return f"{named}{line['list_name']}，{line['organ_name']}认定{number}，{until}{sure}"


class Page:
    """Walks down the pages; `y` is the baseline of the line last set."""

    def __init__(self, sheet: Sheet) -> None:
        self.sheet = sheet
        self.y = HEIGHT - TOP

    def head(self, system: str, title: str) -> None:
        self.sheet.centred(self.y, fonts.printable(system), 13, colour=GREY)
        self.y -= 34
        self.sheet.centred(self.y, title, 24, bold=True, spread=2.0)
        self.y -= 14
        self.sheet.line(LEFT, self.y, WIDTH - LEFT, self.y, thick=1.2, colour=RED)
        self.y -= 8

    def gap(self) -> None:
        self.y -= LEADING / 2

    def line(self, text: str, *, bold: bool = False) -> None:
        self._set(text, BODY, LEADING, bold=bold)

    def _set(
        self, text: str, size: float, leading: float, *, bold: bool = False, colour: Colour = (0, 0, 0)
    ) -> None:
        for row in break_lines(fonts.printable(text), lambda part: fonts.width(part, size), MEASURE):
            self._need(leading)
            self.y -= leading
            self.sheet.text(LEFT, self.y, row.text, size, bold=bold, colour=colour)

    def _need(self, high: float) -> None:
        if self.y - high < BOTTOM:
            self.sheet.turn()
            self.y = HEIGHT - TOP

    def proof(self, document: dict[str, Any]) -> None:
        """The code, and what binds the certificate to the log."""
        payload, log = document["payload"], document["payload"]["log"]
        further = document.get("signatures", [])
        self._need(CODE + (8 + 4 * len(further)) * SMALL_LEADING)
        self.y -= CODE
        draw_code(self.sheet, payload["verify_at"], LEFT, self.y, CODE)
        beside = (
            f"核验码 {spaced(payload['code'])}",
            "扫码或者在核验页面输入核验码，查看是否仍然有效。",
            payload["verify_at"],
        )
        for number, text in enumerate(beside):
            self.sheet.text(LEFT + CODE + 8, self.y + CODE - 16 - 16 * number, fonts.printable(text), 10)
        self.y -= 4
        signed = [
            text
            for each in (document["signature"], *further)
            for text in (
                f"签名（{name_of(each['algorithm'])}，密钥 {each['key_id']}）{each['value']}",
                f"公钥 {each['public_key']}",
            )
        ]
        for text in (
            f"透明日志 {log['origin']}，大小 {log['size']}，根 {log['root']}",
            *signed,
            "离线核验以同一核验码的 JSON 文件为准，方法见透明日志说明页。",
        ):
            self._set(text, SMALL, SMALL_LEADING, colour=GREY)

    def finish(self) -> bytes:
        return self.sheet.finish()
