"""Each proven bounce report counts once: which round of a mail it is of, and what became of it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from services.notifier.models import MailBounce
from services.notifier.usecases.mail_proofs import is_proven
from shared.crypto import KeyRing
from shared.db import dialect_of, upsert


@dataclass(frozen=True)
class Round:
    """The sending of a mail that a report is of; `counted` if a report of it had its turn already."""

    number: int
    counted: bool


def rounds_of(session: Session, mail_ids: Collection[str]) -> Mapping[str, int]:
    """How often each of these mails has bounced; those that never did are left out."""
    query = select(MailBounce.mail_id, func.count()).where(MailBounce.mail_id.in_(mail_ids))
    return dict(session.execute(query.group_by(MailBounce.mail_id)).all())


def find_round(session: Session, keyring: KeyRing, mail_id: str, proof: str) -> Round | None:
    """None where the proof is that of no round."""
    standing = rounds_of(session, [mail_id]).get(mail_id, 0)
    for number in range(standing, -1, -1):
        if is_proven(keyring, mail_id, proof, number):
            return Round(number, counted=number < standing)
    return None


def note_bounce(
    session: Session, mail_id: str, number: int, *, kind: str, status: str, effect: str, at: datetime
) -> None:
    """On record for good: nothing else tells a report from the same one presented again."""
    row = {
        "mail_id": mail_id, "round": number, "kind": kind, "status": status, "effect": effect, "at": at,
        "repeats": 0, "repeated_at": None,
    }  # fmt: skip
    session.execute(upsert(dialect_of(session))(MailBounce.__table__).on_conflict_do_nothing(), [row])


def note_repeat(session: Session, mail_id: str, number: int, at: datetime) -> None:
    this = (MailBounce.mail_id == mail_id, MailBounce.round == number)
    again = update(MailBounce).where(*this).values(repeats=MailBounce.repeats + 1, repeated_at=at)
    session.execute(again.execution_options(synchronize_session=False))
