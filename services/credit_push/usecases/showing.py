"""What one try handed over and what came back, opened for whoever runs the exchange: numbers stay covered."""

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.credit_push import queries
from services.credit_push.domain import record_from
from services.credit_push.models import Attempt, Delivery, ListingVersion
from services.credit_push.usecases.deps import Deps
from services.credit_push.usecases.encoding import open_identities
from services.credit_push.usecases.recent import identities_of
from shared.errors import NotFound
from shared.written import cover_identities

LONGEST = 20_000
COVER = "＊" * 6


@dataclass(frozen=True)
class Handed:
    """One try with its content, as it may be shown."""

    delivery: Delivery
    attempt: Attempt
    row: str
    answer: str


def show_attempt(session: Session, deps: Deps, delivery_id: str, attempt_id: str, region: str) -> Handed:
    """The kept evidence of a try of a delivery one may see; NotFound where there is none."""
    delivery, attempt = queries.delivery(session, delivery_id, region), session.get(Attempt, attempt_id)
    if delivery is None or attempt is None or attempt.delivery_id != delivery.id or not attempt.evidence:
        raise NotFound("not-found", "没有这次推送的内容")
    numbers = _numbers(session, deps, delivery)
    kept = json.loads(deps.keyring.unseal(attempt.evidence, f"push.attempt.{attempt.id}"))
    row = json.dumps(kept["row"], ensure_ascii=False, indent=1)
    return Handed(delivery, attempt, _covered(row, numbers), _covered(_text(kept["answer"]), numbers))


def _numbers(session: Session, deps: Deps, delivery: Delivery) -> list[str]:
    """What of the version must not be seen, whatever a platform calls its column."""
    here = (ListingVersion.listing_id == delivery.listing_id, ListingVersion.sequence == delivery.sequence)
    payload = session.scalars(select(ListingVersion.payload).where(*here)).one()
    subject = open_identities(deps.keyring, record_from(payload), identities_of(payload)).subject
    return [one for one in (subject.id_number, subject.legal_representative_id_number) if one]


def _text(answer: Any) -> str:
    return answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False, indent=1)


def _covered(text: str, numbers: list[str]) -> str:
    for number in numbers:
        text = text.replace(number, COVER)
    return cover_identities(text)[:LONGEST]
