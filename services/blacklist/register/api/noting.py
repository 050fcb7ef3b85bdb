"""What the query audit learns of a question: its kind and how it ended, never its words."""

from collections.abc import Sequence
from typing import Any

from shared.web.tally import note

SHORT = 2


def kind_of(q: str) -> str:
    """Browsing, a code, a document number, a name too short to be likened, or a name."""
    text = q.strip()
    if not text:
        return "browse"
    if text.isascii() and len(text) == 18 and text.isalnum():
        return "code"
    if len(text) <= SHORT:
        return "short"
    return "document" if "号" in text and any(map(str.isdigit, text)) else "name"


def note_search(environ: dict[str, Any], q: str, rows: Sequence[dict[str, Any]]) -> None:
    """One search: the best verdict is the first one's."""
    note(environ, kind_of(q), rows[0]["verdict"] if rows and q.strip() else "found" if rows else "none")


def note_check(environ: dict[str, Any], answers: Sequence[dict[str, Any]]) -> None:
    """One batch: how large it was, by powers of ten, and whether anybody was listed."""
    size = len(str(len(answers)))
    note(environ, f"check-1e{size - 1}", "listed" if any(each["listed"] for each in answers) else "none")
