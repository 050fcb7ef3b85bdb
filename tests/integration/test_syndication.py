"""Feeds, site maps, linked data and entities: what strangers' programs see, and what they never see."""

import json
import threading
from datetime import timedelta
from pathlib import Path
from xml.etree import ElementTree

import pytest
from flask.testing import FlaskClient

from services.blacklist.app import create_app
from services.blacklist.register.api.waiting import MOST_WAITING
from services.blacklist.register.usecases import ChangeSequencer, correct_listing, revoke_listing
from services.blacklist.settings import read_settings
from services.blacklist.syndication.domain.feeds import ATOM
from services.blacklist.syndication.queries import addresses
from shared.clock import FixedClock
from shared.db import Database
from shared.loops import drain
from shared.web.place import NOBODY_ELSE
from tests.harness.wait import PATIENCE, until
from tests.integration.register_world import PUBLICITY, TERMS, World, make_world, organisation, person

pytestmark = pytest.mark.tables("services.blacklist")

A, GONE = "石家庄甲建设工程有限公司", "石家庄乙建设工程有限公司"
MAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


@pytest.fixture
def world(any_db: Database, clock: FixedClock, tmp_path: Path) -> World:
    made = make_world(any_db, clock, tmp_path)
    for serial, name in enumerate((A, GONE), start=1):
        listing_id = made.publish(organisation(name, serial))
        clock.set(clock.now() + timedelta(minutes=1))
    made.publish(person(made.keyring))
    with made.write() as session:
        revoke_listing(session, made.keyring, listing_id, reason="撤销", at=clock.now())
    sequence(made)
    return made


def sequence(world: World) -> None:
    drain([ChangeSequencer(world.db, "test")])


@pytest.fixture
def client(world: World, tmp_path: Path) -> FlaskClient:
    return create_app(read_settings({"DATA_DIR": str(tmp_path)}), world.deps).test_client()


def test_feeds_are_xml_whatever_a_name_holds(client, world):
    world.publish(organisation("石家庄\ufffe丙\uffff工程有限公司", 8))
    sequence(world)
    for form in ("atom", "rss"):
        told = ElementTree.fromstring(client.get(f"/feed.{form}").data)
        assert "石家庄 丙 工程有限公司" in "".join(told.itertext())


def test_feeds_name_what_is_public_and_nothing_else(client):
    atom = client.get("/feed.atom")
    titles = [each.text for each in ElementTree.fromstring(atom.data).iter(f"{{{ATOM}}}title")]
    assert titles[1:] == ["一条公示信息已经移出", f"{A}：公共资源配置领域黑名单"]
    rss = ElementTree.fromstring(client.get("/feed.rss").data)
    assert [each.text for each in rss.iter("title")][1:] == titles[1:]
    told = client.get("/feed.json").get_json()
    assert [each["title"] for each in told["items"]] == titles[1:]
    for form in ("atom", "rss", "json"):
        text = client.get(f"/feed.{form}").text
        assert GONE not in text
        assert "示例" not in text.replace("长安区", ""), "no person"
    assert client.get("/feed.atom", headers={"If-None-Match": atom.headers["ETag"]}).status_code == 304


PATHS = (
    "/feed.atom",
    "/feed.rss",
    "/feed.json",
    "/sitemap.xml",
    "/sitemaps/1.xml",
    "/data/entities.ftm.json",
)


@pytest.mark.parametrize("path", PATHS)
def test_addresses_are_the_configured_ones_whatever_host_is_asked(client, path):
    said = client.get(path, headers={"Host": "forged.example", "X-Forwarded-Host": "forged.example"}).text
    assert f"{NOBODY_ELSE}/" in said
    assert "forged.example" not in said


def test_site_maps_list_every_organisation_once(client, world, monkeypatch):
    monkeypatch.setattr(addresses, "PER_MAP", 2)
    for serial in range(3, 6):
        world.publish(organisation(f"石家庄第{serial}建设工程有限公司", serial))
    maps = [each.text for each in ElementTree.fromstring(client.get("/sitemap.xml").data).iter(f"{MAP}loc")]
    assert [each.rsplit("/", 1)[1] for each in maps] == ["1.xml", "2.xml"]
    pages = [client.get("/sitemaps/" + each.rsplit("/", 1)[1]).data for each in maps]
    found = [each.text for page in pages for each in ElementTree.fromstring(page).iter(f"{MAP}loc")]
    assert len(found) == len(set(found)) == 4
    assert client.get("/sitemaps/3.xml").status_code == client.get("/sitemaps/0.xml").status_code == 404
    assert "/sitemap.xml" in client.get("/robots.txt").text


def test_a_site_map_says_when_a_page_changed(client, world):
    (line,) = client.get("/api/v1/register").get_json()["items"]

    def said() -> list[str | None]:
        page = client.get("/sitemaps/1.xml").data
        return [each.text for each in ElementTree.fromstring(page).iter(f"{MAP}lastmod")]

    before = said()
    with world.write() as session:
        correct_listing(
            session, world.keyring, line["id"], case=organisation(A, 1), terms=TERMS, publicity=PUBLICITY,
            reason="更正", at=world.clock.now(),
        )  # fmt: skip
    assert before != said() == [world.clock.now().isoformat(timespec="seconds")]


def test_entities_are_pairs_of_company_and_sanction(client):
    lines = [json.loads(line) for line in client.get("/data/entities.ftm.json").text.splitlines()]
    company, sanction = lines
    assert (company["schema"], company["caption"], company["target"]) == ("Company", A, True)
    assert (sanction["schema"], sanction["properties"]["entity"]) == ("Sanction", [company["id"]])
    assert sanction["properties"]["endDate"] == ["2027-11-02"]


def test_pages_carry_linked_data_of_organisations_only(client, world):
    (line,) = client.get("/api/v1/register").get_json()["items"]
    page = client.get(f"/listings/{line['id']}").text
    said = json.loads(
        page.split('<script type="application/ld+json"')[1].split(">", 1)[1].split("</script>")[0]
    )
    assert said["about"] == {"@type": "Organization", "name": A, "identifier": line["subject"]["uscc"]}
    someone = world.publish(person(world.keyring))
    assert "ld+json" not in client.get(f"/listings/{someone}").text
    data = client.get("/data")
    assert (data.status_code, "下载与接口" in data.text, '"Dataset"' in data.text) == (200, True, True)


def test_a_reader_at_the_end_waits_for_the_next_change(client, world):
    last = client.get("/api/v1/register/changes").get_json()["next"]
    answers = []
    url = f"/api/v1/register/changes?after={last}&wait=20"
    waiting = threading.Thread(target=lambda: answers.append(client.get(url).get_json()))
    waiting.start()
    world.publish(organisation("石家庄丙建设工程有限公司", 7))
    sequence(world)
    waiting.join(20 * PATIENCE)
    assert [each["operation"] for each in answers[0]["items"]] == ["current"]
    assert client.get(f"/api/v1/register/changes?after={last + 100}&wait=20").get_json()["items"] == []


def test_few_wait_at_a_time(client, world):
    last = client.get("/api/v1/register/changes").get_json()["next"]
    url = f"/api/v1/register/changes?after={last}&wait=20"
    answers = []
    readers = [
        threading.Thread(target=lambda: answers.append(client.get(url).status_code))
        for _ in range(MOST_WAITING + 1)
    ]
    for reader in readers:
        reader.start()
    until(lambda: answers == [503], 10, "the one too many is told to come back")
    world.publish(organisation("石家庄丙建设工程有限公司", 7))
    sequence(world)
    for reader in readers:
        reader.join(20 * PATIENCE)
    assert sorted(answers) == [200] * MOST_WAITING + [503]
