"""Chinese text is set with Chinese marks: no half-width comma, colon or bracket touches a Chinese character.

Comments and docstrings (English), regular expressions (raw strings) and what stands below are left alone.
"""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.blacklist.identity.domain import ROLES
from services.notifier.domain import ROLE_NAMES
from tests.harness.source import read_tree

ROOT = Path(__file__).resolve().parents[2]
CHINESE = r"[一-鿿《》〈〉“”〔〕（）、。，；：？！]"
MARK = re.compile(rf"(?<={CHINESE})[,;:()?!]|[,;:()?!](?={CHINESE})")
FILLED = re.compile(r"(?<=\}\})[,;:()]|[,;()](?=\{\{)")
"""Beside what a message fills in, which is Chinese as well."""
TAG = re.compile(r"\{#.*?#\}|<style>.*?</style>|<script>.*?</script>", re.DOTALL)
EXPRESSION = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
QUOTED = re.compile(r'"([^"]*)"' + r"|'([^']*)'")

ALLOWED = {
    "services/blacklist/letters/domain/wording.py": "marks that end a sentence, as officers type them",
    "services/notifier/channels/email.py": "smtp://用户:口令@主机:端口 is an address",
    "services/blacklist/sample/data/penalties.toml": "罚款;没收… is two code words of the sheet's code list",
}


def sources(pattern: str) -> list[Path]:
    found = [path for folder in ("services", "shared") for path in (ROOT / folder).rglob(pattern)]
    return sorted(path for path in found if path.relative_to(ROOT).as_posix() not in ALLOWED)


def literals(source: str) -> Iterator[tuple[int, str]]:
    """Every string but docstrings and raw strings."""
    tree = read_tree(source)
    skipped = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr) and is_raw(source, node):
            skipped |= {id(part) for part in node.values}
        text = node.value if isinstance(node, ast.Constant) and id(node) not in skipped else None
        if isinstance(text, str) and not (MARK.search(text) and is_raw(source, node)):
            yield node.lineno, text


def is_raw(source: str, node: ast.AST) -> bool:
    return bool(re.match(r"(?i)(r|rf|fr)[\"']", ast.get_source_segment(source, node) or ""))


def texts_of(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from (key, *texts_of(inner))
    elif isinstance(value, list):
        for inner in value:
            yield from texts_of(inner)


def half_width(path: Path) -> Iterator[str]:
    source = path.read_text("utf-8")
    where = path.relative_to(ROOT).as_posix()
    if path.suffix == ".py":
        for line, text in literals(source):
            if MARK.search(text):
                yield f"{where}:{line}: {text[:60]}"
    elif path.suffix == ".toml":
        for text in texts_of(tomllib.loads(source)):
            if MARK.search(text) or (FILLED.search(text) and re.search(CHINESE, text)):
                yield f"{where}: {text[:60]}"
    else:
        text = "\n".join(line for line in source.splitlines() if not line.startswith("#"))
        yield from (f"{where}: {found}" for found in half_width_markup(text))


def half_width_markup(source: str) -> Iterator[str]:
    """Text between tags, and the quoted texts inside expressions."""
    plain = TAG.sub("", source)
    quoted = [one or other for found in EXPRESSION.findall(plain) for one, other in QUOTED.findall(found)]
    for text in (*EXPRESSION.sub("", plain).splitlines(), *quoted):
        if MARK.search(text):
            yield text.strip()[:60]


@pytest.mark.parametrize("pattern", ["*.py", "*.toml", "*.html", "*.txt"])
def test_chinese_texts_use_full_width_marks(pattern):
    found = [each for path in sources(pattern) for each in half_width(path)]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("path", ALLOWED)
def test_every_exception_is_still_needed(path):
    assert list(half_width(ROOT / path)), f"{path} no longer needs its exception"


@pytest.mark.parametrize(
    "text", ["公示,移出", "名称:某某", "（一）;（二）", "黑名单(法人)", "共{n}件,其中", "RFC 9457(说明)"]
)
def test_the_scan_sees(text):
    assert MARK.search(text)


@pytest.mark.parametrize("text", ["a, b", "https://example.org:80/名单", "12:30", "{count} of (many)"])
def test_the_scan_leaves_alone(text):
    assert not MARK.search(text)


def test_one_word_for_a_role_and_for_a_hidden_time():
    """What docs/glossary.md calls 负责人 and 紧急暂停公示 has no second name anywhere."""
    assert ROLE_NAMES == ROLES
    second = re.compile("决定人|紧急(?:中止|停止)公示|已中止公示|确认中止|解除中止")
    texts = [path for kind in ("*.py", "*.toml", "*.html") for path in sources(kind)]
    assert not [path.name for path in texts if second.search(path.read_text("utf-8"))]
