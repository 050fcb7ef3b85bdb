"""The exchange events as platforms fetch them: placed in one order after commit, sealed for whoever asks."""

import base64
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Table, func, select, update
from sqlalchemy.orm import Session

from services.credit_push.catalogue import Profile
from services.credit_push.domain import Record, record_from
from services.credit_push.models import SOURCE, Delivery, DepartmentCopy, ListingVersion, leases
from services.credit_push.routing import Facts, takes
from services.credit_push.transports.base import Receipt
from services.credit_push.usecases.deps import Deps
from services.credit_push.usecases.encoding import INFO, OPENED_FIELDS, exchange_aad, open_identities
from services.credit_push.usecases.receiving import receive_receipts
from services.credit_push.usecases.recent import identities_of
from shared.crypto import CryptoError, KeyRing, hpke_seal
from shared.db import rows_changed
from shared.leases import Lease

VERSIONS = cast("Table", ListingVersion.__table__)
PLACED_AT_ONCE = 1000
SCANNED_AT_ONCE = 1000
PAUSE_SECONDS = 1.0
IN_ORDER = (VERSIONS.c.recorded_at, VERSIONS.c.listing_id, VERSIONS.c.sequence)
OLDEST = (
    select(*IN_ORDER).where(VERSIONS.c.position.is_(None)).order_by(*IN_ORDER).limit(PLACED_AT_ONCE).cte()
)
NUMBERED = select(
    OLDEST.c.listing_id, OLDEST.c.sequence, func.row_number().over(order_by=list(OLDEST.c)).label("number")
).subquery()
PLACE = update(VERSIONS).where(
    VERSIONS.c.listing_id == NUMBERED.c.listing_id, VERSIONS.c.sequence == NUMBERED.c.sequence
)
"""The oldest versions without a place, numbered from 1: no row of them leaves the database."""


class Sequencer:
    """Loop: gives committed versions their places, in order of recording; one at a time, by lease."""

    def __init__(self, deps: Deps, holder: str) -> None:
        self.name = "sequencer"
        self._deps = deps
        self._lease = Lease(deps.db, leases, "sequencer", holder)
        self._closing = threading.Event()
        self._wanted = any(profile.door.key for profile in deps.catalogue.values())

    def step(self) -> bool:
        """True if any version got its place."""
        if not self._wanted or not self._waiting() or not self._lease.acquire():
            return False
        with self._deps.db.write() as session:
            return place(session) > 0

    def _waiting(self) -> bool:
        unplaced = select(VERSIONS.c.listing_id).where(VERSIONS.c.position.is_(None)).limit(1)
        with self._deps.db.read() as session:
            return session.scalar(unplaced) is not None

    def wait(self, timeout: float) -> bool:
        """Whoever fetches comes now and then: a good second's worth at a time is soon enough."""
        return not self._closing.wait(max(timeout, PAUSE_SECONDS))

    def close(self) -> None:
        self._closing.set()
        self._lease.release()


def place(session: Session) -> int:
    """Number the oldest versions without a place; how many."""
    last = session.scalar(select(func.max(VERSIONS.c.position))) or 0
    return rows_changed(session, PLACE.values(position=NUMBERED.c.number + last))


@dataclass(frozen=True)
class Offer:
    """Events for one platform, and where to go on."""

    items: list[dict[str, Any]]
    last: int


def events_after(session: Session, deps: Deps, profile: Profile, after: int, limit: int) -> Offer:
    """What the platform is meant to know, after a position; `last` moves on over what is not for it."""
    query = (
        select(ListingVersion)
        .where(ListingVersion.position > after)
        .order_by(ListingVersion.position)
        .limit(SCANNED_AT_ONCE)
    )
    found = list(session.scalars(query))
    ours = _meant_for(session, profile, found)
    items: list[dict[str, Any]] = []
    for version in found:
        if version.listing_id in ours:
            if len(items) == limit:
                break
            items.append(_event(deps.keyring, profile.id, version))
        after = version.position or after
    return Offer(items, after)


def _meant_for(session: Session, profile: Profile, found: Sequence[ListingVersion]) -> set[str]:
    """Listings the platform takes now, or was ever given."""
    departments = {str(version.payload.get("department_id")) for version in found}
    told = select(DepartmentCopy.id, DepartmentCopy.level).where(DepartmentCopy.id.in_(departments))
    levels: dict[str, str] = {row[0]: row[1] for row in session.execute(told)}
    given = select(Delivery.listing_id).where(
        Delivery.platform == profile.id, Delivery.listing_id.in_({version.listing_id for version in found})
    )
    known = set(session.scalars(given))
    return known | {one.listing_id for one in found if takes(profile.takes, _facts(one.payload, levels))}


def _facts(payload: Mapping[str, Any], levels: Mapping[str, str]) -> Facts:
    return Facts(
        payload["region"],
        payload["domain"],
        payload["list"]["class"],
        payload["subject"]["type"],
        levels.get(str(payload.get("department_id"))),
    )


def _event(keyring: KeyRing, platform: str, version: ListingVersion) -> dict[str, Any]:
    payload = dict(version.payload)
    record = record_from(payload)
    payload["subject"] = {**payload["subject"], "identity": _sealed(keyring, platform, record, payload)}
    return {
        "specversion": "1.0",
        "id": version.event_id or f"{version.listing_id}:{version.sequence}",
        "source": SOURCE if version.event_id is None else "blacklist",
        "type": version.event_type or "listing.published",
        "subject": version.listing_id,
        "time": payload["recorded_at"],
        "sequence": version.sequence,
        "position": version.position,
        "datacontenttype": "application/json",
        "data": payload,
    }


def _sealed(keyring: KeyRing, platform: str, record: Record, payload: dict[str, Any]) -> list[dict[str, Any]]:
    """The identity numbers sealed to this platform's own key; none if it has given us none."""
    identities = identities_of(payload)
    theirs = [one for one in identities if one.get("recipient") == platform]
    keys = keyring.recipients().get(platform, [])
    if theirs or not keys or not identities:
        return theirs
    try:
        subject = open_identities(keyring, record, identities).subject
    except CryptoError:
        return []
    numbers = {name: getattr(subject, name) for name in OPENED_FIELDS}
    return [
        {
            "field": name,
            "recipient": platform,
            "key_id": key.key_id,
            "sealed": base64.b64encode(
                hpke_seal(key.public, number.encode(), exchange_aad(record, name), INFO)
            ).decode(),
        }
        for name, number in numbers.items()
        if number
        for key in keys
    ]


@dataclass(frozen=True)
class Handled:
    """What a platform says it has done with one version of a listing."""

    listing_id: str
    version: int
    result: str
    receipt_number: str = ""
    field: str = ""
    code: str = ""
    message: str = ""
    displayed_at: datetime | None = None
    absent_at: datetime | None = None

    @property
    def reports(self) -> bool:
        """Whether it says what its public site shows."""
        return self.displayed_at is not None or self.absent_at is not None


def take_handled(session: Session, deps: Deps, profile: Profile, handled: Sequence[Handled]) -> int:
    """Write down what it says of its own deliveries; what fits none is kept aside. How many moved one.

    A platform reached by relay has no delivery of its own: what it reports of its site is no stray receipt.
    """
    query = select(Delivery.listing_id, Delivery.version, Delivery.idempotency_key).where(
        Delivery.platform == profile.id, Delivery.listing_id.in_({one.listing_id for one in handled})
    )
    keys = {(id_, version): key for id_, version, key in session.execute(query.order_by(Delivery.id))}
    receipts = [
        Receipt(
            keys.get((one.listing_id, one.version), f"{one.listing_id}:{one.version}"),
            one.result,
            one.receipt_number,
            one.field,
            one.code,
            one.message,
        )
        for one in handled
        if (one.listing_id, one.version) in keys or not one.reports
    ]
    return receive_receipts(session, deps, profile, receipts)
