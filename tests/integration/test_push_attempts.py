"""What is kept for proof cannot be rewritten, on either database: attempts, refusals, strays, decisions."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import Executable, delete, insert, text, update
from sqlalchemy.exc import DatabaseError

from services.credit_push.models import (
    AnswerAttempt,
    Attempt,
    Batch,
    BatchAct,
    Decision,
    Delivery,
    Listing,
    Observation,
    PartyRequest,
    RefusedReceipt,
    RequestAnswer,
    StrayReceipt,
)
from shared.db import migrate, open_database

pytestmark = pytest.mark.tables("services.credit_push", migrated=True)

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
REFUSED = {
    "id": "r1",
    "platform": "p",
    "door": "callback",
    "why": "forged",
    "body_sha256": "0" * 64,
    "received_at": AT,
}
STRAY = {
    "id": "s1",
    "platform": "p",
    "idempotency_key": "k",
    "result": "filed",
    "why": "w",
    "received_at": AT,
}
SIGHT = {
    "id": "o1",
    "platform": "p",
    "listing_id": "l1",
    "sequence": 1,
    "seen": "displayed",
    "how": "hand",
    "at": AT,
    "who": "甲",
    "recorded_at": AT,
}
PROPOSED = {
    "id": "c1",
    "delivery_id": "d1",
    "action": "retry",
    "reason": "r",
    "proposed_by": "甲",
    "proposed_at": AT,
}
REQUEST = {
    "id": "q1",
    "platform": "p",
    "ticket": "t",
    "kind": "repair",
    "listing_id": "l1",
    "region": "13",
    "document_number": "n",
    "received_on": AT.date(),
    "evidence": "e",
    "taken_at": AT,
}
BATCH = {
    "id": "b1",
    "platform": "p",
    "kind": "letter",
    "layout": "",
    "state": "open",
    "rows": 1,
    "created_at": AT,
}
ACT = {"id": "t1", "batch_id": "b1", "at": AT, "act": "downloaded", "who": "甲"}
ANSWER = {
    "id": "w1",
    "platform": "p",
    "ticket": "t",
    "kind": "repair",
    "case_id": "c",
    "listing_id": "l1",
    "region": "13",
    "document_number": "n",
    "sequence": 1,
    "outcome": "accepted",
    "decided_at": AT,
    "state": "waiting",
}
TOLD = {"id": "y1", "answer_id": "w1", "at": AT, "result": "taken", "body_sha256": "0" * 64}
PROOF = (
    (Attempt, ATTEMPT),
    (BatchAct, ACT),
    (RefusedReceipt, REFUSED),
    (StrayReceipt, STRAY),
    (Observation, SIGHT),
    (PartyRequest, REQUEST),
    (AnswerAttempt, TOLD),
)


def test_what_is_kept_for_proof_is_append_only(any_db_url: str) -> None:
    migrate(any_db_url, "services.credit_push")
    db = open_database(any_db_url)
    with db.write() as session:
        for model, row in (
            (Listing, LISTING),
            (Delivery, DELIVERY),
            (Batch, BATCH),
            (RequestAnswer, ANSWER),
            *PROOF,
            (Decision, PROPOSED),
        ):
            session.execute(insert(model), [row])
    with db.write() as session:
        session.execute(update(Decision).values(confirmed=True, decided_by="乙", decided_at=AT))
    again = Decision(**{**PROPOSED, "id": "c2"})
    with db.write() as session:
        session.add(again)
    changes: list[Executable] = [update(model).values(id="x") for model, _ in PROOF]
    changes += [
        update(Decision).where(Decision.id == "c1").values(confirmed=False),
        update(Decision).where(Decision.id == "c2").values(reason="x"),
    ]
    for model, row in (*PROOF, (Decision, PROPOSED)):
        replaced = insert(model).prefix_with("OR REPLACE").values(row)
        changes.append(replaced if "sqlite" in any_db_url else text(f"TRUNCATE {model.__tablename__}"))
    for statement in (*changes, *(delete(model) for model in (*dict(PROOF), Decision))):
        with pytest.raises(DatabaseError, match="append-only"), db.write() as session:
            session.execute(statement)
    db.close()
