"""Identity codes: 统一社会信用代码 (GB 32100, inner GB 11714) and 公民身份号码 (GB 11643).

Made-up but valid codes for samples and tests come from make_uscc and make_resident_id, not from real records.
"""

import re
import unicodedata
from datetime import UTC, date, datetime
from operator import mul

from shared.clock import local_date

USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # GB 32100: no I, O, S, V, Z
_USCC_VALUES = {char: value for value, char in enumerate(USCC_ALPHABET)}
_USCC_WEIGHTS = tuple(pow(3, i, 31) for i in range(17))
_USCC_SHAPE = re.compile(rf"[1-9ANY][1-9][0-9]{{6}}[{USCC_ALPHABET}]{{10}}")
_ORGAN_VALUES = {char: int(char, 36) for char in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"}
_ORGAN_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_WITHOUT_INNER_CHECK = ("92",)  # 个体工商户: assumed, their inner code is not always a GB 11714 number
_PROVINCE_TEXT = (
    "11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65 71 81 82 83"
)
_PROVINCES = frozenset(_PROVINCE_TEXT.split())
_REGISTRY_PROVINCES = _PROVINCES | {"10"}  # 10: registered with the national administration
_RESIDENT_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_RESIDENT_CHECKS = "10X98765432"
_COMPOUND_TEXT = (
    "欧阳 司马 上官 诸葛 夏侯 皇甫 尉迟 公孙 慕容 令狐 宇文 长孙 司徒 司空 东方 独孤 南宫 轩辕 端木 百里"
    " 呼延 东郭 西门 澹台 公冶 宗政 濮阳 淳于 单于 太叔 申屠 仲孙 钟离 鲜于 闾丘 亓官 赫连 拓跋 万俟 闻人"
)
COMPOUND_SURNAMES = frozenset(_COMPOUND_TEXT.split())


class InvalidIdentifier(ValueError):
    """A code that cannot be right. The text (Chinese) names the remedy; `reason` is a stable English word."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message


def _normalise(code: str) -> str:
    return unicodedata.normalize("NFKC", code).strip().upper()


def _uscc_check_digit(body: str) -> str:
    total = sum(map(mul, map(_USCC_VALUES.__getitem__, body), _USCC_WEIGHTS))
    return USCC_ALPHABET[(31 - total % 31) % 31]


def organ_code_check_digit(body: str) -> str:
    """GB 11714: the ninth character of an organisation code from its first eight."""
    total = sum(map(mul, map(_ORGAN_VALUES.__getitem__, body), _ORGAN_WEIGHTS))
    return {10: "X", 11: "0"}.get(11 - total % 11, str((11 - total % 11) % 11))


def check_uscc(code: str) -> str:
    """Normalise a 统一社会信用代码, or raise InvalidIdentifier (shape, region, checksum, inner-checksum)."""
    code = _normalise(code)
    if not _USCC_SHAPE.fullmatch(code):
        raise InvalidIdentifier(
            "shape", "统一社会信用代码应为18位数字或大写字母（不含I、O、S、V、Z），请核对。"
        )
    if code[2:4] not in _REGISTRY_PROVINCES:
        raise InvalidIdentifier("region", "统一社会信用代码第3至8位不是有效的行政区划代码，请核对。")
    if code[17] != _uscc_check_digit(code[:17]):
        raise InvalidIdentifier("checksum", "统一社会信用代码校验位不符，请核对是否有误录。")
    if not code.startswith(_WITHOUT_INNER_CHECK) and code[16] != organ_code_check_digit(code[8:16]):
        raise InvalidIdentifier(
            "inner-checksum", "统一社会信用代码第9至17位（组织机构代码）校验位不符，请核对。"
        )
    return code


def make_uscc(prefix8: str, serial: int) -> str:
    """A valid made-up code, e.g. prefix "91130102"; each serial gives another code."""
    inner = f"{serial:08d}"
    body = prefix8 + inner + organ_code_check_digit(inner)
    return body + _uscc_check_digit(body)


def _resident_check_digit(body: str) -> str:
    total = sum(map(mul, map(int, body), _RESIDENT_WEIGHTS))
    return _RESIDENT_CHECKS[total % 11]


def _with_century(short: str) -> str:
    """A 15-digit number as 18 digits; serials 996–999 were kept for people born before 1900."""
    century = "18" if short[12:] in {"996", "997", "998", "999"} else "19"
    body = short[:6] + century + short[6:]
    return body + _resident_check_digit(body)


def check_resident_id(number: str, *, today: date | None = None) -> str:
    """Normalise a 公民身份号码 to 18 characters; InvalidIdentifier (shape, region, birth, checksum)."""
    number = _normalise(number)
    if re.fullmatch(r"\d{15}", number):
        number = _with_century(number)
    if not re.fullmatch(r"\d{17}[\dX]", number):
        raise InvalidIdentifier("shape", "居民身份证号码应为18位（或旧版15位）数字，末位可为X，请核对。")
    if number[:2] not in _PROVINCES:
        raise InvalidIdentifier("region", "居民身份证号码前两位不是有效的省级代码，请核对。")
    _check_birth(number[6:14], today or local_date(datetime.now(UTC)))
    if number[17] != _resident_check_digit(number[:17]):
        raise InvalidIdentifier("checksum", "居民身份证号码校验位不符，请核对是否有误录。")
    return number


def _check_birth(digits: str, today: date) -> None:
    try:
        birth = date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        birth = date.min
    if not date(1850, 1, 1) <= birth <= today:
        raise InvalidIdentifier("birth", "居民身份证号码中的出生日期无效，请核对。")


def make_resident_id(region: str, birth: date, serial: int) -> str:
    """A valid made-up 18-character number; serial 0–999."""
    body = f"{region}{birth:%Y%m%d}{serial:03d}"
    return body + _resident_check_digit(body)


def mask_id(number: str) -> str:
    """Only the first four characters of an identity number, the rest as stars."""
    return number[:4] + "*" * max(len(number) - 4, 0)


def mask_person_name(name: str) -> str:
    """The surname, each further character as a star: 张三 → 张*, 欧阳小明 → 欧阳**."""
    name = name.strip()
    kept = 2 if len(name) > 2 and name[:2] in COMPOUND_SURNAMES else 1
    return name[:kept] + "".join("·" if char == "·" else "*" for char in name[kept:])
