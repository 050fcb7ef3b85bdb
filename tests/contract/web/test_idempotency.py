"""Idempotency-Key: one effect, one remembered answer, sealed, on both databases."""

from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest
from flask.testing import FlaskClient
from sqlalchemy import MetaData, select

from shared.crypto import KeyRing
from shared.db import Database, open_database
from shared.web.idempotency import Once, idempotency_table
from tests.contract.web.sample import CLOCK, make_app

METADATA = MetaData()
TABLE = idempotency_table(METADATA)
ORDERS = "/svc/api/v1/orders"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_database(f"sqlite:///{tmp_path / 'once.db'}")
    METADATA.create_all(opened.engine)
    yield opened
    opened.close()


@pytest.fixture
def client(database: Database, tmp_path: Path) -> FlaskClient:
    return make_app(Once(database, TABLE, KeyRing.create(tmp_path / "keys.json"), CLOCK)).test_client()


def order(client: FlaskClient, name: str, key: str | None = "k-1", who: str = "clerk"):
    headers = {"Authorization": f"Bearer {who}"} | ({"Idempotency-Key": key} if key else {})
    return client.post(ORDERS, json={"name": name}, headers=headers)


def test_a_repeat_gets_the_first_answer(client, database):
    first, again = order(client, "甲"), order(client, "甲")
    assert first.status_code == again.status_code == 201
    assert first.get_json() == again.get_json() == {"name": "甲", "note": "第1次"}
    assert again.headers["Idempotent-Replayed"] == "true"
    with database.read() as session:
        stored = session.execute(select(TABLE.c.answer)).scalar_one()
    assert "甲" not in stored, "answers may hold identity numbers: they are sealed"


def test_without_a_key_every_request_counts(client):
    assert order(client, "甲", None).get_json()["note"] == "第1次"
    assert order(client, "甲", None).get_json()["note"] == "第2次"


def test_another_body_under_the_same_key_is_refused(client):
    order(client, "甲")
    refused = order(client, "乙")
    assert (refused.status_code, refused.get_json()["slug"]) == (422, "idempotency-key-reused")


def test_keys_belong_to_their_caller(client):
    order(client, "甲")
    assert order(client, "乙", who="auditor").status_code == 201


def test_refusals_are_not_remembered(client):
    assert order(client, "冲突").status_code == 409
    assert order(client, "甲").status_code == 201


@pytest.mark.parametrize("key", ["", "a b", "x" * 129, "键"])
def test_bad_keys(client, key):
    headers = {"Authorization": "Bearer clerk", "Idempotency-Key": key.encode().decode("latin-1")}
    refused = client.post(ORDERS, json={"name": "甲"}, headers=headers)
    assert refused.status_code == 422
    assert refused.get_json()["fields"][0]["pointer"] == "/Idempotency-Key"


def test_many_at_once_have_one_effect(client):
    answers = []
    threads = [
        Thread(target=lambda: answers.append(order(client.application.test_client(), "甲").get_json()))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [{"name": "甲", "note": "第1次"}] * 8


def test_old_answers_are_forgotten(client, database):
    from datetime import timedelta

    order(client, "甲")
    once = Once(database, TABLE, None, CLOCK)
    with database.write() as session:
        once.prune(session, CLOCK.system_now() + timedelta(days=8))
    assert order(client, "乙").status_code == 201


def test_the_header_is_documented(client):
    spec = client.get("/svc/openapi.json").get_json()
    names = [parameter["name"] for parameter in spec["paths"][ORDERS]["post"]["parameters"]]
    assert names == ["Idempotency-Key"]
