"""Snapshot and delta files: replayed deltas give the snapshot, removals leave at once, losses are noticed."""

import base64
import csv
import hashlib
import io
import json
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator
from python_calamine import CalamineWorkbook
from sqlalchemy import delete, update

from services.blacklist.app import create_app
from services.blacklist.register.models import Change, Listing
from services.blacklist.register.queries import changes_after
from services.blacklist.register.usecases import (
    ChangeSequencer,
    correct_listing,
    hide_listing,
    revoke_listing,
    show_listing,
)
from services.blacklist.settings import read_settings
from services.blacklist.snapshots.domain import FOLDER, read_manifest
from services.blacklist.snapshots.usecases import SnapshotKeeper, export, export_sheet, sheet_is_due
from shared.clock import FixedClock
from shared.db import Database
from shared.loops import drain
from shared.web.place import NOBODY_ELSE
from tests.integration.register_world import PUBLICITY, TERMS, World, make_world, organisation, person

pytestmark = pytest.mark.tables("services.blacklist")

SNAPSHOT, CATALOGUE = "/api/v1/register/snapshot", "/data/catalog.jsonld"


@pytest.fixture
def world(any_db: Database, clock: FixedClock, tmp_path: Path) -> World:
    return make_world(any_db, clock, tmp_path)


@pytest.fixture
def client(world: World, tmp_path: Path) -> FlaskClient:
    return create_app(read_settings({"DATA_DIR": str(tmp_path)}), world.deps).test_client()


def build(world: World) -> Any:
    drain([ChangeSequencer(world.db, "test")])
    return export(world.deps)


def snapshot_files(world: World) -> list[Path]:
    return [path for path in (world.deps.data_dir / FOLDER).iterdir() if path.suffix != ".json"]


def revoke(world: World, listing_id: str) -> None:
    with world.write() as session:
        revoke_listing(session, world.keyring, listing_id, reason="撤销", at=world.clock.now())


def lines(client: FlaskClient, name: str) -> list[dict[str, Any]]:
    answer = client.get(f"{SNAPSHOT}/{name}")
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.data.splitlines()]


def replayed(client: FlaskClient, names: list[str]) -> dict[str, Any]:
    held: dict[str, Any] = {}
    for line in [line for name in names for line in lines(client, name)]:
        if line["operation"] == "current":
            held[line["id"]] = line["listing"]
        else:
            assert line == {"id": line["id"], "operation": "withdrawn", "listing": None}
            held.pop(line["id"], None)
    return held


def test_the_spreadsheet_is_the_snapshot_and_is_withheld_after_a_removal(
    world: World, client: FlaskClient
) -> None:
    ids = [world.publish(organisation(f"石家庄{n}建设工程有限公司", n)) for n in range(2)]
    build(world)
    export_sheet(world.deps)
    assert not sheet_is_due(world.deps)
    files = client.get(f"{SNAPSHOT}/index.json").get_json()["files"]
    (offered,) = [each for each in files if each["form"] == "xlsx"]
    answer = client.get(f"{SNAPSHOT}/{offered['name']}")
    assert hashlib.sha256(answer.data).hexdigest() == offered["sha256"]
    head, *rows = CalamineWorkbook.from_filelike(io.BytesIO(answer.data)).get_sheet_by_index(0).to_python()
    assert (head[0], [row[0] for row in rows]) == ("记录编号", sorted(ids))
    revoke(world, ids[0])
    withheld = client.get(f"{SNAPSHOT}/{offered['name']}")
    assert (withheld.status_code, ids[0] in withheld.text) == (503, False)
    build(world)
    assert client.get(f"{SNAPSHOT}/{offered['name']}").status_code == 404
    assert not (world.deps.data_dir / FOLDER / offered["name"]).exists()


def test_deltas_and_the_feed_replayed_give_the_snapshot(world: World, client: FlaskClient) -> None:
    assert client.get(f"{SNAPSHOT}/index.json").status_code == 503
    build(world)
    ids = [world.publish(organisation(f"石家庄{n}建设工程有限公司", n)) for n in range(6)]
    world.publish(person(world.keyring))
    build(world)
    revoke(world, ids[0])
    with world.write() as session:
        hide_listing(session, world.keyring, ids[1], code="suspended", reason="核实", at=world.clock.now())
    ids.append(world.publish(organisation("石家庄新增有限公司", 9)))
    build(world)
    with world.write() as session:
        show_listing(session, world.keyring, ids[1], code="suspended", reason=None, at=world.clock.now())
    build(world)
    said = client.get(f"{SNAPSHOT}/index.json", headers={"Host": "forged.example"}).get_json()
    assert all(each["url"].startswith(f"{NOBODY_ELSE}{SNAPSHOT}/") for each in said["files"])
    whole = {line["id"]: line for line in lines(client, said["files"][0]["name"])}
    assert sorted(whole) == sorted(ids[1:])
    assert replayed(client, [each["name"] for each in said["deltas"]]) == whole
    with world.db.read() as session:
        feed = changes_after(session, 0, 100, world.clock.today())
    assert {each["listing_id"] for each in feed if each["operation"] == "current"} == set(whole)
    assert said["rows"] == len(whole)
    table = client.get(f"{SNAPSHOT}/{said['files'][1]['name']}")
    assert table.data.count(b"\n") == len(whole) + 1


def test_the_catalogue_for_data_portals_says_what_the_index_says(world: World, client: FlaskClient) -> None:
    assert client.get(CATALOGUE).status_code == 503
    build(world)
    gone = world.publish(organisation("石家庄甲建设工程有限公司", 1))
    build(world)
    answer = client.get(CATALOGUE)
    assert answer.mimetype == "application/ld+json"
    said = client.get(f"{SNAPSHOT}/index.json").get_json()
    assert said["catalogue"] == answer.get_json()["@id"] == f"{NOBODY_ELSE}{CATALOGUE}"
    for dataset, files in zip(answer.get_json()["dcat:dataset"], ("files", "deltas"), strict=True):
        assert [each["dcat:downloadURL"]["@id"] for each in dataset["dcat:distribution"]] == [
            each["url"] for each in said[files]
        ]
    first = dataset["dcat:distribution"][0]
    content = client.get(f"{SNAPSHOT}/{first['dct:title']}").data
    assert first["spdx:checksum"]["spdx:checksumValue"]["@value"] == hashlib.sha256(content).hexdigest()
    assert first["dcat:byteSize"]["@value"] == str(len(content))
    assert first["dct:license"]["@id"] == said["deltas"][0]["licence"]
    schema = client.get("/api/v1/register/download.schema.json").get_json()
    assert first["dct:conformsTo"]["@id"].endswith("/download.schema.json#/$defs/delta")
    lines_of = Draft202012Validator(schema).evolve(schema=schema["$defs"]["delta"])
    assert lines_of.is_valid(json.loads(content))
    assert lines_of.is_valid({"id": gone, "operation": "withdrawn", "listing": None})
    assert not lines_of.is_valid({"id": gone, "operation": "current", "listing": {"id": gone}})
    revoke(world, gone)
    assert 'spdx:checksum"' not in client.get(CATALOGUE).text


def test_a_delta_is_a_table_too(world: World, client: FlaskClient) -> None:
    build(world)
    gone, stays = (world.publish(organisation(f"石家庄{n}建设工程有限公司", n)) for n in (1, 2))
    build(world)
    (delta,) = client.get(f"{SNAPSHOT}/index.json").get_json()["deltas"]
    revoke(world, gone)
    names = {each["form"]: each["url"].rpartition("/")[2] for each in delta["tables"]}
    answers = {form: client.get(f"{SNAPSHOT}/{name}") for form, name in names.items()}
    plain = list(csv.reader(io.StringIO(answers["csv"].data.decode("utf-8-sig"))))
    book = CalamineWorkbook.from_filelike(io.BytesIO(answers["xlsx"].data)).get_sheet_by_index(0).to_python()
    for head, *rows in (plain, book):
        assert head[:4] == ["操作", "记录编号", "版本", "主体名称"]
        assert {row[1]: row[0] for row in rows} == {gone: "已移出", stays: "公示中"}
        assert [len("".join(map(str, row[2:]))) for row in rows if row[1] == gone] == [0]
    for answer in answers.values():
        digest = base64.b64encode(hashlib.sha256(answer.data).digest()).decode()
        assert answer.headers["Repr-Digest"] == f"sha-256=:{digest}:"
    assert client.get(f"{SNAPSHOT}/{delta['name']}.pdf").status_code == 404


def test_a_long_delta_is_no_workbook(
    world: World, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.blacklist.snapshots.tables.MOST_LINES", 1)
    build(world)
    for n in (1, 2):
        world.publish(organisation(f"石家庄{n}建设工程有限公司", n))
    build(world)
    (delta,) = client.get(f"{SNAPSHOT}/index.json").get_json()["deltas"]
    assert [each["form"] for each in delta["tables"]] == ["csv"]
    assert client.get(f"{SNAPSHOT}/{delta['name']}.csv").status_code == 200
    refused = client.get(f"{SNAPSHOT}/{delta['name']}.xlsx")
    assert (refused.status_code, refused.mimetype) == (422, "application/problem+json")
    assert refused.get_json()["slug"] == "delta-too-long"


def test_what_is_removed_leaves_every_file_at_commit(world: World, client: FlaskClient) -> None:
    build(world)
    gone, stays = (world.publish(organisation(f"石家庄{n}建设工程有限公司", n)) for n in (1, 2))
    build(world)
    before = client.get(f"{SNAPSHOT}/index.json").get_json()
    names = [each["name"] for each in (*before["files"], *before["deltas"])]
    assert all(each["sha256"] for each in before["files"])
    whole = client.get(f"{SNAPSHOT}/{names[0]}")
    assert whole.headers["Repr-Digest"].startswith("sha-256=:")
    tag = {"If-None-Match": whole.headers["ETag"]}
    assert client.get(f"{SNAPSHOT}/{names[0]}", headers=tag).status_code == 304
    revoke(world, gone)
    for name in names:
        answer = client.get(f"{SNAPSHOT}/{name}", headers=tag)
        assert "石家庄1建设" not in answer.text
        assert stays in answer.text
    said = client.get(f"{SNAPSHOT}/index.json").get_json()
    assert [each["sha256"] for each in said["files"]] == [None, None]
    (tombstone,) = [line for line in lines(client, names[2]) if line["operation"] == "withdrawn"]
    assert tombstone["id"] == gone
    build(world)
    kept = client.get(f"{SNAPSHOT}/index.json").get_json()
    assert all(each["sha256"] for each in (*kept["files"], *kept["deltas"]))
    assert all("石家庄1建设" not in path.read_text("utf-8") for path in snapshot_files(world))


def test_what_a_correction_replaced_stays_in_no_file(world: World, client: FlaskClient) -> None:
    build(world)
    listing_id = world.publish(organisation("石家庄旧称建设工程有限公司", 1))
    build(world)
    names = [path.name for path in snapshot_files(world)]
    with world.write() as session:
        correct_listing(
            session, world.keyring, listing_id, case=organisation("石家庄新称建设工程有限公司", 1),
            terms=TERMS, publicity=PUBLICITY, reason="更正", at=world.clock.now(),
        )  # fmt: skip
    assert all("旧称" not in client.get(f"{SNAPSHOT}/{name}").text for name in names)
    build(world)
    assert all("旧称" not in path.read_text("utf-8") for path in snapshot_files(world))
    said = client.get(f"{SNAPSHOT}/index.json").get_json()
    held = replayed(client, [each["name"] for each in said["deltas"]])
    assert held[listing_id]["name"] == "石家庄新称建设工程有限公司"


def test_a_loss_without_a_removal_blocks_the_export(world: World, client: FlaskClient) -> None:
    lost, stays = (world.publish(organisation(f"石家庄{n}建设工程有限公司", n)) for n in (1, 2))
    build(world)
    export_sheet(world.deps)
    first = read_manifest(world.deps.data_dir / FOLDER)
    with world.write() as session:
        session.execute(delete(Change).where(Change.listing_id == lost))
        session.execute(update(Listing).where(Listing.id == lost).values(removed_at=world.clock.now()))
    assert export(world.deps) is None
    assert read_manifest(world.deps.data_dir / FOLDER) == first
    said = client.get(f"{SNAPSHOT}/index.json").get_json()
    assert said["blocked"]
    assert [line["id"] for line in lines(client, said["files"][0]["name"])] == [stays]
    (sheet,) = [each["name"] for each in said["files"] if each["form"] == "xlsx"]
    withheld = client.get(f"{SNAPSHOT}/{sheet}")
    assert (withheld.status_code, "download.xlsx" in withheld.text) == (503, False)
    with world.write() as session:
        session.execute(update(Listing).where(Listing.id == lost).values(removed_at=None))
    assert export(world.deps) is not None
    assert not client.get(f"{SNAPSHOT}/index.json").get_json()["blocked"]


def test_the_keeper_builds_when_something_changed_and_then_rests(world: World, client: FlaskClient) -> None:
    keeper = SnapshotKeeper(world.deps, "test")
    assert [keeper.step() for _ in range(3)] == [True, True, False]  # the files, the spreadsheet, nothing
    assert client.get(f"{SNAPSHOT}/nothing.ndjson").status_code == 404
