"""公开例外: the grounds for keeping something from the public, read from `data/exceptions.toml`."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

_FILE = Path(__file__).parent / "data" / "exceptions.toml"
MUST = "must"
"""`scope` of what may not be public in any part."""


@dataclass(frozen=True)
class ExceptionGround:
    """One ground for not disclosing, with its article."""

    code: str
    name: str
    article: str
    text: str
    scope: str
    also: str
    status: str
    source: str
    valid_from: date


@cache
def exception_grounds() -> Mapping[str, ExceptionGround]:
    """By code, in the order of the file."""
    content = tomllib.loads(_FILE.read_text("utf-8"))
    return {each["code"]: ExceptionGround(**each) for each in content["exception"]}
