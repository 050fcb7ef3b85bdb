"""Where a setting stands in a TOML file, so that a problem can be pointed at by its line."""

import re

_TABLE = re.compile(r"\s*\[([A-Za-z0-9_.\-]+)\]")
_KEY = re.compile(r"\s*([A-Za-z0-9_.\-]+)\s*=")
_TOLD = re.compile(r"at line (\d+)")


class Lines:
    """The settings and tables of a text with their lines, read once however many problems there are."""

    def __init__(self, text: str) -> None:
        self._keys: dict[str, int] = {}
        self._tables = {"": 1}
        table = ""
        for number, line in enumerate(text.splitlines(), 1):
            if heading := _TABLE.match(line):
                table = heading[1] + "."
                self._tables[table] = number
            elif key := _KEY.match(line):
                self._keys[table + key[1]] = number

    def of(self, field: str) -> int:
        """The line of a setting (`table.name`); of its table, or the first, where it is missing."""
        while field:
            found = self._keys.get(field) or self._tables.get(field + ".")
            if found:
                return found
            field = field.rpartition(".")[0]
        return 1


def line_of(text: str, field: str) -> int:
    """The same for a single question."""
    return Lines(text).of(field)


def line_told(message: str) -> int:
    """The line a parser's own message names."""
    match = _TOLD.search(message)
    return int(match[1]) if match else 1
