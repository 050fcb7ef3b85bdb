"""Who signs: the log's keys by name and the witnesses it knows."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.blacklist.transparency.models import LogWitness
from shared.crypto import KeyRing
from shared.tlog.notes import LOG, NoteKey


def log_keys(keyring: KeyRing, origin: str) -> list[NoteKey]:
    """The public keys under which checkpoints are signed, the active one first."""
    keyring.signer("log")
    return [
        NoteKey(origin, LOG, key.private.public_key().public_bytes_raw()) for key in keyring.signers("log")
    ]


def witnesses(session: Session) -> Sequence[LogWitness]:
    return session.scalars(select(LogWitness).order_by(LogWitness.name)).all()
