"""Every error slug the code can raise is explained, and docs/errors.md says the same."""

import ast
from pathlib import Path

from click.testing import CliRunner, Result

from services.cli import main
from shared.errors import ERROR_PAGES
from tests.harness.source import read_tree

ROOT = Path(__file__).resolve().parents[2]
KINDS = {"Invalid", "Unauthenticated", "Forbidden", "NotFound", "Conflict", "TooMany", "Unavailable"}


def raised_slugs():
    for folder in ("services", "shared"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(read_tree(path.read_text("utf-8"))):
                if isinstance(node, ast.Call) and getattr(node.func, "id", None) in KINDS and node.args:
                    first = node.args[0]
                    if isinstance(first, ast.Constant):
                        yield first.value, path.name


def explain() -> Result:
    """`credit-blacklist errors`, which loads all that explains any."""
    return CliRunner().invoke(main, ["errors"])


def test_every_slug_is_explained():
    assert explain().exit_code == 0
    found = set(raised_slugs())
    assert len(found) > 50
    assert not {slug for slug in found if slug[0] not in ERROR_PAGES}


def test_the_document_is_in_step():
    made = explain()
    assert made.exit_code == 0, made.output
    assert made.output == (ROOT / "docs/errors.md").read_text("utf-8"), (
        "run: credit-blacklist errors > docs/errors.md"
    )
