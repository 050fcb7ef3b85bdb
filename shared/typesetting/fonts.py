"""The two embedded TrueType faces (faces/vendored.json): Micro Hei for everything, Droid Fallback for
the rare characters it lacks, and the geta mark 〓 for what neither has, so that no empty box is ever printed.
"""

from collections.abc import Iterator
from functools import cache
from itertools import groupby
from pathlib import Path
from threading import RLock
from typing import Any

FOLDER = Path(__file__).resolve().parent / "faces"
MAIN, RARE = "LetterMain", "LetterRare"
FILES = {MAIN: "wqy-microhei.ttc", RARE: "DroidSansFallbackFull.ttf"}
GETA = "〓"
lock = RLock()
"""Held while a document is made: the fonts keep each document's subset."""


@cache
def face(name: str) -> Any:
    """The registered font, read once per process."""
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont

    with lock:
        font = TTFont(name, str(FOLDER / FILES[name]), subfontIndex=0)
        pdfmetrics.registerFont(font)
        return font


def missing(text: str) -> list[str]:
    """Characters neither face has, each once, in order."""
    return list(dict.fromkeys(char for char in text if char.isprintable() and face_of(char) is None))


@cache
def face_of(char: str) -> str | None:
    for name in (MAIN, RARE):
        if ord(char) in face(name).face.charToGlyph:
            return name
    return None


def printable(text: str) -> str:
    """The text with 〓 for what cannot be printed and spaces for control characters."""
    shown = (char if char.isprintable() or char == "\n" else " " for char in text)
    return "".join(char if char in "\n " or face_of(char) else GETA for char in shown)


def runs(text: str) -> Iterator[tuple[str, str]]:
    """(face, text) of every stretch in one face."""
    for name, part in groupby(text, lambda char: face_of(char) or MAIN):
        yield name, "".join(part)


@cache
def _unit_width(char: str) -> float:
    return float(face(face_of(char) or MAIN).stringWidth(char, 1000)) / 1000


def width(text: str, size: float) -> float:
    """Points the text takes at this size."""
    return sum(map(_unit_width, text)) * size
