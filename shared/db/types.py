"""Column types and statements that mean the same on SQLite and PostgreSQL."""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, cast

from sqlalchemy import ARRAY, JSON, ColumnElement, DateTime, MetaData, func, literal
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import Insert as ConflictInsert
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeDecorator, TypeEngine

from shared.json_text import writer

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

_write = writer()


def dump_json(value: Any) -> str:
    """A document as short JSON text; what refers to itself ends in a RecursionError."""
    return _write(value)


def new_metadata() -> MetaData:
    """Metadata with constraint names that migrations can rely on."""
    return MetaData(naming_convention=NAMING)


class UtcDateTime(TypeDecorator[datetime]):
    """An instant: aware on the way in, aware UTC on the way out. A naive datetime is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"naive datetime {value!r}: instants are aware UTC")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)


class JsonDoc(TypeDecorator[Any]):
    """A JSON document: JSONB on PostgreSQL. Assign a new object to change it; None is SQL NULL."""

    impl = JSON(none_as_null=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        kind: type[JSON] = JSONB if dialect.name == "postgresql" else JSON
        return dialect.type_descriptor(kind(none_as_null=True))

    def coerce_compared_value(self, op: Any, value: Any) -> Any:
        return self.impl_instance.coerce_compared_value(op, value)


def unnested(session: Session, values: Sequence[Any], kind: TypeEngine[Any]) -> ColumnElement[Any]:
    """One column with a row per value, sent as a single parameter: for set-based statements of any size."""
    if session.get_bind().dialect.name == "postgresql":
        return func.unnest(literal(list(values), ARRAY(kind))).column_valued("value")
    document = json.dumps(list(values), ensure_ascii=False)
    return func.json_each(document).table_valued("value").c.value


def upsert(dialect: str) -> Callable[..., ConflictInsert]:
    """The `insert` that offers on_conflict_do_nothing / on_conflict_do_update, for a dialect name."""
    if dialect == "postgresql":
        return postgresql_insert
    return cast("Callable[..., ConflictInsert]", sqlite_insert)
