"""Strict reading: everything no schema could name or no database could hold."""

import json

import pytest

from shared.web.body import DEEPEST, clean, strict_json, walk
from shared.web.failures import BadRequest


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"nul",
        b"\xff\xfe{}",
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": 1e999}',
        b'{"a": 1, "a": 2}',
        b'{"a": ' + b"9" * 5000 + b"}",
        b"[" * 100_000,
        b"[" * (DEEPEST + 1) + b"]" * (DEEPEST + 1),
        b"{} {}",
        b'{"a": "\x00"}',
    ],
)
def test_unreadable_json(raw):
    with pytest.raises(BadRequest):
        strict_json(raw)


def test_readable_json_is_untouched():
    value = {"名称": "测试", "list": [1, 2.5, None, True, {"deep": []}]}
    assert strict_json(json.dumps(value, ensure_ascii=False).encode()) == value


def test_walk_points_at_everything():
    found = dict(walk({"a/b": {"c~d": [1, "x"]}}))
    assert found == {"/a~1b": "a/b", "/a~1b/c~0d": "c~d", "/a~1b/c~0d/0": 1, "/a~1b/c~0d/1": "x"}


@pytest.mark.parametrize(
    ("text", "good"), [("张三", True), ("a\x00b", False), ("\ud800", False), ("😀", True)]
)
def test_clean(text, good):
    assert clean(text) is good
