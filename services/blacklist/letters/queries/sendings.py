"""Letters announced to their parties, as officers see them."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.blacklist.letters.models import LetterSending


def sendings_of(session: Session, letter_id: str) -> list[dict[str, Any]]:
    """Every announcement of a letter, oldest first, with the evidence of it."""
    wanted = select(LetterSending).where(LetterSending.letter_id == letter_id).order_by(LetterSending.id)
    return [sending_view(row) for row in session.scalars(wanted)]


def sending_view(row: LetterSending) -> dict[str, Any]:
    return {
        "id": row.id,
        "letter_id": row.letter_id,
        "channel": row.channel,
        "contact": row.contact,
        "consent": row.consent,
        "state": row.state,
        "by": row.requester_name,
        "requested_at": row.requested_at,
        "settled_at": row.settled_at,
        "provider_id": row.provider_id,
        "reason": row.reason,
        "signed_at": row.signed_at,
        "problem": row.problem,
    }
