"""A platform brings what parties filed there: signed, taken once by ticket, told on without numbers."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from services.credit_push import app as wiring
from services.credit_push.catalogue import Door
from services.credit_push.models import (
    Delivery,
    Listing,
    ListingVersion,
    PartyRequest,
    RefusedReceipt,
    metadata,
    outbox,
)
from services.credit_push.settings import read_settings
from services.credit_push.usecases import Deps
from shared.clock import local_date
from shared.identifiers import make_resident_id
from shared.ids import new_id
from shared.outbox import record_of
from shared.web.access import Principal
from shared.web.tokens import issue_token
from tests.integration.test_push_attempts import DELIVERY, LISTING
from tests.integration.test_push_refused import signed

NATION, CITY, PATH = "credit-china", "credit-quanzhou", "/exchange/v1/requests"
AT = datetime.now(UTC) - timedelta(days=3)
DAY = local_date(AT).isoformat()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, Deps]]:
    settings = read_settings({"DATA_DIR": str(tmp_path_factory.mktemp("requests"))})
    deps = wiring.open_deps(settings)
    catalogue = dict(deps.catalogue)
    catalogue[CITY] = replace(catalogue[CITY], door=Door(f"sandbox:{CITY}"))
    deps = replace(deps, catalogue=catalogue)
    metadata.create_all(deps.db.engine)
    with deps.db.write() as session:
        for listing, case, operation in (
            ("l1", "case-1", "list"),
            ("l2", None, "list"),
            ("l3", "c", "withdraw"),
            ("l4", "c", "list"),
        ):
            named = {"listing_id": listing, "operation": operation}
            filed = {"id": listing, "platform": CITY, "state": "acknowledged", "settled_at": AT}
            session.execute(insert(Listing), [LISTING | {"id": listing, "sequence": 1}])
            session.execute(insert(Delivery), [DELIVERY | filed | named | {"idempotency_key": listing}])
            payload = {"payload": {"case_id": case}, "recorded_at": AT, "sequence": 1, "version": 1}
            session.execute(insert(ListingVersion), [named | payload])
        session.execute(update(Listing).where(Listing.id == "l4").values(operation="withdraw", sequence=2))
    yield wiring.create_app(settings, deps), deps
    deps.db.close()


def bring(world: tuple[Any, Deps], platform: str = NATION, **changes: Any) -> Any:
    app, deps = world
    body = {
        "kind": "objection",
        "listing_id": "l1",
        "ticket": "T-1",
        "received_on": DAY,
        "evidence": "附判决书",
        **changes,
    }
    raw = json.dumps(body).encode()
    headers = {**signed(deps, PATH, raw, platform), "Content-Type": "application/json"}
    return app.test_client().post(PATH, data=raw, headers=headers)


def told(deps: Deps) -> list[Any]:
    with deps.db.read() as session:
        return [record_of(row) for row in session.execute(select(outbox)).all()]


def test_taken_once_and_told_without_numbers(world: tuple[Any, Deps]) -> None:
    app, deps = world
    number = make_resident_id("350524", AT.date() - timedelta(days=12_000), 3)
    first = bring(world, evidence=f"身份证 {number} 附判决书")
    assert first.status_code == 201, first.text
    again = bring(world, evidence=f"身份证 {number} 附判决书")
    assert (again.status_code, again.json["id"]) == (201, first.json["id"])
    assert bring(world, evidence="另一份").json["slug"] == "ticket-taken"
    (record,) = told(deps)
    assert dict(record.headers)["ce_type"] == b"request.objection"
    assert record.key == "l1"
    data = json.loads(record.value)
    assert (data["ticket"], data["platform"], data["received_on"]) == ("T-1", NATION, DAY)
    with deps.db.read() as session:
        kept = session.scalars(select(PartyRequest)).one()
    assert number not in record.value.decode() + kept.evidence
    client = app.test_client()
    who = Principal(
        new_id(), "o", "o", "d", "示例部门", "130102", frozenset({"operator"}), session_id=new_id()
    )
    token = issue_token(deps.keyring, who, deps.clock.system_now())[0]
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    (item,) = client.get("/push/api/v1/requests?listing_id=l1").json["items"]
    assert item["ticket"] == "T-1"
    assert client.get("/push/api/v1/requests?listing_id=l2").json["items"] == []
    assert "T-1" in client.get("/push/requests", headers={"Accept": "text/html"}).text


@pytest.mark.parametrize(
    ("changes", "status", "slug"),
    [
        ({"platform": CITY}, 403, "no-requests"),
        ({"listing_id": "nowhere"}, 404, "not-found"),
        ({"listing_id": "l2"}, 409, "no-case"),
        ({"listing_id": "l3"}, 409, "listing-withdrawn"),
        ({"listing_id": "l4"}, 409, "listing-withdrawn"),
        ({"received_on": "2199-01-01"}, 422, "validation-failed"),
        ({"received_on": "0001-01-01"}, 422, "validation-failed"),
        ({"kind": "complaint"}, 422, "validation-failed"),
        ({"evidence": "x" * 2001}, 422, "validation-failed"),
    ],
)
def test_what_cannot_be_taken_is_told_why(
    world: tuple[Any, Deps], changes: dict[str, Any], status: int, slug: str
) -> None:
    before = len(told(world[1]))
    answer = bring(world, **{"ticket": "T-2", **changes})
    assert (answer.status_code, answer.json["slug"]) == (status, slug)
    assert len(told(world[1])) == before
    with world[1].db.read() as session:
        assert session.query(RefusedReceipt).count() == 0
