"""What the register answers, as frozen data; `raw` is the whole document, later versions' fields included."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Generic, TypeVar

T = TypeVar("T")
Raw = Mapping[str, Any]


@dataclass(frozen=True)
class Page(Generic[T]):
    """One page of a list; `next` is the cursor of the following one."""

    items: Sequence[T]
    next: str | None
    raw: Raw = field(repr=False, compare=False)


@dataclass(frozen=True)
class Entity:
    """Who is asked about: by name, by 统一社会信用代码, or several bidding together."""

    name: str | None = None
    uscc: str | None = None
    consortium: tuple["Entity", ...] = ()

    def document(self) -> dict[str, Any]:
        given: dict[str, Any] = {"name": self.name, "uscc": self.uscc}
        if self.consortium:
            given["consortium"] = [each.document() for each in self.consortium]
        return {name: value for name, value in given.items() if value}


@dataclass(frozen=True)
class Purpose:
    """What the entity wants to do, where."""

    domain: str | None = None
    region: str | None = None
    action: str | None = None

    def document(self) -> dict[str, str]:
        given = {"domain": self.domain, "region": self.region, "action": self.action}
        return {name: value for name, value in given.items() if value}


@dataclass(frozen=True)
class Standing:
    """How a data user stands: removals not processed as last counted; "current", "pending" or "overdue"."""

    position: int
    pending: int
    oldest_at: datetime | None
    state: str
    raw: Raw = field(repr=False, compare=False)


@dataclass(frozen=True)
class Hit:
    """A listing found: `verdict` is "listed" or "possible", `why` says what agrees, in Chinese."""

    id: str
    name: str
    uscc: str | None
    list_code: str
    list_class: str
    verdict: str
    score: float
    why: tuple[str, ...]
    matched_name: str | None
    raw: Raw = field(repr=False, compare=False)


@dataclass(frozen=True)
class Listing:
    """Everything public about one listing."""

    id: str
    version: int
    name: str
    uscc: str | None
    list_code: str
    list_class: str
    region: str
    domain: str
    listed_on: date
    document_number: str | None
    raw: Raw = field(repr=False, compare=False)


@dataclass(frozen=True)
class Version:
    """One change of a listing."""

    version: int
    kind: str
    at: datetime
    reason: str | None
    raw: Raw = field(repr=False, compare=False)


@dataclass(frozen=True)
class Checked:
    """The answer for one entity; `verdict` is "listed", "possible" or "none", `barred` yes, no or unclear."""

    listed: bool
    verdict: str
    list_class: str | None
    barred: str
    raw: Raw = field(repr=False, compare=False)


@dataclass(frozen=True)
class Change:
    """One step of the feed; without `listing` it is a tombstone: delete your copy."""

    position: int
    listing_id: str
    version: int
    listing: Listing | None
    raw: Raw = field(repr=False, compare=False)


@dataclass(frozen=True)
class Verified:
    """What the register says of a certificate's code: `status` is current, amended, changed or unknown."""

    genuine: bool
    status: str
    statement: str
    raw: Raw = field(repr=False, compare=False)


def hit(raw: Raw) -> Hit:
    subject = raw["subject"]
    return Hit(
        raw["id"], subject["name"], subject.get("uscc"), raw["list_code"], raw["list_class"], raw["verdict"],
        float(raw["score"]), tuple(raw.get("why", ())), raw.get("matched_name"), raw,
    )  # fmt: skip


def listing(raw: Raw) -> Listing:
    subject = raw["subject"]
    return Listing(
        raw["id"], raw["version"], subject["name"], subject.get("uscc"), raw["list_code"], raw["list_class"],
        raw["region"], raw["domain"], date.fromisoformat(raw["listed_on"]),
        raw.get("document", {}).get("number"), raw,
    )  # fmt: skip


def version(raw: Raw) -> Version:
    return Version(raw["version"], raw["kind"], moment(raw["at"]), raw.get("reason"), raw)


def checked(raw: Raw) -> Checked:
    return Checked(raw["listed"], raw["verdict"], raw.get("list_class"), raw["barred"], raw)


def change(raw: Raw) -> Change:
    shown = raw.get("listing")
    return Change(raw["position"], raw["listing_id"], raw["version"], listing(shown) if shown else None, raw)


def standing(raw: Raw) -> Standing:
    oldest = raw.get("oldest_at")
    return Standing(raw["position"], raw["pending"], moment(oldest) if oldest else None, raw["state"], raw)


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
