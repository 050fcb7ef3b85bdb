"""docs/commands.md has a section for every command, and names its options and no others."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from services.blacklist.register.domain.lines import read_line
from services.cli import main

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs/commands.md").read_text("utf-8")
HEAD, *_PARTS = re.split(r"^## ", TEXT, flags=re.MULTILINE)
SECTIONS = {part.partition("\n")[0]: part.partition("\n")[2] for part in _PARTS}


def commands(group: click.Group, path: str = "") -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, f"{path}{name} ")
        else:
            yield path + name, command


COMMANDS = dict(commands(main))


def test_every_command_has_its_section():
    assert set(SECTIONS) == set(COMMANDS)
    assert all(
        "docs/commands.md" in (ROOT / name).read_text("utf-8") for name in ("README.md", "README.zh-CN.md")
    )


@pytest.mark.parametrize("name", COMMANDS)
def test_a_section_names_the_options_there_are(name: str):
    options = {
        word for each in COMMANDS[name].params if isinstance(each, click.Option) for word in each.opts
    } - {"-h", "--help"}
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", SECTIONS[name]))
    assert named == options
    assert f"credit-blacklist {name}" in SECTIONS[name]


def test_the_line_shown_can_be_imported():
    (shown,) = re.findall(r"```json\n(.*?)```", SECTIONS["import listings"], flags=re.DOTALL)
    line = json.dumps(json.loads(shown), ensure_ascii=False)
    assert read_line(line, {"engineering-tendering"}).origin == "id:old-system-1"
