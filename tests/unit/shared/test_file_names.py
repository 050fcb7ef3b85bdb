"""What is left of an uploaded file's name: what the eye sees, and its suffix."""

import ast
from pathlib import Path

import pytest

from shared.file_names import file_name

ROOT = Path(__file__).resolve().parents[3] / "services"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("决定书.pdf", "决定书.pdf"),
        ("C:\\temp\\决定书.pdf", "决定书.pdf"),
        ("../../etc/passwd", "passwd"),
        ("通知\u202egpj.exe", "通知gpj.exe"),
        ("a\u200b\u2066b\u2069\ufeffc\u00ad.docx", "abc.docx"),
        ("甲\u3000乙\u00a0 丙\n.png", "甲 乙 丙.png"),
        ("\u3164\u2800\ufe0f.pdf", "未命名.pdf"),
        ("\u2028", "未命名"),
        ("", "未命名"),
        ("..", "未命名"),
        ("x\0y.txt", "xy.txt"),
        ("\ud800z.txt", "z.txt"),
        ("长" * 300 + ".pdf", "长" * 196 + ".pdf"),
    ],
)
def test_only_what_is_seen_is_kept(given, kept):
    assert file_name(given) == kept
    assert file_name(kept) == kept


def test_every_kept_name_went_through_it():
    """A row's `file_name=` is made by this function, by whichever service; never by a slice of its own."""
    wrong = []
    for path in ROOT.rglob("usecases/**/*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.keyword) and node.arg == "file_name":
                wrong += [f"{path.name}:{node.value.lineno}"] * isinstance(node.value, ast.Subscript)
    assert not wrong, "use shared.file_names.file_name"
