"""The law a list stands on, as papers cite it: 《文件名》（文号）, with the clause where it is one."""

import re

from services.blacklist.rules.domain import ListRule

_CLAUSE = re.compile(
    r"第[〇零一二三四五六七八九十百\d]+条(?:第[一二三四五六七八九十]+款)?(?:第[（(]?[一二三四五六七八九十]+[)）]?项)?"
)


def cite(rule: ListRule, region: str) -> str:
    """What holds in the region; remarks on a basis are no clause and are left out."""
    return "；".join(
        f"{each.cited}{each.article if _CLAUSE.fullmatch(each.article) else ''}"
        for each in rule.basis_in(region)
    )
