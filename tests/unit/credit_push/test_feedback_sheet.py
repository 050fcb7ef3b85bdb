"""The feedback a person brings for work by hand."""

import pytest

from services.credit_push.formats.feedback_sheet import LABELS, read_hand_feedback
from services.credit_push.formats.packet import to_csv, to_xlsx

FILLED = [
    list(LABELS),
    ["k-1", "甲公司", "1号", "列入", "已入库", "R-7", ""],
    ["k-2", "乙公司", "2号", "列入", "退回", "", "代码不符"],
    ["k-3", "丙公司", "3号", "列入", "", "", ""],
]


@pytest.mark.parametrize(
    "sheet",
    [to_xlsx(FILLED, "反馈表"), to_csv(FILLED), to_csv(FILLED).decode("utf-8-sig").encode("gb18030")],
    ids=["xlsx", "utf-8", "gb18030"],
)
def test_the_filled_sheet_is_read_and_what_has_no_result_yet_is_left(sheet: bytes) -> None:
    first, second = read_hand_feedback(sheet)
    assert (first["idempotency_key"], first["result"], first["receipt_number"]) == ("k-1", "accepted", "R-7")
    assert (second["result"], second["message"], second["code"]) == ("rejected", "代码不符", "")


def test_names_of_a_platforms_own_file_are_read_too() -> None:
    (row,) = read_hand_feedback(b"line,idempotency_key,result,receipt_number\n1,k-1,accepted,R-1\n")
    assert (row["result"], row["receipt_number"]) == ("accepted", "R-1")


@pytest.mark.parametrize(
    ("sheet", "problem"),
    [
        (to_csv([["业务流水号", "结果"], ["k-1", "好"]]), "缺少列：处理结果"),
        (to_csv([["业务流水号", "处理结果"], ["k-1", "好"]]), "第 2 行的处理结果应为"),
        (to_csv([["业务流水号", "处理结果"], ["k-1", ""]]), "没有填写处理结果"),
        (b"", "缺少列：业务流水号、处理结果"),
        (b"PK\x03\x04broken", "XLSX 文件无法读取"),
        (b"\xff\xff\xff", "应为 XLSX 文件"),
    ],
)
def test_what_cannot_be_read_is_said(sheet: bytes, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        read_hand_feedback(sheet)
