"""The QR code (二维码) of an address, drawn as squares so that it stays sharp in print."""

import segno

from shared.typesetting.sheet import BLACK, Sheet

QUIET = 2


def draw_code(sheet: Sheet, address: str, x: float, y: float, side: float) -> None:
    """Draw with the lower left corner at (x, y); the quiet zone lies inside `side`."""
    rows = [list(row) for row in segno.make(address, error="m", micro=False).matrix]
    unit = side / (len(rows) + 2 * QUIET)
    for number, row in enumerate(rows):
        top = y + side - (QUIET + number + 1) * unit
        for start, end in _stretches(row):
            sheet.box(x + (QUIET + start) * unit, top, (end - start) * unit, unit + 0.02, BLACK)


def _stretches(row: list[int]) -> list[tuple[int, int]]:
    """Dark modules of a row joined: [start, end) pairs."""
    found: list[tuple[int, int]] = []
    for index, dark in enumerate(row):
        if not dark:
            continue
        if found and found[-1][1] == index:
            found[-1] = (found[-1][0], index + 1)
        else:
            found.append((index, index + 1))
    return found
