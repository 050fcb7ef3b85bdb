"""The shape of every event type: declared with marshmallow, one module per topic and version."""

from functools import cache
from typing import Any

from marshmallow import Schema

from shared.contracts.shapes import (
    blacklist_cases_v1,
    blacklist_exchange_v1,
    blacklist_identity_v1,
    blacklist_public_v1,
    blacklist_rules_v1,
    credit_push_deliveries_v1,
    notifier_deliveries_v1,
)
from shared.contracts.shapes.checking import Check, compile_shape

SHAPES: dict[str, type[Schema]] = {
    **blacklist_public_v1.SHAPES,
    **blacklist_exchange_v1.SHAPES,
    **blacklist_cases_v1.SHAPES,
    **blacklist_identity_v1.SHAPES,
    **blacklist_rules_v1.SHAPES,
    **credit_push_deliveries_v1.SHAPES,
    **notifier_deliveries_v1.SHAPES,
}


@cache
def _check(event_type: str, strict: bool) -> Check:
    return compile_shape(SHAPES[event_type], strict=strict)


def refuse(event_type: str, data: dict[str, Any]) -> Any:
    """For writers: everything that is wrong with the data (marshmallow's messages), or None."""
    if _check(event_type, True)(data) is None:
        return None
    return SHAPES[event_type]().validate(data) or None


def unusable(event_type: str, data: dict[str, Any]) -> str | None:
    """For readers: why the data cannot be used, or None. A type this version does not know passes."""
    return _check(event_type, False)(data) if event_type in SHAPES else None
