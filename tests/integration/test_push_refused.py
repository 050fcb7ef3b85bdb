"""Receipts that are forged, replayed, stale or foreign change nothing, and every one is written down."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select

from services.credit_push import app as wiring
from services.credit_push.catalogue import Door
from services.credit_push.models import (
    Delivery,
    Listing,
    Nonce,
    RefusedCount,
    RefusedReceipt,
    StrayReceipt,
    metadata,
)
from services.credit_push.settings import read_settings
from services.credit_push.usecases import Deps, refusing
from services.credit_push.usecases.refusing import Refusal, keep_refused
from shared.http import sign_request
from shared.ids import new_id
from shared.web.access import Principal
from shared.web.tokens import issue_token
from tests.integration.test_push_attempts import DELIVERY, LISTING

OURS, OTHER = "tender-shijiazhuang", "credit-quanzhou"
CALLBACK, DOOR = f"/push/api/v1/receipts/{OURS}", "/exchange/v1/receipts"
KEY = f"{OURS}:l1:1:list"
BODY = {"batch_id": "b", "receipts": [{"idempotency_key": KEY, "result": "rejected", "code": "X"}]}


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, Deps]]:
    settings = read_settings({"DATA_DIR": str(tmp_path_factory.mktemp("refused"))})
    deps = wiring.open_deps(settings)
    catalogue = dict(deps.catalogue)
    catalogue[OTHER] = replace(catalogue[OTHER], door=Door(f"sandbox:{OTHER}", ("10.1.0.0/16",)))
    deps = replace(deps, catalogue=catalogue)
    metadata.create_all(deps.db.engine)
    with deps.db.write() as session:
        session.execute(insert(Listing), [LISTING])
        waiting = {"platform": OURS, "idempotency_key": KEY, "state": "accepted", "possibly_sent": True}
        session.execute(insert(Delivery), [DELIVERY | waiting])
    yield wiring.create_app(settings, deps), deps
    deps.db.close()


@pytest.fixture
def world(opened: tuple[Any, Deps]) -> tuple[Any, Deps]:
    app, deps = opened
    with deps.db.write() as session:
        session.query(RefusedReceipt).delete()
        session.query(RefusedCount).delete()
        session.query(Nonce).delete()
    return app, deps


def signed(deps: Deps, path: str, raw: bytes, owner: str, **how: Any) -> dict[str, str]:
    key = deps.keys[f"sandbox:{owner}"]
    now = how.pop("now", deps.clock.system_now())
    return sign_request("POST", path, raw, **{"key_id": key.key_id, "secret": key.secret, "now": now, **how})


def send(app: Any, path: str, raw: bytes, headers: dict[str, str], address: str = "127.0.0.1") -> int:
    answer = app.test_client().post(
        path,
        data=raw,
        headers={**headers, "Content-Type": "application/json"},
        environ_base={"REMOTE_ADDR": address},
    )
    return int(answer.status_code)


def kept(deps: Deps) -> list[RefusedReceipt]:
    with deps.db.read() as session:
        return list(session.scalars(select(RefusedReceipt).order_by(RefusedReceipt.id)))


def standing(deps: Deps) -> tuple[Any, ...]:
    with deps.db.read() as session:
        row = session.get_one(Delivery, "d1")
        strays, nonces = session.query(StrayReceipt).count(), session.query(Nonce).count()
        return row.state, row.result_code, row.settled_at, strays, nonces


@pytest.mark.parametrize(
    ("why", "owner", "how"),
    [
        ("forged", OURS, {"secret": b"guessed"}),
        ("forged", OURS, {"nonce": "short"}),
        ("stale", OURS, {"now": datetime.now(UTC) - timedelta(hours=2)}),
        ("foreign", OTHER, {}),
        ("unknown", OURS, {"key_id": "13010219800101123X"}),
        ("unknown", OURS, None),
    ],
)
def test_what_is_not_believed_changes_nothing_and_is_kept(
    world: tuple[Any, Deps], why: str, owner: str, how: dict[str, Any] | None
) -> None:
    app, deps = world
    raw, before = json.dumps(BODY).encode(), standing(deps)
    headers = {} if how is None else signed(deps, CALLBACK, raw, owner, **how)
    assert send(app, CALLBACK, raw, headers) == 401
    assert standing(deps) == before
    (row,) = kept(deps)
    assert (row.why, row.platform, row.door, row.address) == (why, OURS, "callback", "127.0.0.1")
    assert row.key_id in (None, deps.keys[f"sandbox:{owner}"].key_id)
    assert len(row.body_sha256) == 64


def test_a_replay_is_kept_and_told_to_operators(world: tuple[Any, Deps]) -> None:
    app, deps = world
    body = {"batch_id": "b", "receipts": [{"idempotency_key": f"{OTHER}:l1:1:list", "result": "accepted"}]}
    raw = json.dumps(body).encode()
    headers = signed(deps, CALLBACK, raw, OURS)
    assert send(app, CALLBACK, raw, headers) == 200  # signed by one platform about another's: kept aside
    before = standing(deps)
    assert before[0] == "accepted"
    assert send(app, CALLBACK, raw, headers) == 401
    assert standing(deps) == before
    assert [row.why for row in kept(deps)] == ["replayed"]
    with deps.db.read() as session:
        assert {row.why for row in session.scalars(select(StrayReceipt))} == {"对应的是其他平台的推送"}
    client = app.test_client()
    roles = frozenset({"operator"})
    who = Principal(new_id(), "o", "o", "department-1", "示例部门", "130102", roles, session_id=new_id())
    token = issue_token(deps.keyring, who, deps.clock.system_now())[0]
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    (item,) = client.get("/push/api/v1/refused-receipts?why=replayed").json["items"]
    assert (item["platform"], item["door"]) == (OURS, "callback")
    assert client.get("/push/api/v1/refused-receipts?why=stale").json["items"] == []
    page = client.get(f"/push/refused?platform={OURS}", headers={"Accept": "text/html"}).text
    assert "随机数重复（重放）" in page
    assert "对应的是其他平台的推送" in page


def test_at_the_door_and_at_no_platform(world: tuple[Any, Deps]) -> None:
    app, deps = world
    raw = json.dumps({"receipts": [{"listing_id": "l1", "version": 1, "result": "accepted"}]}).encode()
    before = standing(deps)
    assert send(app, DOOR, raw, signed(deps, DOOR, raw, OTHER, secret=b"guessed"), "10.1.2.3") == 401
    assert send(app, DOOR, raw, signed(deps, DOOR, raw, OTHER), "192.0.2.7") == 403
    assert app.test_client().get("/exchange/v1/events").status_code == 401
    nowhere = "/push/api/v1/receipts/nowhere"
    called = json.dumps(BODY).encode()
    assert send(app, nowhere, called, signed(deps, nowhere, called, OURS)) == 404
    assert standing(deps) == before
    assert [(row.platform, row.door, row.why) for row in kept(deps)] == [
        (OTHER, "receipts", "forged"),
        (OTHER, "receipts", "foreign-address"),
        ("-", "events", "unknown"),
        ("-", "callback", "unknown-platform"),
    ]


def test_a_flood_is_counted_on_and_not_written_down(
    world: tuple[Any, Deps], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, deps = world
    monkeypatch.setattr(refusing, "MOST_A_DAY", 3)
    one, today = Refusal(OURS, "callback", "forged", None, "0" * 64, None), datetime(2026, 11, 2, tzinfo=UTC)
    with deps.db.write() as session:
        assert [keep_refused(session, one, today) for _ in range(5)] == [True] * 3 + [False] * 2
        assert keep_refused(session, replace(one, platform=OTHER), today)
        assert keep_refused(session, one, today + timedelta(days=1))
        keyed = replace(one, key_id="known")
        assert [keep_refused(session, keyed, today) for _ in range(4)] == [True] * 3 + [False]
    with deps.db.read() as session:
        counts = {
            (row.platform, row.on_day.day): row.counted for row in session.scalars(select(RefusedCount))
        }
    assert counts == {(OURS, 2): 9, (OTHER, 2): 1, (OURS, 3): 1}
