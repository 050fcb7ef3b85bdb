"""Removal destroys the salts of a listing's commitments: wherever papers and rows are kept, none is left."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import inspect, select, text

from services.blacklist.app import create_app
from services.blacklist.checks.models import TenderSheet
from services.blacklist.checks.queries.sheets import sheet_aad
from services.blacklist.checks.usecases.closing import any_open, closing_loop
from services.blacklist.register.usecases import ChangeSequencer, correct_listing, revoke_listing
from services.blacklist.settings import read_settings
from services.blacklist.transparency.domain.certificates import check_certificate
from services.blacklist.transparency.domain.commitments import part_salt
from services.blacklist.transparency.models import Certificate, LogSecret
from services.blacklist.transparency.queries.certificates import storage_aad
from services.blacklist.transparency.queries.keys import log_keys
from services.blacklist.transparency.usecases.appending import LogSequencer
from shared.clock import FixedClock
from shared.db import Database
from shared.loops import drain
from tests.integration.register_world import PUBLICITY, TERMS, World, make_world, organisation
from tests.integration.test_check_jobs import CODE, LISTED
from tests.integration.test_tender_projects import PROJECTS, enter

pytestmark = pytest.mark.tables("services.blacklist")
CERTIFICATES, SHEETS = "/api/v1/register/certificates", "/api/v1/tender-sheets"
ORIGIN = "log.example/register"
PARTS = ("record", "reason", "subject.name", "misconduct.facts", "facts")


@pytest.fixture
def world(any_db: Database, clock: FixedClock, tmp_path: Path) -> World:
    return make_world(any_db, clock, tmp_path)


@pytest.fixture
def client(world: World, tmp_path: Path) -> FlaskClient:
    return create_app(read_settings({"DATA_DIR": str(tmp_path)}), world.deps).test_client()


def sequence(world: World) -> None:
    drain([ChangeSequencer(world.db, "test"), LogSequencer(world.deps, ORIGIN, "test")])


def papers(client: FlaskClient) -> list[str]:
    """A certificate and a sheet that name the listing, by the address of their documents."""
    made = client.post(CERTIFICATES, json={"uscc": CODE})
    sheet = client.post(f"{PROJECTS}/{enter(client)}/sheets")
    assert (made.status_code, sheet.status_code) == (201, 201), made.text + sheet.text
    for answer in (made, sheet):
        assert "salt" in answer.get_json()["proofs"][0]["parts"]["subject.name"]
    return [
        f"{CERTIFICATES}/{made.get_json()['code']}.json", f"{SHEETS}/{sheet.get_json()['code']}.json"
    ]  # fmt: skip


def kept(world: World) -> list[dict[str, Any]]:
    """The papers as they are stored, unsealed."""
    with world.db.read() as session:
        rows = session.scalars(select(Certificate))
        sealed = [(row.sealed, storage_aad("document", row.code)) for row in rows]
        sealed += [(row.sealed, sheet_aad(row.code)) for row in session.scalars(select(TenderSheet))]
    return [json.loads(world.keyring.unseal(*each)) for each in sealed]


def cell(value: Any) -> str:
    return bytes(value).hex() if isinstance(value, bytes | memoryview) else str(value)


def everything(world: World) -> Iterator[str]:
    """Every cell of every table, and every paper unsealed, as text."""
    with world.db.read() as session:
        connection = session.connection()
        for table in inspect(connection).get_table_names():
            for row in connection.execute(text(f'SELECT * FROM "{table}"')):
                yield from map(cell, row)
    yield from (json.dumps(each) for each in kept(world))


def openings(world: World) -> set[str]:
    """Every secret and salt of the log, however it may be written."""
    with world.db.read() as session:
        secrets = session.scalars(select(LogSecret.secret)).all()
    found = [*secrets, *(part_salt(secret, part) for secret in secrets for part in PARTS)]
    return {written for each in found for written in (each.hex(), base64.b64encode(each).decode())}


def test_after_a_removal_no_row_holds_what_would_open_a_leaf(world: World, client: FlaskClient) -> None:
    listing = world.publish(organisation(LISTED, 1))
    sequence(world)
    addresses, opening = papers(client), openings(world)
    assert opening
    stored = "\n".join(everything(world))
    assert sum(each in stored for each in opening) == 1, "the secret in its own table, and nothing else"
    with world.write() as session:
        revoke_listing(session, world.keyring, listing, reason="撤销", at=world.clock.now())
    sequence(world)
    stored = "\n".join(everything(world))
    assert not any(each in stored for each in opening)
    assert [client.get(address).status_code for address in addresses] == [404, 404]


def test_a_paper_is_opened_anew_while_it_holds(world: World, client: FlaskClient) -> None:
    case = organisation(LISTED, 1)
    listing = world.publish(case)
    sequence(world)
    certificate, sheet = papers(client)
    for address in (certificate, sheet):
        document = client.get(address).get_json()
        keys = [document["signature"]["public_key"]]
        found = check_certificate(document, keys, log_keys(world.keyring, ORIGIN))
        assert (found.bad, len(found.good)) == ([], 4)
        assert document["proofs"][0]["parts"]["subject.name"]["value"]["name"] == LISTED
    with world.write() as session:
        correct_listing(
            session, world.keyring, listing, case=case, terms=TERMS, publicity=PUBLICITY, reason="更正",
            at=world.clock.now(),
        )  # fmt: skip
    sequence(world)
    (leaf,) = client.get(certificate).get_json()["proofs"]
    assert [name for name, part in leaf["parts"].items() if "salt" in part] == ["record"]
    assert client.get(sheet).status_code == 404


def test_papers_of_an_earlier_release_are_closed(world: World, client: FlaskClient) -> None:
    world.publish(organisation(LISTED, 1))
    sequence(world)
    addresses = papers(client)
    with world.write() as session:
        certificate = session.scalars(select(Certificate)).one()
        sheet = session.scalars(select(TenderSheet)).one()
        for row, aad in (
            (certificate, storage_aad("document", certificate.code)), (sheet, sheet_aad(sheet.code))
        ):  # fmt: skip
            document = client.get(next(each for each in addresses if row.code in each)).get_data(as_text=True)
            row.sealed, row.closed = world.keyring.seal(document, aad), False
    assert all("salt" in json.dumps(each) for each in kept(world))
    drain([closing_loop(world.deps)])
    assert not any_open(world.deps)
    assert not any("salt" in json.dumps(each) for each in kept(world))
    assert [client.get(address).status_code for address in addresses] == [200, 200]
