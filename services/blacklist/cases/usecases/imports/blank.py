"""The blank sheet of a layout as XLSX: every column text, so that codes stay as typed; an example."""

import io
from typing import Any

import xlsxwriter

from services.blacklist.cases.domain.layout import Column, Layout

EXAMPLES = {
    "subject.name": "示例建设工程有限公司",
    "subject.uscc": "91130102MA0EXAMPLE",
    "subject.legal_representative": "示例人",
    "document.number": "示罚〔2026〕1号",
    "document.organ": "示例区住房和城乡建设局",
    "document.basis": "《示例条例》第十条",
    "document.content": "罚款2000元。",
    "document.penalty_category": "罚款",
    "misconduct.category": "示例行为类型",
    "misconduct.facts": "示例事实。",
}
BY_READING = {"date": "2026-01-05", "amount": "0.2", "subject-type": "法人及非法人组织"}
MANNER = (
    "填写在“填写”工作表中，从第二行起每行一条；列名前带 * 的必填，不要改动表头。",
    "各列已设为文本格式，代码、证照号码照原样填写；日期写作 2026-01-05，金额以万元为单位。",
    "“示例”工作表仅供参考，内容是虚构的，上传时不读取。",
)


def blank_workbook(layout: Layout) -> bytes:
    """Headings alone on the first sheet, which is the one an import reads."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(
        out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    text = book.add_format({"num_format": "@"})
    bold = book.add_format({"bold": True, "num_format": "@"})
    _write_headings(book.add_worksheet("填写"), layout, text, bold)
    example = book.add_worksheet("示例")
    _write_headings(example, layout, text, bold)
    for index, column in enumerate(layout.columns):
        example.write_string(1, index, _example(layout, column))
    manner = book.add_worksheet("填写说明")
    manner.set_column(0, 0, 100)
    for line, said in enumerate(MANNER):
        manner.write_string(line, 0, said)
    book.close()
    return out.getvalue()


def _write_headings(page: Any, layout: Layout, text: Any, bold: Any) -> None:
    page.set_column(0, len(layout.columns) - 1, 18, text)
    page.freeze_panes(1, 0)
    for index, column in enumerate(layout.columns):
        page.write_string(0, index, ("*" if column.required else "") + column.label, bold)


def _example(layout: Layout, column: Column) -> str:
    if layout.subject_type == "individual" and column.to == ("subject", "name"):
        return "示例人"
    known = EXAMPLES.get(".".join(column.to))
    return known or (BY_READING.get(column.read, "") if column.required else "")
