"""What is wrong with a TOML text, in Chinese: the parser says it in English, with the place at the end."""

import re

_PLACE = re.compile(r"at line (\d+), column (\d+)")


def toml_fault(error: ValueError) -> str:
    """Where the text stops being TOML; RecursionError and the like have no place."""
    found = _PLACE.search(str(error))
    where = f"第 {found[1]} 行第 {found[2]} 列附近" if found else "到文件末尾仍"
    return f"不是合法的 TOML：{where}写法有误"
