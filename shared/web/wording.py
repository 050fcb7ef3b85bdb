"""Chinese wording of the validation library's messages: what is wrong and, where it can, the remedy."""

import re
from collections.abc import Callable

FIXED = {
    "Missing data for required field.": "必填，请补充。",
    "Unknown field.": "没有这个字段，请删去或核对名称。",
    "Field may not be null.": "不能为空值。",
    "Not a valid string.": "应为文本。",
    "Not a valid integer.": "应为整数。",
    "Not a valid number.": "应为数字。",
    "Not a valid boolean.": "应为 true 或 false。",
    "Not a valid date.": "应为日期，格式如 2026-11-02。",
    "Not a valid datetime.": "应为带时区的时间，格式如 2026-11-02T08:30:00+08:00。",
    "Not a valid aware datetime.": "应为带时区的时间，格式如 2026-11-02T08:30:00+08:00。",
    "Not a valid list.": "应为列表。",
    "Not a valid mapping type.": "应为对象。",
    "Invalid input type.": "应为对象。",
    "Not a valid UUID.": "应为 UUID。",
    "Not a valid URL.": "应为网址。",
    "Not a valid email address.": "应为电子邮箱地址。",
    "Not a valid utf-8 string.": "应为 UTF-8 文本。",
    "String does not match expected pattern.": "格式不符合要求。",
    "Special numeric values (nan or infinity) are not permitted.": "应为有限的数字。",
    "Number too large.": "数字过大。",
    "Invalid value.": "取值无效。",
    "Shorter than minimum length 1.": "不能为空。",
    "Field may not be blank.": "不能为空。",
}

Say = Callable[[re.Match[str]], str]
PATTERNS: list[tuple[re.Pattern[str], Say]] = [
    (re.compile(r"Must be one of: (.+)\.$"), lambda m: f"应为下列之一：{m[1].replace(', ', '、')}。"),
    (re.compile(r"Length must be between (\d+) and (\d+)\.$"), lambda m: f"长度应为 {m[1]} 至 {m[2]}。"),
    (re.compile(r"Shorter than minimum length (\d+)\.$"), lambda m: f"长度不能少于 {m[1]}。"),
    (re.compile(r"Longer than maximum length (\d+)\.$"), lambda m: f"长度不能超过 {m[1]}。"),
    (re.compile(r"Length must be (\d+)\.$"), lambda m: f"长度应为 {m[1]}。"),
    (re.compile(r"Must be greater than or equal to (.+?) and less than or equal to (.+?)\.$"),
     lambda m: f"应在 {m[1]} 至 {m[2]} 之间。"),
    (re.compile(r"Must be greater than or equal to (.+?)\.$"), lambda m: f"不能小于 {m[1]}。"),
    (re.compile(r"Must be less than or equal to (.+?)\.$"), lambda m: f"不能大于 {m[1]}。"),
    (re.compile(r"Must be greater than (.+?)\.$"), lambda m: f"应大于 {m[1]}。"),
    (re.compile(r"Must be less than (.+?)\.$"), lambda m: f"应小于 {m[1]}。"),
    (re.compile(r"Must be equal to (.+?)\.$"), lambda m: f"应为 {m[1]}。"),
]  # fmt: skip


def in_chinese(message: str) -> str:
    """The Chinese wording of a library message; a message of our own comes back as it is."""
    fixed = FIXED.get(message)
    if fixed is not None:
        return fixed
    for pattern, say in PATTERNS:
        found = pattern.match(message)
        if found is not None:
            return say(found)
    return message
