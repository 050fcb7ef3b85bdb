"""How papers write things: dates, sentences that end, full-width marks beside Chinese characters."""

import re
from datetime import date

_CJK = r"\u3007\u3400-\u9fff\u3001\u3002\u300a-\u300f\u3014\u3015\uff01-\uff5e\u201c\u201d"
_MARKS = {",": "，", ";": "；", ":": "：", "?": "？", "!": "！", "(": "（", ")": "）"}
_MARK = re.compile(rf"(?<=[{_CJK}])[,;:?!()]|[,;:?!()](?=[{_CJK}])")
_ENDS = "。！？…"
GRADES = {"serious": "严重", "general": "一般", "minor": "轻微"}
CHANNELS = {"credit-china": "“信用中国”网站", "window": "政务服务窗口", "direct": "本机关"}
ID_NAMES = {
    "resident-id": "居民身份证号码",
    "passport": "护照号码",
    "hk-macao-permit": "港澳居民来往内地通行证号码",
    "taiwan-permit": "台湾居民来往大陆通行证号码",
    "foreigner-residence": "外国人永久居留身份证号码",
    "other": "证件号码",
}
LABELS = {
    "proactive": "（此件公开发布）",
    "on-request": "（此件依申请公开）",
    "withheld": "（此件不予公开）",
}
"""公开属性 as printed under a letter (附注)."""
REMOVAL_REASONS = {
    "repair": "准予信用修复",
    "expiry": "公示期届满",
    "objection": "异议核查成立",
    "error": "列入信息有误",
}


def chinese_day(day: date | str | None) -> str:
    """2026年11月23日; 另行通知的日期 for none."""
    if not day:
        return ""
    known = date.fromisoformat(day[:10]) if isinstance(day, str) else day
    return f"{known.year}年{known.month}月{known.day}日"


def tidy(text: object) -> str:
    """Text as a paper sets it: full-width marks beside Chinese characters, no stray blank lines."""
    whole = "\n".join(line.strip() for line in str(text or "").splitlines() if line.strip())
    for _ in range(2):  # a mark beside a mark
        whole = _MARK.sub(lambda found: _MARKS[found.group()], whole)
    return whole


def sentence(text: object) -> str:
    """The same, ending as a sentence."""
    whole = tidy(text).rstrip("；;，,")
    return whole if not whole or whole[-1] in _ENDS else f"{whole}。"


def bare(text: object) -> str:
    """The same, without an end mark: to stand inside a sentence."""
    return tidy(text).rstrip("。；;，,")


def grouped(code: str) -> str:
    """A verification code in groups of four."""
    return "-".join(code[start : start + 4] for start in range(0, len(code), 4))
