"""A wrong cell as the clerk is told of it: where, what stands there (no identity number), what is wrong, the
remedy."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from services.blacklist.audit.domain import without_identities
from shared.identifiers import mask_id

_REMEDIES = Path(__file__).resolve().parent.parent / "data" / "remedies.toml"
PERSONAL = "id_number"
"""Fields whose name ends so hold an identity number."""
SHOWN = 60
_LONG_NUMBER = re.compile(r"\d{14,}[\dXx]")
"""Also what is only nearly an identity number, in a column where none belongs."""


@dataclass(frozen=True)
class CellError:
    """One wrong cell: its address (C7), row and heading, its value as it may be shown, and how to mend it."""

    cell: str
    column: str
    message: str
    row: int = 0
    value: str | None = None
    remedy: str = ""

    def document(self) -> dict[str, Any]:
        return asdict(self)


@lru_cache(maxsize=1)
def _remedies() -> Mapping[str, Mapping[str, str]]:
    return tomllib.loads(_REMEDIES.read_text("utf-8"))


def remedy_for(to: Sequence[str], read: str = "text") -> str:
    """What to do about a cell that fills this field."""
    known = _remedies()
    return known["field"].get(".".join(to)) or known["read"].get(read, known["read"]["text"])


def is_secret(to: Sequence[str]) -> bool:
    return bool(to) and to[-1].endswith(PERSONAL)


def shown(to: Sequence[str], value: object) -> str | None:
    """A cell's value without any identity number, cut to what a line can hold."""
    if value is None or value == "":
        return None
    text = str(value)
    if is_secret(to):
        text = mask_id(text.strip())
    elif not to or to[-1] != "uscc":
        text = _LONG_NUMBER.sub(lambda found: mask_id(found[0]), text)
    else:
        text = str(without_identities(text))
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"
