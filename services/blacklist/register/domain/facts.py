"""What a listing is (列入信息): the facts a case hands over, its publicity window, and its public status.

The status shown to the public is computed from event times and dates at the moment of reading;
nothing stores "is public" as a flag.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from services.blacklist.rules.domain import ListRule

IDENTITY_FIELDS = ("id_number", "legal_representative_id_number")
"""The only fields that carry an identity number; sealed wherever they stand."""

CODE_FIELDS = ("registration", "org_code", "tax", "institution", "social")
"""The five older organisation codes of the 双公示 layout beside the USCC."""

SUSPENDED = "suspended"
SHIELDS = ("shield:reorganisation", "shield:stay", "shield:privacy")
HIDE_CODES = (SUSPENDED, *SHIELDS)
EXPIRY = "expiry"
"""Reason code of a listing whose publicity ran out."""


class Kind(StrEnum):
    """What happened to a listing; the exchange event is `listing.<kind>`."""

    PUBLISHED = "published"
    CORRECTED = "corrected"
    ANNOTATED = "annotated"
    REMOVED = "removed"
    REVOKED = "revoked"
    RESTORED = "restored"
    SHIELDED = "shielded"
    UNSHIELDED = "unshielded"


OPERATIONS: Mapping[Kind, str] = {
    Kind.PUBLISHED: "list",
    Kind.RESTORED: "list",
    Kind.UNSHIELDED: "list",
    Kind.CORRECTED: "correct",
    Kind.ANNOTATED: "correct",
    Kind.REMOVED: "withdraw",
    Kind.REVOKED: "withdraw",
    Kind.SHIELDED: "withdraw",
}
"""What a platform is told to do (contract §3)."""


class Status(StrEnum):
    """A listing's standing at one moment (公示状态)."""

    PUBLIC = "public"
    SUSPENDED = "suspended"
    SHIELDED = "shielded"
    EXPIRED = "expired"
    REMOVED = "removed"
    REVOKED = "revoked"
    WITHHELD = "withheld"


@dataclass(frozen=True)
class Organ:
    """An authority (机关) by name and its own USCC."""

    name: str
    uscc: str | None


@dataclass(frozen=True)
class SealedIdentity:
    """An identity number as its owner table keeps it: sealed by the storage key under `aad`."""

    field: str
    """One of IDENTITY_FIELDS."""
    sealed: str
    aad: str


@dataclass(frozen=True)
class Subject:
    """The listed party (失信主体). Persons carry no USCC; identity numbers only sealed and masked."""

    type: str
    """"organization" or "individual"."""
    name: str
    former_names: tuple[str, ...] = ()
    short_names: tuple[str, ...] = ()
    """简称 the organisation bears itself; never derived from its name."""
    uscc: str | None = None
    codes: Mapping[str, str | None] = field(default_factory=dict)
    legal_representative: str | None = None
    legal_representative_id_type: str | None = None
    id_type: str | None = None
    id_masked: str | None = None
    identity: tuple[SealedIdentity, ...] = ()

    @property
    def is_person(self) -> bool:
        return self.type == "individual"


@dataclass(frozen=True)
class CaseFacts:
    """Everything of a case that its listing repeats; amounts in `document` are decimal strings in 万元."""

    case_id: str | None
    list_code: str
    domain: str
    region: str
    department_id: str | None
    organ: Organ
    source: Organ
    subject: Subject
    misconduct: Mapping[str, Any]
    """category, facts, occurred_on (ISO date or None)."""
    document: Mapping[str, Any]
    """kind number organ date basis content fine_wan confiscated_wan licence penalty_category valid_until."""
    severity: str | None = None
    measures: tuple[Mapping[str, Any], ...] = ()
    """Each code basis domain region from to organ; dates in ISO form."""
    disclosure: str = "proactive"
    """公开属性: only "proactive" is ever public or exchanged."""


@dataclass(frozen=True)
class ListTerms:
    """The list (名单) a listing stands on, as it was in force at the decision."""

    code: str
    name: str
    list_class: str
    basis: str
    rule_version: str

    @classmethod
    def of(cls, rule: ListRule, region: str) -> "ListTerms":
        """The terms of a list as its rule says them in a region."""
        basis = "；".join(f"{each.title}（{each.document}）" for each in rule.basis_in(region))
        return cls(rule.code, rule.name, rule.list_class, basis, rule.version)


@dataclass(frozen=True)
class Publicity:
    """公示期: visible from `start` while the business date is before the end; dates in Asia/Shanghai."""

    start: date
    max_end: date
    min_end: date | None = None
    actual_end: date | None = None

    @property
    def until(self) -> date:
        return min(self.actual_end, self.max_end) if self.actual_end else self.max_end


@dataclass(frozen=True)
class Standing:
    """The times and dates of one listing that decide its status."""

    disclosure: str
    start: date
    until: date
    removed_at: datetime | None
    revoked_at: datetime | None
    suspended_at: datetime | None
    shielded_at: datetime | None


def status(standing: Standing, today: date) -> Status:
    """The status on a business date; ends win over hides, hides over dates."""
    if standing.revoked_at is not None:
        return Status.REVOKED
    if standing.removed_at is not None:
        return Status.REMOVED
    if standing.disclosure != "proactive":
        return Status.WITHHELD
    if standing.suspended_at is not None:
        return Status.SUSPENDED
    if standing.shielded_at is not None:
        return Status.SHIELDED
    return Status.PUBLIC if standing.start <= today < standing.until else Status.EXPIRED


def is_shield(code: str) -> bool:
    """Whether a hide code is a shield (屏蔽) rather than an officer's suspension (紧急暂停公示)."""
    if code not in HIDE_CODES:
        raise ValueError(f"unknown hide code {code}")
    return code != SUSPENDED
