"""Tables of identity. `sequence` numbers an aggregate's events on the identity topic, one by one.

Three rules are the database's own: the three administrators exclude one another, a role change is
decided by somebody else than its proposer, and never by the one it favours.
"""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from services.blacklist.store import Base
from shared.db import JsonDoc, UtcDateTime

_EXCLUSIVE = text("role IN ('system-admin', 'security-admin', 'auditor')")


class Department(Base):
    """部门: one organ during the days it existed; `valid_to` is its first day out of being."""

    __tablename__ = "departments"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    code: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    short_name: Mapped[str] = mapped_column(String(60))
    kind: Mapped[str] = mapped_column(String(40))  # line of work, as named in lists' `deciding_organs`
    region: Mapped[str] = mapped_column(String(6), index=True)
    level: Mapped[str] = mapped_column(String(12))
    parent_id: Mapped[str | None] = mapped_column(ForeignKey("departments.id"))
    uscc: Mapped[str] = mapped_column(String(18))
    email: Mapped[str | None] = mapped_column(String(254))
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    successor_id: Mapped[str | None] = mapped_column(ForeignKey("departments.id"), index=True)
    sequence: Mapped[int] = mapped_column(default=0)

    __table_args__ = (CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name="period"),)


class User(Base):
    """用户: one person's account in one department."""

    __tablename__ = "users"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    username: Mapped[str] = mapped_column(String(64), unique=True)
    display_name: Mapped[str] = mapped_column(String(60))
    department_id: Mapped[str] = mapped_column(ForeignKey("departments.id"), index=True)
    email: Mapped[str | None] = mapped_column(String(254))
    password_hash: Mapped[str] = mapped_column(String(255))
    must_change: Mapped[bool] = mapped_column(default=False)
    valid_until: Mapped[date | None]
    """The last day (Asia/Shanghai, system time) the account may be used; empty means without end."""
    disabled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    sequence: Mapped[int] = mapped_column(default=0)


class UserRole(Base):
    """One role of one user."""

    __tablename__ = "user_roles"

    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"), primary_key=True)
    role: Mapped[str] = mapped_column(String(20), primary_key=True)

    __table_args__ = (
        Index(
            "uq_user_roles_exclusive",
            "user_id",
            unique=True,
            sqlite_where=_EXCLUSIVE,
            postgresql_where=_EXCLUSIVE,
        ),
    )


class RoleChange(Base):
    """角色变更: proposed by one administrator, decided by the other."""

    __tablename__ = "role_changes"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"), index=True)
    roles: Mapped[list[str]] = mapped_column(JsonDoc)
    reason: Mapped[str] = mapped_column(String(500))
    state: Mapped[str] = mapped_column(String(12), default="proposed")
    proposed_by: Mapped[str] = mapped_column(String(36))
    proposed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_by: Mapped[str | None] = mapped_column(String(36))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        CheckConstraint("decided_by IS NULL OR decided_by <> proposed_by", name="two_people"),
        CheckConstraint("decided_by IS NULL OR decided_by <> user_id", name="not_own"),
        CheckConstraint("proposed_by <> user_id", name="not_for_oneself"),
        CheckConstraint("state IN ('proposed', 'approved', 'refused')", name="state"),
    )


class SignInSession(Base):
    """会话: lives on system time; its row decides, whatever a token says."""

    __tablename__ = "sessions"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_for: Mapped[str | None] = mapped_column(String(40))
    address: Mapped[str] = mapped_column(String(64))
    user_agent: Mapped[str] = mapped_column(String(200))


class SignInFailure(Base):
    """Failed sign-ins in a row under one key (blind index of the account, with or without the address)."""

    __tablename__ = "sign_in_failures"

    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    failures: Mapped[int]
    last_failed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    blocked_until: Mapped[datetime] = mapped_column(UtcDateTime)


class ApiKey(Base):
    """接口密钥 of a department's system: shown once, kept as a hash of its 256-bit secret."""

    __tablename__ = "api_keys"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    prefix: Mapped[str] = mapped_column(String(20), unique=True)
    secret_hash: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(100))
    department_id: Mapped[str] = mapped_column(ForeignKey("departments.id"), index=True)
    scopes: Mapped[list[str]] = mapped_column(JsonDoc)
    addresses: Mapped[list[str]] = mapped_column(JsonDoc)  # CIDR; empty means any
    created_by: Mapped[str] = mapped_column(String(36))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
