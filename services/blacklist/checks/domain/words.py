"""The words of answers, for pages, files and paper."""

from datetime import datetime

VERDICTS = {
    "listed": "列入", "possible": "疑似", "none": "未查到", "unusable": "未核查",
    "outdated": "有变化，待更新",
}  # fmt: skip
BARRED = {"yes": "受限", "no": "不受限", "unclear": "待核实"}
CLASSES = {
    "serious": "严重失信", "industry-misconduct": "行业失信",
    "penalty-record": "处罚记录", "notice": "提示信息",
}  # fmt: skip
NEWS = {
    "listed": "新查到列入信息", "possible": "新查到疑似信息",
    "lifted": "原查到的信息不再公示", "changed": "原查到的信息有更正",
}  # fmt: skip


def moment(text: str) -> str:
    """A signed time as people write it."""
    at = datetime.fromisoformat(text)
    return f"{at.year}年{at.month}月{at.day}日 {at:%H:%M}（北京时间）"
