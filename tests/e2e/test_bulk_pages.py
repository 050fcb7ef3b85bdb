"""A sheet's whole way in a real browser, by keyboard; without JavaScript too, progress moves by itself."""

import io
import re

import pytest
import xlsxwriter
from python_calamine import CalamineWorkbook

from bench.import_cases import sheet
from tests.e2e.test_pages import browser, visit  # noqa: F401  fixtures
from tests.harness.wait import until

ROWS = 30


def upload(clerk, content: bytes, name: str, label: str) -> None:
    clerk.page.get_by_label(label, exact=True).set_input_files(
        files=[{"name": name, "mimeType": "text/csv", "buffer": content}]
    )
    clerk.page.keyboard.press("Tab")


def press(clerk, name: str) -> None:
    """Reach a button by keyboard and press it."""
    button = clerk.page.get_by_role("button", name=name)
    button.focus()
    with clerk.page.expect_navigation():
        clerk.page.keyboard.press("Enter")


def corrected(content: bytes) -> bytes:
    rows = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()
    day = rows[0].index("CF_JDRQ")
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out)
    page = book.add_worksheet()
    for line, cells in enumerate(rows):
        for column, cell in enumerate(cells):
            page.write_string(line, column, "2026-11-02" if line and column == day else str(cell))
    book.close()
    return out.getvalue()


@pytest.mark.parametrize("scripts", [False, True], ids=["without-scripts", "with-scripts"])
def test_a_sheet_is_read_mended_decided_filed_and_submitted(visit, scripts):  # noqa: F811
    clerk = visit("clerk", scripts=scripts).go("/imports")
    content = sheet(ROWS, 0.1).replace("示罚".encode(), f"页罚{int(scripts)}".encode())
    lines = content.split(b"\r\n")
    bad = sum(b"13\xe6\x9c\x88" in line for line in lines)
    upload(clerk, content + lines[3] + b"\r\n", "页面.csv", "表格")
    press(clerk, "上传并预览")
    clerk.page.get_by_role("heading", name=f"改正有误的 {bad} 行").wait_for()  # the page moves on by itself
    place = clerk.page.url
    with clerk.page.expect_download() as download:
        clerk.page.get_by_role("link", name="下载错误表（XLSX）").click()
    fixed = corrected(download.value.path().read_bytes())
    upload(clerk, fixed, "改正.xlsx", "改正后的表格")
    press(clerk, "上传改正后的行")
    clerk.page.get_by_role("button", name="回到原导入").wait_for()
    clerk.page.goto(place)
    press(clerk, "全部不录入")
    press(clerk, f"确认录入 {ROWS} 行")
    until(lambda: clerk.page.get_by_role("heading", name="下一步").count(), 20)
    clerk.page.get_by_role("button", name="批量提交审核").click()
    press(clerk, "批量办理")
    assert re.search(rf"{ROWS}\s*已办理", clerk.text())
