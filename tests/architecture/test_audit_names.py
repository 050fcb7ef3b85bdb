"""Every act that is written into the trail has a name there, and every kind of thing."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import services.blacklist
from services.blacklist.audit.actions import ACTIONS, OBJECTS, action_name, actions_meant
from services.blacklist.cases.domain.table import TRANSITIONS
from services.blacklist.cases.usecases.returning import ADDED, LATE
from services.blacklist.disclosure.domain import ACTIONS as ANSWERING
from services.blacklist.openness.domain.items import ACTS as OF_ITEMS
from services.blacklist.openness.domain.reports import ACTS as OF_REPORTS

ROOT = Path(str(services.blacklist.__file__)).parent
FAMILIES = {code.partition(".")[0] for code in ACTIONS}
CODE = re.compile(r"([a-z]+(?:-[a-z]+)*)\.[a-z]+(?:[-_][a-z]+)*")
NO_ACTS = {"import.before_commit"}
"""A point where tests break a process."""
WRITERS = {"record", "_write_down", "write_down", "write_step", "_settle", "_note", "_done"}


def modules() -> Iterator[tuple[Path, ast.Module, str]]:
    for path in sorted(ROOT.rglob("*.py")):
        text = path.read_text("utf-8")
        if re.search(r"blacklist\.audit|write_down|write_step", text) and "audit/" not in path.as_posix():
            yield path, ast.parse(text), text


def calls(tree: ast.Module) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in WRITERS:
                yield called, node


def words(node: ast.Call) -> list[str]:
    given = [*node.args, *(each.value for each in node.keywords)]
    return [
        each.value
        for part in given
        for each in ast.walk(part)
        if isinstance(each, ast.Constant) and isinstance(each.value, str)
    ]


def test_every_code_written_in_a_module_that_records_is_named():
    found = {
        node.value
        for _, tree, _ in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        if (match := CODE.fullmatch(node.value)) and match[1] in FAMILIES
    }
    assert len(found) > 50
    assert not found - set(ACTIONS) - NO_ACTS, "name them in audit/actions.py"


def test_every_act_of_a_table_is_named():
    composed = {f"case.{row.action}" for row in TRANSITIONS}
    composed |= {f"case.request-{each}" for each in (ADDED, LATE)}
    composed |= {f"disclosure.{code}" for code in ANSWERING}
    composed |= {f"item.{code}" for code in OF_ITEMS} | {f"report.{code}" for code in OF_REPORTS}
    assert not composed - set(ACTIONS), "name them in audit/actions.py"


def test_every_act_given_to_a_writer_with_a_family_of_its_own_is_named():
    """`_write_down(session, row, "confirm", …)` in a module that records `calendar.{act}`, and the like."""
    seen = 0
    for path, tree, text in modules():
        family = re.search(r'action=f"([a-z-]+)\.\{\w+\}"', text)
        for called, node in calls(tree) if family else ():
            if called == "record":
                continue
            acts = {f"{family[1]}.{word}" for word in words(node) if re.fullmatch(r"[a-z]+(-[a-z]+)*", word)}
            assert acts <= set(ACTIONS), (
                f"{path.name}: name {sorted(acts - set(ACTIONS))} in audit/actions.py"
            )
            seen += len(acts)
    assert seen > 10


def test_every_family_of_open_government_is_named():
    for path, tree, _ in modules():
        for called, node in calls(tree):
            if called == "write_down" and len(node.args) > 3:
                kind, act = node.args[1], node.args[3]
                if isinstance(kind, ast.Constant) and isinstance(act, ast.Constant):
                    assert f"{kind.value}.{act.value}" in ACTIONS, path.name


def test_every_kind_of_thing_is_named():
    found = {
        word.value.value
        for _, tree, _ in modules()
        for _, node in calls(tree)
        for word in node.keywords
        if word.arg == "object_type" and isinstance(word.value, ast.Constant)
    }
    assert len(found) > 10
    assert found <= set(OBJECTS)


def test_names_are_short_and_of_one_act_each():
    assert len(set(ACTIONS.values())) == len(ACTIONS)
    assert all(2 <= len(name) <= 14 and name.isprintable() for name in ACTIONS.values())
    assert action_name("former.act") == "former.act"
    assert actions_meant("case.publish") == ("case.publish",)
    assert set(actions_meant("紧急暂停")) == {"case.suspend"}
    assert actions_meant("没有这样的") == ("没有这样的",)
