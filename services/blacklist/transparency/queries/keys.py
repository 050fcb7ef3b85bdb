"""Who signs: the log's keys by name, the witnesses it knows, and whose signatures a certificate bears."""

import base64
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.blacklist.transparency.domain.signatures import check_further, signature_holds
from services.blacklist.transparency.models import LogWitness
from shared.crypto import KeyRing
from shared.tlog.notes import LOG, NoteKey


def log_keys(keyring: KeyRing, origin: str) -> list[NoteKey]:
    """The public keys under which checkpoints are signed, the active one first."""
    keyring.signer("log")
    return [
        NoteKey(origin, LOG, key.private.public_key().public_bytes_raw()) for key in keyring.signers("log")
    ]


class Seen(NamedTuple):
    """Whether a document of ours is genuine, and each signature with whether it holds (None: not checked)."""

    genuine: bool
    shown: list[dict[str, Any]]


def certificate_keys(keyring: KeyRing) -> list[dict[str, str]]:
    """The public keys certificates and sheets were ever signed with, the active ones first."""
    keyring.signer("certificate")
    return [
        {
            "id": each.key_id,
            "key": base64.b64encode(each.public).decode(),
            "algorithm": each.algorithm,
        }
        for each in keyring.known_signers("certificate")
    ]


def seen_signatures(keyring: KeyRing, document: Mapping[str, Any]) -> Seen:
    """Every signature held against the keys of this installation; one that is wrong spoils the whole."""
    known = {(each["algorithm"], each["key"]) for each in certificate_keys(keyring)}
    first = document["signature"]
    ours = signature_holds(document["payload"], first) and (first["algorithm"], first["public_key"]) in known
    shown = [{"algorithm": first["algorithm"], "key_id": first["key_id"], "valid": ours}]
    for each in check_further(document):
        valid = each.valid and (each.algorithm, each.public_key) in known
        shown.append({"algorithm": each.algorithm, "key_id": each.key_id, "valid": valid})
    return Seen(all(each["valid"] is not False for each in shown), shown)


def witnesses(session: Session) -> Sequence[LogWitness]:
    return session.scalars(select(LogWitness).order_by(LogWitness.name)).all()
