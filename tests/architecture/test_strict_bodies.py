"""A JSON body's fields take what the OpenAPI document says and nothing that merely looks like it.

Generated requests find such a field only by luck and on a fast machine; here every field of every body of the
three real applications is asked.
"""

import warnings
from collections.abc import Iterator
from typing import Any

import pytest
from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin, OpenAPIConverter
from flask import Flask
from marshmallow import Schema, ValidationError, fields

from tests.architecture.access_world import open_world

SERVICES = ("blacklist", "credit-push", "notifier")
OF_TYPE: dict[str, tuple[Any, ...]] = {
    "integer": (1, -(10**20)),
    "number": (2.5, 2.5890419884777833e-42, -0.5),
    "string": ("", "1", "true", "2026-11-23", "0.5"),
    "boolean": (True, False),
    "array": ([], [1]),
    "object": ({}, {"a": 1}),
    "null": (None,),
}


@pytest.fixture(scope="module")
def applications(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Flask]:
    world = open_world(tmp_path_factory.mktemp("bodies"))
    return {name: client.application for name, client in world.clients.items()}


@pytest.fixture(scope="module")
def converter() -> OpenAPIConverter:
    plugin = MarshmallowPlugin(schema_name_resolver=lambda schema: None)
    APISpec("fields", "1", "3.1.0", plugins=[plugin])
    assert plugin.converter is not None
    return plugin.converter


def bodies(application: Flask) -> Iterator[tuple[str, Schema]]:
    for rule in application.url_map.iter_rules():
        spec = getattr(application.view_functions[rule.endpoint], "_spec", None) or {}
        taken = spec.get("content_type") or "application/json"
        kinds = taken if isinstance(taken, list) else [taken]
        if spec.get("body") is not None and "application/json" in kinds:
            yield rule.rule, spec["body"]


def every_field(schema: Schema, path: str) -> Iterator[tuple[str, fields.Field[Any]]]:
    for name, each in schema.load_fields.items():
        yield from within(each, f"{path}/{name}")


def within(each: fields.Field[Any], path: str) -> Iterator[tuple[str, fields.Field[Any]]]:
    yield path, each
    if isinstance(each, fields.Nested):
        yield from every_field(each.schema, path)
    if isinstance(each, fields.List):
        yield from within(each.inner, f"{path}/0")
    if isinstance(each, fields.Dict) and each.value_field is not None:
        yield from within(each.value_field, f"{path}/*")


def documented(converter: OpenAPIConverter, each: fields.Field[Any]) -> set[str]:
    """The JSON types the document allows the field, or every type where it names none."""
    if isinstance(each, fields.Nested):
        types = {"array" if each.many else "object"}
        return types | ({"null"} if each.allow_none else set())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        said = converter.field2property(each).get("type")
    return set(OF_TYPE) if said is None else set([said] if isinstance(said, str) else said)


def taken_wrongly(converter: OpenAPIConverter, each: fields.Field[Any]) -> Iterator[Any]:
    allowed = documented(converter, each)
    allowed |= {"integer"} if "number" in allowed else set()
    for value in (value for kind in OF_TYPE.keys() - allowed for value in OF_TYPE[kind]):
        try:
            each.deserialize(value)
        except ValidationError:
            continue
        yield value


@pytest.mark.parametrize("service", SERVICES)
def test_bodies_take_the_documented_types_only(
    applications: dict[str, Flask], converter: OpenAPIConverter, service: str
) -> None:
    asked, wrong = 0, []
    for route, schema in bodies(applications[service]):
        for path, each in every_field(schema, route):
            asked += 1
            wrong += [
                f"{path} ({type(each).__name__}) took {value!r}" for value in taken_wrongly(converter, each)
            ]
    assert asked > 20
    assert not wrong, "\n".join(sorted(set(wrong)))
