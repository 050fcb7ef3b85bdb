"""How cases hang together: the kinds of link, and what makes a link impossible."""

from collections.abc import Mapping

RELATIONS: Mapping[str, str] = {
    "legal-representative": "法定代表人",
    "responsible-person": "直接责任人员",
    "shareholder": "自然人股东",
    "expert": "评标评审专家",
    "affiliate": "关联企业",
    "successor": "承继主体",
}
"""The child's part in its parent's misconduct: 发改法规〔2018〕457号 names persons; successors and affiliates
follow the practice of other exclusion lists."""


def link_problem(child: str, parent: str, parents_of_parent: frozenset[str]) -> str | None:
    """Why these two cannot be linked: a case is never its own ancestor."""
    if child == parent:
        return "案件不能与自身关联"
    if child in parents_of_parent:
        return "主案本身关联在该案件之下，不能循环关联"
    return None
