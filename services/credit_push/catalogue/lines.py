"""Where a setting stands in a TOML file, so that a problem can be pointed at by its line."""

import re

_TABLE = re.compile(r"\s*\[([A-Za-z0-9_.\-]+)\]")
_KEY = re.compile(r"\s*([A-Za-z0-9_.\-]+)\s*=")
_TOLD = re.compile(r"at line (\d+)")


def line_of(text: str, field: str) -> int:
    """The line of a setting (`table.name`); of its table, or the first, where it is missing."""
    table, found, tables = "", 0, {"": 1}
    for number, line in enumerate(text.splitlines(), 1):
        if heading := _TABLE.match(line):
            table = heading[1] + "."
            tables[table] = number
        elif (key := _KEY.match(line)) and table + key[1] == field:
            found = number
    if found or not field:
        return found or 1
    owner = field.rpartition(".")[0]
    return tables.get(field + ".") or (line_of(text, owner) if owner else 1)


def line_told(message: str) -> int:
    """The line a parser's own message names."""
    match = _TOLD.search(message)
    return int(match[1]) if match else 1
