"""Tables of the notification centre; each file's tables hang at the one `Base` of `store`.

A notice (消息) is one message to one department; a dispatch (送达) is that message on one channel to one
address; an attempt is one try of a dispatch and is never changed. Departments and users are copies.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, String, Text, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from services.notifier.models.addresses import FailingAddress, MailBounce
from services.notifier.models.enforcing import Enforcer, StopOrder
from services.notifier.models.outside import OutsideSubscriber
from services.notifier.models.parties import PartyNotice
from services.notifier.models.people import Profile
from services.notifier.models.replaying import ReplayItem, WebhookReplay
from services.notifier.models.routes import AddedRoute
from services.notifier.models.store import (
    SOURCE,
    Base,
    Deps,
    budgets,
    calendar_years,
    idempotency,
    inbox,
    leases,
    metadata,
    outbox,
    revocations,
)
from services.notifier.models.texts import TextRevision
from services.notifier.models.watching import PublicListing, Watch, WatchMail
from shared.db import JsonDoc, UtcDateTime
from shared.delivery import Outgoing

__all__ = [
    "SOURCE", "Base", "Deps", "Enforcer", "PartyNotice", "PublicListing", "StopOrder", "Watch", "WatchMail",
    "budgets", "calendar_years", "idempotency", "inbox", "leases", "metadata", "outbox", "revocations",
]  # fmt: skip
__all__ += [
    "AddedRoute",
    "FailingAddress",
    "MailBounce",
    "OutsideSubscriber",
    "Profile",
    "ReplayItem",
    "TextRevision",
    "WebhookReplay",
]  # so that every table hangs at the Base


class DepartmentCopy(Base):
    """A managing department as blacklist last described it; `sequence` keeps an older event from winning."""

    __tablename__ = "departments"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    region: Mapped[str] = mapped_column(String(6))
    email: Mapped[str | None] = mapped_column(String(254))
    valid_to: Mapped[str | None] = mapped_column(String(10))
    successor_id: Mapped[str | None] = mapped_column(String(36))
    sequence: Mapped[int] = mapped_column(BigInteger)


class UserCopy(Base):
    """An officer as blacklist last described them."""

    __tablename__ = "users"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    username: Mapped[str] = mapped_column(String(100))
    display_name: Mapped[str] = mapped_column(String(100))
    department_id: Mapped[str] = mapped_column(String(36), index=True)
    email: Mapped[str | None] = mapped_column(String(254))
    disabled: Mapped[bool]
    sequence: Mapped[int] = mapped_column(BigInteger)


class UserRole(Base):
    """A role that an officer holds."""

    __tablename__ = "user_roles"

    user_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    role: Mapped[str] = mapped_column(String(40), primary_key=True, index=True)


class Subject(Base):
    """The last sequence number published about a case or listing."""

    __tablename__ = "subjects"

    id: Mapped[str] = mapped_column(String(100), primary_key=True)
    sequence: Mapped[int] = mapped_column(BigInteger)


class Notice(Base):
    """One message to one department. `shown_at` is set once the inbox channel delivered it."""

    __tablename__ = "notices"
    __table_args__ = (
        UniqueConstraint("dedupe_key", "department_id"),
        Index("ix_notices_department", "department_id", "id"),
        Index("ix_notices_listing", "listing_id", "department_id", "id"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    dedupe_key: Mapped[str] = mapped_column(String(200))
    event_id: Mapped[str] = mapped_column(String(64))
    event_type: Mapped[str] = mapped_column(String(60))
    subject_id: Mapped[str] = mapped_column(String(100), index=True)
    case_id: Mapped[str | None] = mapped_column(String(36))
    listing_id: Mapped[str | None] = mapped_column(String(36))
    region: Mapped[str | None] = mapped_column(String(6))
    domain: Mapped[str | None] = mapped_column(String(40))
    list_code: Mapped[str | None] = mapped_column(String(64))
    department_id: Mapped[str] = mapped_column(String(36))
    audience: Mapped[list[str]] = mapped_column(JsonDoc)
    severity: Mapped[str] = mapped_column(String(10))
    title: Mapped[str] = mapped_column(String(300))
    body: Mapped[str] = mapped_column(Text)
    link: Mapped[str] = mapped_column(String(300))
    facts: Mapped[dict[str, Any]] = mapped_column(JsonDoc)
    occurred_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    shown_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    acknowledged_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    acknowledged_by: Mapped[str | None] = mapped_column(String(100))


class Receipt(Base):
    """An officer has read a notice (签收), signed where that was demanded; the first is the department's."""

    __tablename__ = "receipts"

    notice_id: Mapped[str] = mapped_column(ForeignKey("notices.id"), primary_key=True)
    user_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    proof: Mapped[dict[str, Any] | None] = mapped_column(JsonDoc)


class Dispatch(Outgoing, Base):
    """A notice on its way over one channel to one target (`department:…`, `user:…`, `webhook:…`)."""

    __tablename__ = "dispatches"
    __table_args__ = (
        UniqueConstraint("notice_id", "channel", "target"),
        Index("ix_dispatches_due", "channel", "state", "next_attempt_at", "target"),
        Index("ix_dispatches_department", "department_id", "id"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    notice_id: Mapped[str] = mapped_column(ForeignKey("notices.id"))
    department_id: Mapped[str] = mapped_column(String(36))
    channel: Mapped[str] = mapped_column(String(20))
    target: Mapped[str] = mapped_column(String(60))


class Attempt(Base):
    """One try of a dispatch; append-only. `cost` is in 厘, `provider_id` the provider's own number for it."""

    __tablename__ = "attempts"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    dispatch_id: Mapped[str] = mapped_column(ForeignKey("dispatches.id"), index=True)
    number: Mapped[int] = mapped_column(Integer)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    outcome: Mapped[str] = mapped_column(String(20))
    permanent: Mapped[bool]
    reason: Mapped[str | None] = mapped_column(String(300))
    duration_ms: Mapped[int] = mapped_column(Integer)
    provider_id: Mapped[str | None] = mapped_column(String(200))
    provider: Mapped[str | None] = mapped_column(String(40))
    cost: Mapped[int | None] = mapped_column(Integer)


class WebhookEndpoint(Base):
    """A department's own address for machine-readable messages; `event_types` empty means all."""

    __tablename__ = "webhook_endpoints"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    department_id: Mapped[str] = mapped_column(String(36), index=True)
    name: Mapped[str] = mapped_column(String(100))
    url: Mapped[str] = mapped_column(String(500))
    event_types: Mapped[list[str]] = mapped_column(JsonDoc)
    scope: Mapped[dict[str, Any]] = mapped_column(JsonDoc, default=dict, server_default="{}")
    enabled: Mapped[bool]
    disabled_reason: Mapped[str | None] = mapped_column(String(300))
    version: Mapped[int] = mapped_column(Integer)
    created_by: Mapped[str] = mapped_column(String(36))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class WebhookSecret(Base):
    """A signing secret, sealed; during a rotation the old one signs too until it expires."""

    __tablename__ = "webhook_secrets"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    endpoint_id: Mapped[str] = mapped_column(ForeignKey("webhook_endpoints.id"), index=True)
    sealed: Mapped[str] = mapped_column(String(300))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    @staticmethod
    def aad(secret_id: str) -> str:
        """The place a secret is sealed for."""
        return f"webhook_secrets.sealed.{secret_id}"


class Robot(Base):
    """A department's chat robot. Its address and secret are sealed: whoever has them speaks in its name."""

    __tablename__ = "robots"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    department_id: Mapped[str] = mapped_column(String(36), index=True)
    channel: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(100))
    sealed_url: Mapped[str] = mapped_column(Text)
    sealed_secret: Mapped[str | None] = mapped_column(Text)
    event_types: Mapped[list[str]] = mapped_column(JsonDoc)
    scope: Mapped[dict[str, Any]] = mapped_column(JsonDoc, default=dict, server_default="{}")
    enabled: Mapped[bool]
    disabled_reason: Mapped[str | None] = mapped_column(String(300))
    version: Mapped[int] = mapped_column(Integer)
    created_by: Mapped[str] = mapped_column(String(36))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)

    @staticmethod
    def aad(robot_id: str, column: str) -> str:
        """The place an address or secret is sealed for."""
        return f"robots.{column}.{robot_id}"


class Phone(Base):
    """An officer's own mobile number for urgent notices, sealed; only the officer states it."""

    __tablename__ = "phones"

    user_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    sealed: Mapped[str] = mapped_column(Text)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)

    @staticmethod
    def aad(user_id: str) -> str:
        """The place a number is sealed for."""
        return f"phones.sealed.{user_id}"


class SendRate(Base):
    """When a receiver was last asked, in seconds of the epoch, and until when it wants to be left alone."""

    __tablename__ = "send_rates"

    key: Mapped[str] = mapped_column(String(100), primary_key=True)
    recent: Mapped[list[float]] = mapped_column(JsonDoc)
    blocked_until: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Escalation(Base):
    """A notice on its ladder (催办升级): the next rung and when it comes, by the business clock."""

    __tablename__ = "escalations"
    __table_args__ = (Index("ix_escalations_due", "ended", "next_at"),)

    notice_id: Mapped[str] = mapped_column(ForeignKey("notices.id"), primary_key=True)
    event_type: Mapped[str] = mapped_column(String(60))
    rung: Mapped[int] = mapped_column(Integer)
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    next_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended: Mapped[str | None] = mapped_column(String(20))


class Preference(Base):
    """An officer's wish to hear, or not, of a kind of event on a channel; the routing's floor is above it."""

    __tablename__ = "preferences"

    user_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    event: Mapped[str] = mapped_column(String(60), primary_key=True)
    channel: Mapped[str] = mapped_column(String(20), primary_key=True)
    enabled: Mapped[bool]
    digest: Mapped[bool] = mapped_column(default=False, server_default=false())


class DigestItem(Base):
    """A message that an officer gets with others once a day; `digest_id` is the notice that carried it."""

    __tablename__ = "digest_items"
    __table_args__ = (Index("ix_digest_items_due", "digest_id", "due_at"),)

    notice_id: Mapped[str] = mapped_column(ForeignKey("notices.id"), primary_key=True)
    user_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    department_id: Mapped[str] = mapped_column(String(36))
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    digest_id: Mapped[str | None] = mapped_column(String(36))
