"""Closing papers of an earlier release, which kept the openings of the listings they name.

What is issued now is kept closed from the start; after an upgrade the worker closes the rest.
"""

import json
from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.blacklist.checks.models import TenderSheet
from services.blacklist.checks.queries.sheets import sheet_aad
from services.blacklist.store import Deps
from services.blacklist.transparency.models import Certificate
from services.blacklist.transparency.queries.certificates import storage_aad
from services.blacklist.transparency.queries.proofs import closed
from shared.crypto import KeyRing
from shared.loops import Periodic

BATCH = 200
LOOK_EVERY = timedelta(hours=1)
"""Beside an older process of a rolling update a paper of the earlier kind may still come in."""


def closing_loop(deps: Deps) -> Periodic:
    """Again at once while there are any left."""

    def close(_: datetime) -> bool:
        return any_open(deps) and close_papers(deps) > 0

    return Periodic("paper-closer", deps.clock, LOOK_EVERY, close)


def any_open(deps: Deps) -> bool:
    with deps.db.read() as session:
        return any(
            session.scalar(select(model.code).where(~model.closed).limit(1)) is not None
            for model in (Certificate, TenderSheet)
        )


def close_papers(deps: Deps) -> int:
    """Take the openings out of some papers; their signatures are over the payload alone, and stand."""
    with deps.db.write() as session:
        return sum(
            _close(deps.keyring, row, aad)
            for found in (_certificates(session), _sheets(session))
            for row, aad in found
        )


def _certificates(session: Session) -> Iterable[tuple[Certificate, str]]:
    rows = session.scalars(
        select(Certificate).where(~Certificate.closed).limit(BATCH).with_for_update(skip_locked=True)
    )
    return [(row, storage_aad("document", row.code)) for row in rows]


def _sheets(session: Session) -> Iterable[tuple[TenderSheet, str]]:
    rows = session.scalars(
        select(TenderSheet).where(~TenderSheet.closed).limit(BATCH).with_for_update(skip_locked=True)
    )
    return [(row, sheet_aad(row.code)) for row in rows]


def _close(keyring: KeyRing, row: Certificate | TenderSheet, aad: str) -> bool:
    document = json.loads(keyring.unseal(row.sealed, aad))
    document["proofs"] = closed(document["proofs"])
    row.sealed, row.closed = keyring.seal(json.dumps(document, ensure_ascii=False), aad), True
    return True
