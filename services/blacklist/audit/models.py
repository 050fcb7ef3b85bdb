"""Tables of the audit trail. Entries and links are never updated or deleted: triggers refuse it.

A row in `audit_pending` means "written, not yet chained"; only the chain loop removes it.
"""

from datetime import datetime

from sqlalchemy import DDL, ForeignKey, Index, String, Table, Text, event
from sqlalchemy.orm import Mapped, mapped_column

from services.blacklist.store import Base
from shared.db import UtcDateTime

APPEND_ONLY = ("audit_entries", "audit_links")


class AuditEntry(Base):
    """审计记录: one act. The actor's columns are empty for the system's own acts (loops)."""

    __tablename__ = "audit_entries"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor_id: Mapped[str | None] = mapped_column(String(36))
    actor_name: Mapped[str | None] = mapped_column(String(64))
    actor_department_id: Mapped[str | None] = mapped_column(String(36))
    actor_roles: Mapped[str] = mapped_column(String(200), default="")
    action: Mapped[str] = mapped_column(String(64))
    object_type: Mapped[str] = mapped_column(String(40))
    object_id: Mapped[str] = mapped_column(String(80))
    detail: Mapped[str] = mapped_column(Text)  # canonical JSON text: the bytes that were hashed

    __table_args__ = (
        Index("ix_audit_entries_object", "object_type", "object_id"),
        Index("ix_audit_entries_actor", "actor_id", "at"),
        Index("ix_audit_entries_action", "action", "id"),
    )


class AuditLink(Base):
    """One link of the hash chain, assigned after the entry's commit."""

    __tablename__ = "audit_links"

    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    entry_id: Mapped[str] = mapped_column(ForeignKey("audit_entries.id"), unique=True)
    hash: Mapped[str] = mapped_column(String(64))


class AuditPending(Base):
    """Entries still to be chained."""

    __tablename__ = "audit_pending"

    entry_id: Mapped[str] = mapped_column(String(36), primary_key=True)


def append_only_ddl(dialect: str, table: str) -> list[str]:
    """Statements that make the database itself refuse to change or delete rows of `table`."""
    return _postgresql_ddl(table) if dialect == "postgresql" else _sqlite_ddl(table)


def drop_append_only_ddl(dialect: str, table: str) -> list[str]:
    if dialect == "postgresql":
        return [
            f"DROP TRIGGER IF EXISTS {table}_append_only ON {table}",
            f"DROP TRIGGER IF EXISTS {table}_no_truncate ON {table}",
        ]
    return [f"DROP TRIGGER IF EXISTS {table}_no_update", f"DROP TRIGGER IF EXISTS {table}_no_delete"]


def _sqlite_ddl(table: str) -> list[str]:
    return [
        f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        for verb in ("UPDATE", "DELETE")
    ]


def _postgresql_ddl(table: str) -> list[str]:
    refuse = "$$ BEGIN RAISE EXCEPTION 'table is append-only'; END $$"
    guarded, run = f"ON {table} FOR EACH", "EXECUTE FUNCTION refuse_change()"
    return [
        f"CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS {refuse}",
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE {guarded} ROW {run}",
        f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE {guarded} STATEMENT {run}",
    ]


def guard_append_only(table: Table) -> None:
    """Have `create_all` install the triggers right after the table, whichever the database."""
    for dialect in ("sqlite", "postgresql"):
        for statement in append_only_ddl(dialect, table.name):
            ddl = DDL(statement).execute_if(dialect=dialect)  # type: ignore[no-untyped-call]
            event.listen(table, "after_create", ddl)


for _name in APPEND_ONLY:
    guard_append_only(Base.metadata.tables[_name])
