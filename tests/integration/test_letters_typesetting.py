"""Setting letters and reports: vendored fonts, line breaking, the same bytes, text that reads back."""

import hashlib
import json
import shutil
import subprocess
from datetime import date

import pytest

from shared.typesetting import (
    LetterText,
    Paragraph,
    Section,
    Table,
    fonts,
    render_letter,
    render_report,
)
from shared.typesetting.lines import NOT_FIRST, NOT_LAST, break_lines

RARE = "䶮"  # in the second face only
NOWHERE = "𠮷"


def letter(*texts, **changes):
    given = {
        "title": "列入告知书",
        "organ": "石家庄市长安区住房和城乡建设局",
        "number": "长住建信告〔2026〕1号",
        "recipient": "石门测试建设有限公司",
        "paragraphs": tuple(Paragraph(text) for text in texts),
        "date_text": "2026年11月23日",
        "on": date(2026, 11, 23),
        "address": "https://credit.example.gov.cn/verify/letters/ABCD",
        "code": "ABCD",
    }
    return LetterText(**given | changes)


def pdf_text(content, *options):
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext is not installed")
    made = subprocess.run(["pdftotext", *options, "-", "-"], input=content, capture_output=True, check=True)
    return made.stdout.decode()


def test_fonts_are_the_vendored_ones():
    packages = json.loads((fonts.FOLDER / "vendored.json").read_text("utf-8"))
    listed = {name: digest for package in packages for name, digest in package["files"].items()}
    assert set(listed) == {path.name for path in fonts.FOLDER.iterdir()} - {"vendored.json"}
    for name, digest in listed.items():
        assert hashlib.sha256((fonts.FOLDER / name).read_bytes()).hexdigest() == digest
    assert set(fonts.FILES.values()) < set(listed)


def test_faces_cover_what_papers_use():
    common = "〔〕《》“”‘’（）：；，。、？！…—·①②③〇%￥×√□0123456789ABCxyz〓"
    assert fonts.missing(common + RARE) == []
    assert all(fonts.face_of(chr(code)) for code in range(0x4E00, 0x9FA6))
    assert fonts.face_of(RARE) == fonts.RARE
    assert fonts.missing(f"王{NOWHERE}") == [NOWHERE]
    assert fonts.printable(f"王{NOWHERE}\t甲") == "王〓 甲"


@pytest.mark.parametrize("width", range(3, 40))
def test_no_line_starts_or_ends_with_the_wrong_mark(width):
    text = "根据《招标投标法》（2017年修正）第五十四条，“以他人名义投标”；罚款2.5万元、没收。ABC12345，完。"
    lines = break_lines(text, len, width)
    assert "".join(line.text for line in lines) == text
    assert all(len(line.text) <= width for line in lines)
    if width >= 8:
        assert not [line.text for line in lines[1:] if line.text[0] in NOT_FIRST]
        assert not [line.text for line in lines if line.text[-1] in NOT_LAST]
    if width >= 16:
        assert any("ABC12345" in line.text for line in lines)


def test_a_line_of_marks_only_still_ends():
    assert "".join(line.text for line in break_lines("。" * 50, len, 7)) == "。" * 50
    assert [line.text for line in break_lines("", len, 7)] == [""]


def test_same_content_same_bytes_and_other_content_other_bytes():
    one = render_letter(letter("以虚假材料骗取中标。"))
    assert one == render_letter(letter("以虚假材料骗取中标。"))
    assert one != render_letter(letter("以虚假材料谋取中标。"))
    assert len(one) < 200_000, "fonts are embedded as subsets"


def test_text_can_be_read_back_and_only_the_rare_is_marked():
    text = pdf_text(render_letter(letter(f"当事人王{RARE}、李{NOWHERE}，于2026年3月1日骗取中标。")))
    flat = "".join(text.split())
    for part in (
        "石家庄市长安区住房和城乡建设局", "长住建信告〔2026〕1号", "列入告知书", "石门测试建设有限公司：",
        f"当事人王{RARE}、李〓，于2026年3月1日骗取中标。", "2026年11月23日", "—1—", "U+20BB7",
    ):  # fmt: skip
        assert part in flat, part


def test_long_letters_number_their_pages_and_close_once():
    content = render_letter(letter(*["本机关依法告知有关事项。" * 12] * 12))
    text = "".join(pdf_text(content).split())
    assert "—3—" in text
    assert text.count("（印章）") == 1


def test_metadata_names_title_and_language():
    content = render_letter(letter("甲。"))
    assert b"/Lang (zh-CN)" in content
    if shutil.which("pdfinfo"):
        made = subprocess.run(
            ["pdfinfo", "-"], input=content, capture_output=True, check=True
        ).stdout.decode()
        assert "列入告知书（长住建信告〔2026〕1号）" in made
        assert "2026" in next(line for line in made.splitlines() if line.startswith("CreationDate"))


def test_report_repeats_table_heads_and_keeps_every_row():
    rows = [(f"部门{number}", number, f"{number}.0%", "说明文字" * (number % 9)) for number in range(90)]
    sections = [Section("一、总体情况", ("公开信息123条。",)), Section("二、问题")]
    tables = [
        Table("表1 公开情况", ("部门", "件数", "公开率", "说明"), rows, after="一、总体情况", note="注：甲。")
    ]
    content = render_report(
        "年度报告", sections, tables, organ="某办", on=date(2026, 11, 23), subtitle="某区"
    )
    text = pdf_text(content, "-layout")
    assert text.count("公开率") >= 2
    assert all(f"部门{number}" in text for number in range(90))
    assert text.index("表1") < text.index("二、问题")
    assert content == render_report(
        "年度报告", sections, tables, organ="某办", on=date(2026, 11, 23), subtitle="某区"
    )


def test_report_takes_short_rows_and_wide_words():
    content = render_report("报告", [], [Table("表", ("甲", "乙"), [("x" * 300,), (None, 3)])])
    assert content.startswith(b"%PDF")
