"""The trail of attempts cannot be rewritten, on either database."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import delete, insert, update
from sqlalchemy.exc import DatabaseError

from services.credit_push.models import Attempt, Delivery, Listing
from shared.db import migrate, open_database

AT = datetime(2026, 11, 2, tzinfo=UTC)
SHARED = {
    "department_id": "d",
    "region": "130102",
    "list_code": "l",
    "subject_name": "s",
    "document_number": "n",
    "version": 1,
    "sequence": 1,
    "operation": "list",
}
LISTING = SHARED | {"id": "l1", "domain": "tax", "subject_type": "organization"}
DELIVERY = SHARED | {
    "id": "d1",
    "listing_id": "l1",
    "platform": "p",
    "state": "waiting",
    "idempotency_key": "k",
    "next_attempt_at": AT,
    "created_at": AT,
}
ATTEMPT = {"id": "a1", "delivery_id": "d1", "at": AT, "kind": "send", "outcome": "filed"}


def test_attempts_are_append_only(any_db_url: str) -> None:
    migrate(any_db_url, "services.credit_push")
    db = open_database(any_db_url)
    with db.write() as session:
        for model, row in ((Listing, LISTING), (Delivery, DELIVERY), (Attempt, ATTEMPT)):
            session.execute(insert(model), [row])
    for statement in (update(Attempt).values(outcome="x"), delete(Attempt)):
        with pytest.raises(DatabaseError, match="append-only"), db.write() as session:
            session.execute(statement)
    db.close()
