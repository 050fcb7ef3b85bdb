"""Bar charts as coordinates for an SVG: no script, no inline style, every value written out."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

ROW, THICK, LABEL, WIDTH, SPAN = 34, 18, 250, 720, 400
LONGEST_NAME = 15


def bars(
    points: Sequence[tuple[str, int | Decimal]], *, most: int | None = None, unit: str = ""
) -> dict[str, Any]:
    """One bar a row; `most` is the value of a full bar (else the largest)."""
    top = most or max((value for _, value in points), default=0) or 1
    return {
        "width": WIDTH,
        "height": ROW * len(points) + 8,
        "bars": [_bar(index, name, value, top, unit) for index, (name, value) in enumerate(points)],
        "empty": not any(value for _, value in points),
    }


def _bar(index: int, name: str, value: int | Decimal, top: int | Decimal, unit: str) -> dict[str, Any]:
    length = round(float(SPAN * value / top), 1)
    return {
        "name": name,
        "label": name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…",
        "text": f"{value}{unit}",
        "y": index * ROW + 6,
        "middle": index * ROW + 6 + THICK // 2 + 5,
        "x": LABEL,
        "length": max(length, 1.0),
        "thick": THICK,
        "end": round(LABEL + max(length, 1.0) + 8, 1),
    }
