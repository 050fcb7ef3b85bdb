"""What a text may be made of: words, allowed variables and conditions. Nothing that loops, calls or reaches.

The list of allowed constructs is the first wall; the sandbox the texts are rendered in is the second.
"""

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from jinja2 import StrictUndefined, Template, TemplateSyntaxError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from shared.written import holds_identity

LONGEST_TITLE, LONGEST_BODY = 500, 8000
PLAIN = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False)
HTML = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=True)
ALLOWED = (
    nodes.Output, nodes.TemplateData, nodes.Name, nodes.If, nodes.CondExpr, nodes.Const,
    nodes.And, nodes.Or, nodes.Not, nodes.Compare, nodes.Operand,
)  # fmt: skip
LONGEST_NUMBER = 10**18
UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})  # controls, direction marks, halves of characters


@dataclass(frozen=True)
class Problem:
    """What is wrong with a text, and on which of its lines."""

    line: int
    message: str


def problems(source: str, variables: Iterable[str], longest: int = LONGEST_BODY) -> list[Problem]:
    """Everything that keeps a text from being used; empty means it can be rendered with any facts."""
    if len(source) > longest:
        return [Problem(1, f"过长：{len(source)} 字，最多 {longest} 字")]
    found = list(_unseen(source))
    if holds_identity(source):
        found.append(Problem(1, "含有身份证件号码"))
    if found:
        return found
    try:
        tree = PLAIN.parse(source)
        found = list(_constructs(tree, frozenset(variables)))
        if not found:
            compiled(source)
    except TemplateSyntaxError as error:
        return [Problem(error.lineno, f"模板语法有误：{error.message}")]
    except ValueError:
        return [Problem(1, "数字过长")]
    except (SyntaxError, RecursionError):
        return [Problem(1, "条件嵌套过深")]
    return found


@lru_cache(maxsize=2000)
def compiled(source: str) -> Template:
    """The template of a text, made once."""
    return PLAIN.from_string(source)


def _unseen(source: str) -> Iterator[Problem]:
    for number, line in enumerate(source.split("\n"), 1):
        codes = {f"U+{ord(char):04X}" for char in line if unicodedata.category(char) in UNSEEN}
        if codes:
            yield Problem(number, f"含有不可见字符 {'、'.join(sorted(codes))}")


def _constructs(tree: nodes.Template, variables: frozenset[str]) -> Iterator[Problem]:
    for node in tree.find_all(nodes.Node):
        if isinstance(node, nodes.Name) and node.name not in variables:
            yield Problem(node.lineno, f"不能使用变量 {node.name}")
        elif not isinstance(node, ALLOWED):
            yield Problem(node.lineno, f"不允许的写法（{type(node).__name__}）：只能使用变量和条件")
        elif isinstance(node, nodes.Const) and isinstance(node.value, int) and node.value > LONGEST_NUMBER:
            yield Problem(node.lineno, "数字过长")
        elif isinstance(node, nodes.Compare):
            yield from _comparisons(node)


def _comparisons(compare: nodes.Compare) -> Iterator[Problem]:
    """Only what holds for any two values, or for any two pieces of text: nothing that could raise."""
    left = compare.expr
    for operand in compare.ops:
        contains = operand.op in {"in", "notin"} and _is_text(left) and _is_text(operand.expr)
        if operand.op not in {"eq", "ne"} and not contains:
            said = f"不允许的比较（{operand.op}）：只能比较是否相等，或者文字是否包含文字"
            yield Problem(operand.lineno, said)
        left = operand.expr


def _is_text(node: nodes.Expr) -> bool:
    return isinstance(node, nodes.Name) or (isinstance(node, nodes.Const) and isinstance(node.value, str))
