"""Who reviews a department's decision (行政复议机关), by name (行政复议法第二十四至二十七条)."""

from shared.regions import NATION, full_name, is_known, parents, region

SAME_LEVEL = "作出决定部门的本级人民政府"
"""How lists' rules name it where the department is not known."""
VERTICAL = frozenset({"tax"})
"""Organs led from above: the organ one level higher reviews them."""


def reviewing_body(kind: str, code: str, name: str, level: str) -> str:
    """石家庄市长安区人民政府 for a department of 130102; `SAME_LEVEL` where nothing is known."""
    if code == NATION:
        return name
    if kind in VERTICAL:
        return "上一级主管部门"
    if not is_known(code):
        return SAME_LEVEL
    if name.endswith("人民政府") and level != "town":
        above = parents(code)[0]
        return name if above == NATION else government(above)
    return government(code)


def government(code: str) -> str:
    """The people's government of a region; below a province without the province's name."""
    province = region(f"{code[:2]}0000").name
    whole = full_name(code)
    bare = whole.removeprefix(province) if not province.endswith("市") else whole
    return f"{bare or whole}人民政府"
