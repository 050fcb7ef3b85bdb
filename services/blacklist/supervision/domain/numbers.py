"""文号: 长住建罚〔2026〕12号 is prefix, year and serial. Brackets and digits are written in many ways."""

import re
import unicodedata
from dataclasses import dataclass

from shared.written import holds_identity

_BRACKETS = str.maketrans(dict.fromkeys("[(【〖﹝{", "〔") | dict.fromkeys("])】〗﹞}", "〕"))
_NUMBER = re.compile(r"(?P<prefix>[^〔〕]{1,60})〔(?P<year>(?:19|20)\d{2})〕第?(?P<serial>\d{1,6})号")
LONGEST = 128


@dataclass(frozen=True)
class DocumentNumber:
    """A number of the common form."""

    prefix: str
    year: int
    serial: int

    def __str__(self) -> str:
        return f"{self.prefix}〔{self.year}〕{self.serial}号"


def number_key(text: str) -> str:
    """One spelling of a number: width, brackets and spaces no longer matter; the common form as parsed."""
    plain = unicodedata.normalize("NFKC", text).translate(_BRACKETS)
    joined = "".join(plain.split()).upper()
    found = _NUMBER.fullmatch(joined)
    return str(_parsed(found)) if found else joined


def parse_number(text: str) -> DocumentNumber | None:
    """The parts of a number of the common form; None for any other number."""
    found = _NUMBER.fullmatch(number_key(text))
    return _parsed(found) if found else None


def _parsed(found: "re.Match[str]") -> DocumentNumber:
    return DocumentNumber(found["prefix"], int(found["year"]), int(found["serial"]))


def number_problem(text: str) -> str | None:
    """Why a text is no document number, or None."""
    key = number_key(text)
    if not key:
        return "请填写文号"
    if len(key) > LONGEST:
        return f"文号不超过 {LONGEST} 字"
    if holds_identity(text):
        return "文号中似含公民身份号码，请核对"
    return None
