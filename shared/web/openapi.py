"""Completes the generated OpenAPI document so that it promises exactly what the kit answers.

From a view's policy, input and method follow its security and problem answers; `@problems(…)` adds the rest.
"""

import re
import warnings
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from apiflask import APIFlask
from werkzeug.routing import AnyConverter, Rule

from shared.web.access import Policy, policy_of
from shared.web.problem import FRAMEWORK, MEDIA_TYPE
from shared.web.tokens import cookie_name

View = TypeVar("View", bound=Callable[..., object])
METHODS = ("get", "post", "put", "patch", "delete")
# A page of things is described before the thing itself: apispec then warns of one schema met twice, which
# is the same schema both times.
warnings.filterwarnings("ignore", message=".*has already been added to the spec", category=UserWarning)

UNSAFE = frozenset({"post", "put", "patch", "delete"})

PROBLEM: dict[str, Any] = {
    "type": "object",
    "description": "RFC 9457",
    "required": ["type", "title", "status", "slug"],
    "properties": {
        "type": {"type": "string", "description": "说明该问题的页面"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "slug": {"type": "string", "description": "问题的固定名称"},
        "detail": {"type": "string"},
        "request_id": {"type": "string"},
        "fields": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "message"],
                "properties": {"pointer": {"type": "string"}, "message": {"type": "string"}},
            },
        },
    },
}
BINARY: dict[str, Any] = {"type": "string", "format": "binary"}
JSON_FILE: dict[str, Any] = {"type": "object"}
# What gunicorn and nginx refuse before the application sees the request (`limit_request_line`, header size).
BEFORE_THE_APPLICATION = {414: "请求地址过长", 431: "请求头过大"}
IDEMPOTENCY_KEY: dict[str, Any] = {
    "in": "header",
    "name": "Idempotency-Key",
    "required": False,
    "description": "同一键、同一内容重复提交时，返回第一次的答复，不再产生效果。",
    "schema": {"type": "string", "pattern": "^[A-Za-z0-9._:-]{1,128}$"},
}


def produces(*media_types: str) -> Callable[[View], View]:
    """Document that a view answers 200 with a file of one of these types instead of JSON."""

    def mark(view: View) -> View:
        view.__produces__ = media_types  # type: ignore[attr-defined]
        return view

    return mark


def also_produces(media_type: str) -> Callable[[View], View]:
    """Document that a view also answers 200 with a text of this type, asked for by `Accept`."""

    def mark(view: View) -> View:
        view.__also_produces__ = media_type  # type: ignore[attr-defined]
        return view

    return mark


def complete(app: APIFlask, spec: dict[str, Any], *, production: bool) -> dict[str, Any]:
    """The generated document with problems, security and headers of every operation."""
    components = spec.setdefault("components", {})
    components.setdefault("schemas", {})["Problem"] = PROBLEM
    components["securitySchemes"] = {
        "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
        "cookie": {"type": "apiKey", "in": "cookie", "name": cookie_name(production=production)},
        "apiKey": {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "ApiKey <前缀>.<密钥>",
        },
    }
    for path, method, rule in _operations(app):
        operation = spec["paths"].get(path, {}).get(method)
        if operation is not None:
            _complete_operation(operation, method, path, app.view_functions[rule.endpoint])
            _complete_parameters(operation, rule)
    _use_ecma_patterns(spec)
    return spec


def _use_ecma_patterns(node: Any) -> None:
    """JSON Schema patterns are ECMA regular expressions: `$` ends the text there, not Python's own sign."""
    if isinstance(node, dict):
        pattern = node.get("pattern")
        if isinstance(pattern, str):
            node["pattern"] = pattern.replace(r"\Z", "$")
        for child in node.values():
            _use_ecma_patterns(child)
    elif isinstance(node, list):
        for child in node:
            _use_ecma_patterns(child)


def _operations(app: APIFlask) -> Iterator[tuple[str, str, Rule]]:
    for rule in app.url_map.iter_rules():
        path = re.sub(r"<(?:[^<:]+:)?([^>]+)>", r"{\1}", rule.rule)
        for method in METHODS:
            if method.upper() in (rule.methods or ()):
                yield path, method, rule


def _complete_operation(operation: dict[str, Any], method: str, path: str, view: Any) -> None:
    policy = policy_of(view) or Policy()
    for status in sorted(possible_problems(method, path, view)):
        operation["responses"][str(status)] = {
            "description": FRAMEWORK[status][1] if status in FRAMEWORK else "状态冲突",
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
    for status, description in BEFORE_THE_APPLICATION.items():
        operation["responses"][str(status)] = {"description": description, "content": {"text/html": {}}}
    if not policy.open:
        ways = ["bearer", "cookie", "apiKey"] if policy.scope else ["bearer", "cookie"]
        operation["security"] = [{way: []} for way in ways]
        operation["x-roles"] = sorted(policy.roles)
    files = getattr(view, "__produces__", ())
    if files:
        shapes = {kind: JSON_FILE if kind.endswith(("/json", "+json")) else BINARY for kind in files}
        content = {kind: {"schema": shape} for kind, shape in shapes.items()}
        operation["responses"]["200"] = {"description": "文件", "content": content}
    also = getattr(view, "__also_produces__", "")
    if also:
        operation["responses"]["200"]["content"][also] = {"schema": {"type": "string"}}
    if "requestBody" in operation:
        operation["requestBody"]["required"] = True
    if getattr(view, "__idempotent__", False):
        operation["parameters"] = [*operation.get("parameters", []), IDEMPOTENCY_KEY]


def _complete_parameters(operation: dict[str, Any], rule: Rule) -> None:
    """Path parameters are required, and those of a closed set say which; a null default is no default."""
    for parameter in operation.get("parameters", []):
        converter = rule._converters.get(parameter["name"])  # nowhere public
        if isinstance(converter, AnyConverter):
            parameter["schema"] = {"type": "string", "enum": sorted(converter.items)}
        parameter["required"] = parameter["in"] == "path" or parameter.get("required", False)
        if parameter.get("schema", {}).get("default", "") is None:
            del parameter["schema"]["default"]


def possible_problems(method: str, path: str, view: Any) -> set[int]:
    """The statuses of refusals an operation may answer with (413 by any body, 422 by any parameter)."""
    spec = getattr(view, "_spec", None) or {}
    found = set(getattr(view, "__problems__", ())) | {422}
    if not (policy_of(view) or Policy()).open:
        found |= {401, 403}
    if "{" in path:
        found.add(404)
    if method in UNSAFE:
        found |= {403, 409, 413}
    if spec.get("body") is not None and method in UNSAFE:
        found |= {400, 415}
    return found
