"""Who is a minor (未成年人), told by the identity number, and until when a listing is barred.

The age stands in `data/minors.toml`; cases and imported history are held to the same rule.
"""

import re
import tomllib
from datetime import date
from pathlib import Path

_LAW = tomllib.loads((Path(__file__).parent / "data" / "minors.toml").read_text("utf-8"))
AGE = int(_LAW["age"])
RULE = str(_LAW["rule"])
"""The rule to show beside a blocked action."""


def birth_of(id_type: str | None, number: str | None) -> date | None:
    """Birth date carried by a resident identity number (18 digits), else None."""
    if id_type != "resident-id" or not number or not re.fullmatch(r"\d{17}[\dXx]", number):
        return None
    return _date_of(number)


def _date_of(number: str) -> date | None:
    try:
        return date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return None


def adult_on(birth: date) -> date:
    """The day the person comes of age; born on 29 February counts on 1 March."""
    try:
        return birth.replace(year=birth.year + AGE)
    except ValueError:
        return date(birth.year + AGE, 3, 1)


def minor_until(birth: date | None, occurred_on: date | None) -> date | None:
    """Until when listing is barred: `date.max` where the act itself was a minor's, else the 18th birthday."""
    if birth is None:
        return None
    of_age = adult_on(birth)
    return date.max if occurred_on is not None and occurred_on < of_age else of_age
