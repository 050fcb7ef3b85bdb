"""Trying without doing: the exact bytes that would go, and whether a platform answers and knows our key."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.credit_push.catalogue import Profile
from services.credit_push.domain import LIST, Record, record_from
from services.credit_push.formats import Content, Fault, Unacceptable, encode
from services.credit_push.models import Delivery, Holding, ListingVersion
from services.credit_push.transports import Transport
from services.credit_push.transports.base import ABSENT, FILED, REFUSED, TAKEN, UNSEEN, Job
from services.credit_push.usecases.deps import Deps
from services.credit_push.usecases.encoding import former_rows, open_identities
from services.credit_push.usecases.recent import identities_of
from shared.crypto import CryptoError
from shared.ids import new_id

LONGEST = 20_000
KNOWS_US = (ABSENT, UNSEEN, FILED, TAKEN, REFUSED)


@dataclass(frozen=True)
class Rehearsal:
    """What would go, with identity numbers covered; or the faults that would stop it here."""

    target: str
    text: str
    size: int
    """Bytes, before anything was covered."""
    faults: tuple[Fault, ...] = ()


def rehearse(session: Session, deps: Deps, transport: Transport, delivery: Delivery) -> Rehearsal:
    """A delivery as it would be handed over now."""
    profile = deps.catalogue[delivery.platform]
    payload = session.scalars(
        select(ListingVersion.payload).where(
            ListingVersion.listing_id == delivery.listing_id, ListingVersion.sequence == delivery.sequence
        )
    ).one()
    try:
        record = open_identities(deps.keyring, record_from(payload), identities_of(payload))
        job = _job(session, deps, profile, delivery, record)
    except Unacceptable as refusal:
        return Rehearsal("", "", 0, refusal.faults)
    except CryptoError as error:
        return Rehearsal("", "", 0, (Fault("identity", "SEALED", str(error)),))
    shown = transport.preview(job)
    return Rehearsal(shown.target, _covered(shown.body, record)[:LONGEST], len(shown.body))


def _job(session: Session, deps: Deps, profile: Profile, delivery: Delivery, record: Record) -> Job:
    held = session.execute(
        select(Holding.sent_row, Holding.delivery_id).where(
            Holding.platform == profile.id, Holding.listing_id == delivery.listing_id
        )
    ).first()
    formers = former_rows(deps.keyring, [(held.sent_row, held.delivery_id)] if held and held.sent_row else [])
    return Job(
        delivery.id,
        delivery.idempotency_key,
        delivery.listing_id,
        delivery.version,
        delivery.operation,
        delivery.batch_id or "batch",
        encode(profile, record, delivery.operation),
        formers,
    )


def _covered(body: bytes, record: Record) -> str:
    """Identity numbers are for the platform only: whoever looks sees four digits of them."""
    text = body.decode("utf-8", "replace")
    subject = record.subject
    for number in (subject.id_number, subject.legal_representative_id_number):
        if number:
            text = text.replace(number, number[:4] + "*" * (len(number) - 4))
    return text


@dataclass(frozen=True)
class Reached:
    """What came of asking a platform about a record that does not exist."""

    well: bool
    told: str


def try_platform(transport: Transport, platform: str) -> Reached:
    """A signed question about a key never used: no record is made, nothing is shown anywhere."""
    probe = Job(new_id(), f"{platform}:probe:{new_id()}", new_id(), 0, LIST, "", Content("", "", {}))
    (outcome,) = transport.query([probe])
    status = f"HTTP {outcome.http_status}" if outcome.http_status else ""
    took = f"{outcome.milliseconds} 毫秒" if outcome.milliseconds is not None else ""
    told = " · ".join(filter(None, (status, took, outcome.message)))
    return Reached(outcome.result in KNOWS_US, told)
