"""A platform's own sheet is data: columns, order, heads, title and file; wrong ones are refused by name."""

import shutil
import subprocess
from datetime import date
from io import BytesIO

import pytest
from python_calamine import CalamineWorkbook

from services.credit_push.catalogue import FOLDER, SAMPLE_VALUES, load_catalogue, read_profile
from services.credit_push.catalogue.template import COLUMNS
from services.credit_push.formats import columns_of, encode
from services.credit_push.formats.filled import fill
from services.credit_push.formats.packet import Line
from services.credit_push.papers.withdrawal import withdrawal_letter
from tests.unit.credit_push.records import record

OWN = (FOLDER / "procure-hebei.toml").read_text("utf-8")
HEAD, _, REST = OWN.partition("[template]")
TAIL = REST[REST.index("[receipts]") :]
TEMPLATE = """[template]
file = "FILE"
encoding = "gb18030"
sheet = "失信记录报送"
heads = ["政府采购失信记录报送表", "填报说明：按列填写"]

[template.columns]
"序号" = "@number"
"供应商名称" = "企业名称"
"文书号" = "决定书文号"
"来源" = "=公共资源配置"

"""


def written(template: str) -> str:
    return (HEAD + template + TAIL).replace('id = "procure-hebei"', 'id = "procure-other"')


def lines(profile):
    for number, operation in enumerate(("list", "correct"), 1):
        made = record(operation=operation)
        row = encode(profile, made, operation).row
        yield Line(f"k{number}", operation, made.listing_id, number, row)


def test_a_second_sheet_with_other_columns_heads_and_file_is_one_profile():
    profile, problems = read_profile(
        "procure-other.toml", written(TEMPLATE.replace("FILE", "xlsx")), SAMPLE_VALUES
    )
    assert profile
    assert problems == []
    book = CalamineWorkbook.from_filelike(BytesIO(fill(profile, "procurement_sheet", list(lines(profile)))))
    assert book.sheet_names == ["失信记录报送（新增）", "失信记录报送（变更）"], "no column tells them apart"
    rows = book.get_sheet_by_index(0).to_python()
    assert [row[0] for row in rows[:2]] == ["政府采购失信记录报送表", "填报说明：按列填写"]
    assert rows[2] == ["序号", "供应商名称", "文书号", "来源"]
    assert rows[3] == ["1", record().subject.name, record().document.number, "公共资源配置"]


def test_a_csv_sheet_says_what_is_to_be_done_and_may_be_in_gb18030():
    told = TEMPLATE.replace("FILE", "csv")
    _, problems = read_profile("procure-other.toml", written(told), SAMPLE_VALUES)
    assert [problem.field for problem in problems] == ["template.columns"]
    whole = told.replace('"来源"', '"办理" = "@operation"\n"来源"')
    profile, problems = read_profile("procure-other.toml", written(whole), SAMPLE_VALUES)
    assert profile
    assert problems == []
    text = fill(profile, "procurement_sheet", list(lines(profile))).decode("gb18030").splitlines()
    assert text[2:4] == [
        "序号,供应商名称,文书号,办理,来源",
        f"1,{record().subject.name},{record().document.number},新增,公共资源配置",
    ]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ('"企业名称"', "template.columns.供应商名称"),
        ('sheet = "失信记录报送"', "template.sheet"),
        ('file = "xlsx"', "template.file"),
    ],
)
def test_what_a_sheet_cannot_be_filled_from_is_named(wrong, field):
    worse = {
        '"企业名称"': '"电话"',
        'sheet = "失信记录报送"': 'sheet = "a/b"',
        'file = "xlsx"': 'file = "doc"',
    }
    text = TEMPLATE.replace("FILE", "xlsx").replace(wrong, worse[wrong], 1)
    _, problems = read_profile("procure-other.toml", written(text), SAMPLE_VALUES)
    assert field in [problem.field for problem in problems]


def test_what_a_column_may_be_filled_from_are_the_columns_of_the_layouts():
    assert {name: tuple(one.code for one in columns_of(name)) for name in COLUMNS} == COLUMNS


def test_the_withdrawal_letter_says_whom_it_is_about_and_until_when():
    profile = load_catalogue(SAMPLE_VALUES)["procure-hebei"]
    drawn = [
        withdrawal_letter(
            profile,
            record(reason="行政复议撤销。"),
            organ="示例市财政局",
            number="示财撤函〔2026〕1号",
            key="procure-hebei:1",
            dated=date(2026, 11, 24),
            reply_by=date(2026, 11, 27),
        )
        for _ in range(2)
    ]
    body = drawn[0]
    assert body == drawn[1]
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext is not installed")
    made = subprocess.run(["pdftotext", "-", "-"], input=body, capture_output=True, check=True)
    text = "".join(made.stdout.decode().split())
    for said in (
        "河北政府采购网",
        "示财撤函〔2026〕1号",
        record().subject.name,
        "2026年11月27日前函复",
        "行政复议撤销。",
    ):
        assert said in text
