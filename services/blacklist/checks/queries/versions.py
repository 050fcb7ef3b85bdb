"""Which register an answer speaks of: the position of the change feed and the log's newest checkpoint."""

import base64
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.blacklist.register import queries as register
from services.blacklist.transparency.models import LogCheckpoint
from services.blacklist.transparency.queries.store import origin_of, signed_note


def logged(session: Session) -> dict[str, Any] | None:
    """The newest checkpoint, or None before the first."""
    newest = select(LogCheckpoint).order_by(LogCheckpoint.size.desc()).limit(1)
    found = session.scalars(newest).first()
    if found is None:
        return None
    root = base64.b64encode(found.root).decode()
    note = signed_note(session, found)
    return {"origin": origin_of(found), "size": found.size, "root": root, "checkpoint": note}


def version_of(session: Session, today: date) -> dict[str, Any]:
    """Read before what it is said of: the answer is of this version or a later one."""
    version = register.version_of(session, today)
    return version | {"as_of": today.isoformat(), "log": logged(session)}
