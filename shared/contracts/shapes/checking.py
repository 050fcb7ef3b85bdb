"""Shapes compiled to plain functions: the same verdict as marshmallow's, some twenty times faster.

Strict is for writers; tolerant lets unknown members and new words of a choice pass, for readers.
"""

from collections.abc import Callable
from typing import Any

from marshmallow import Schema, fields, validate

from shared.contracts.shapes.fields import Flag, Number, Text, _Plain

Check = Callable[[Any], str | None]


def compile_shape(shape: type[Schema], *, strict: bool) -> Check:
    """A function that names the first thing wrong ("subject.uscc: …"), or returns None."""
    declared = shape().fields
    members = {
        name: (_enough(field, strict=strict), _member(field, strict=strict))
        for name, field in declared.items()
    }
    required = frozenset(name for name, field in declared.items() if field.required)

    def check(value: Any) -> str | None:
        if type(value) is not dict:
            return "not an object"
        if not required <= value.keys():
            return f"without {', '.join(sorted(required - value.keys()))}"
        for name, item in value.items():
            known = members.get(name)
            if known is None:
                if strict:
                    return f"{name}: unknown"
            elif type(item) not in known[0] and (wrong := known[1](item)):
                return f"{name}: {wrong}"
        return None

    return check


def _enough(field: fields.Field[Any], *, strict: bool) -> frozenset[type]:
    """The types of value that need no further look: spares most members a call."""
    null = frozenset({type(None)} if field.allow_none else ())
    by_type = type(field) in {Text, Number, Flag} and not (strict and _words(field))
    return null | frozenset(field.kinds) if by_type and isinstance(field, _Plain) else null


def _member(field: fields.Field[Any], *, strict: bool) -> Check:
    check = _of(field, strict=strict)
    if not field.allow_none:
        return check
    return lambda value: None if value is None else check(value)


def _of(field: fields.Field[Any], *, strict: bool) -> Check:
    if isinstance(field, fields.Nested):
        nested = field.schema
        return compile_shape(type(nested), strict=strict)
    if isinstance(field, fields.List):
        return _list(_member(field.inner, strict=strict))
    if not isinstance(field, _Plain):
        raise TypeError(f"shapes do not use {type(field).__name__}")
    return _plain(field, strict=strict)


def _list(inner: Check) -> Check:
    def check(value: Any) -> str | None:
        if type(value) is not list:
            return "not a list"
        for at, item in enumerate(value):
            if wrong := inner(item):
                return f"{at}: {wrong}"
        return None

    return check


def _plain(field: _Plain, *, strict: bool) -> Check:
    wrong = f"not a valid {type(field).__name__.lower()}"
    words = frozenset(_words(field)) if strict else frozenset()
    if words:
        return lambda value: None if type(value) is str and value in words else f"not one of {sorted(words)}"
    if type(field) is Text:
        return lambda value: None if type(value) is str else wrong
    fits = field.fits
    return lambda value: None if fits(value) else wrong


def _words(field: fields.Field[Any]) -> tuple[str, ...]:
    return tuple(
        word for rule in field.validators if isinstance(rule, validate.OneOf) for word in rule.choices
    )
