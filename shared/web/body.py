"""Strict reading of what a request carries, before any schema sees it.

Refuses what a schema cannot name or a database cannot hold: malformed or unlimited JSON, another content
type, NUL and lone surrogates (PostgreSQL refuses them), numbers beyond 2^53. Larger uploads are allowed
view by view.
"""

import json
import math
import re
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from flask import Request

from shared.errors import FieldError, Invalid, NotFound
from shared.web.failures import BadRequest, UnsupportedMediaType

View = TypeVar("View", bound=Callable[..., object])
JSON_LIMIT = 2 * 1024 * 1024
FORM_AROUND_A_FILE = 64 * 1024
LARGEST_INTEGER = 2**53
DEEPEST = 32
_SURROGATE = re.compile("[\ud800-\udfff]")
LIMIT_ATTRIBUTE = "__body_limit__"


def body_limit(size: int) -> Callable[[View], View]:
    """Allow a view a body of up to `size` bytes (uploads); everything else is held to JSON_LIMIT."""

    def mark(view: View) -> View:
        setattr(view, LIMIT_ATTRIBUTE, size)
        return view

    return mark


def upload_limit(largest_file: int) -> Callable[[View], View]:
    """Allow a view a file of up to so many bytes, with the form around it."""
    return body_limit(largest_file + FORM_AROUND_A_FILE)


def check_request(request: Request, view: object) -> None:
    """Raise for what no view should ever see; leaves the body cached for the schema."""
    if not clean(request.path):
        raise NotFound("not-found", "没有这个页面", "地址中含有不能使用的字符。")
    request.max_content_length = getattr(view, LIMIT_ATTRIBUTE, JSON_LIMIT)
    spec = getattr(view, "_spec", None) or {}
    expected = spec.get("content_type")
    if expected and spec.get("body") is not None and request.method not in {"GET", "HEAD", "OPTIONS"}:
        _check_body(request, expected if isinstance(expected, list) else [expected])
    elif request.mimetype in {"application/x-www-form-urlencoded", "multipart/form-data"}:
        _refuse_characters(_pairs(request.form))
    _refuse_characters(_pairs(request.args))


def _check_body(request: Request, expected: list[str]) -> None:
    if request.mimetype not in expected:
        if not request.mimetype and not request.get_data(cache=True):
            raise BadRequest("malformed-request", "请求正文缺失", f"请以 {expected[0]} 格式提交正文。")
        raise UnsupportedMediaType(expected)
    if request.mimetype == "application/json":
        _refuse_characters(walk(strict_json(request.get_data(cache=True))))
    else:
        _refuse_characters(_pairs(request.form))
        _refuse_characters(
            (f"/{name}", upload.filename or "") for name, upload in request.files.items(multi=True)
        )


def strict_json(raw: bytes) -> Any:
    """The JSON value of UTF-8 bytes, or BadRequest: no NaN, no repeated key, no bottomless nesting."""
    try:
        value = json.loads(
            raw.decode("utf-8"),
            parse_constant=_no_constant,
            parse_float=_finite,
            object_pairs_hook=_unique_keys,
        )
    except (ValueError, RecursionError) as error:
        raise BadRequest(
            "malformed-request", "正文不是有效的 JSON", "请检查 JSON 语法、编码（UTF-8）和数字。"
        ) from error
    if _depth(value) > DEEPEST:
        raise BadRequest("malformed-request", "正文嵌套过深", f"JSON 嵌套不能超过 {DEEPEST} 层。")
    return value


def _no_constant(name: str) -> Any:
    raise ValueError(name)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("repeated key")
    return found


def _depth(value: Any) -> int:
    level, deepest = [value], 0
    while level and deepest <= DEEPEST + 1:
        deepest += 1
        level = [child for item in level for child in _children(item)]
    return deepest


def _children(item: Any) -> list[Any]:
    if isinstance(item, dict):
        return list(item.values())
    return item if isinstance(item, list) else []


def walk(value: Any, pointer: str = "") -> Iterator[tuple[str, Any]]:
    """Every scalar and key of a JSON value with its JSON pointer."""
    if isinstance(value, dict):
        for key, child in value.items():
            step = f"{pointer}/{escape_pointer(key)}"
            yield step, key
            yield from walk(child, step)
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from walk(child, f"{pointer}/{index}")
    else:
        yield pointer, value


def escape_pointer(key: str) -> str:
    """A key as one step of a JSON pointer (RFC 6901)."""
    return key.replace("~", "~0").replace("/", "~1")


def clean(text: str) -> bool:
    """Whether every database and encoder of ours can hold the text: no NUL, no lone surrogate."""
    return "\x00" not in text and not _SURROGATE.search(text)


def _pairs(values: Any) -> Iterator[tuple[str, Any]]:
    for key, value in values.items(multi=True):
        yield f"/{escape_pointer(key)}", key
        yield f"/{escape_pointer(key)}", value


def _refuse_characters(found: Iterator[tuple[str, Any]]) -> None:
    wrong = [
        FieldError(_printable(pointer), message) for pointer, value in found if (message := _fault(value))
    ]
    if wrong:
        raise Invalid("validation-failed", "提交的内容有误", "请按提示修改后重新提交。", fields=wrong[:50])


def _fault(value: Any) -> str | None:
    if isinstance(value, str):
        return None if clean(value) else "含有不能使用的字符（空字符或不完整的字符），请删去。"
    if isinstance(value, int) and abs(value) > LARGEST_INTEGER:
        return "数字过大。"
    return None


def _printable(pointer: str) -> str:
    return pointer.encode("utf-8", "replace").decode("utf-8").replace("\x00", "?")
