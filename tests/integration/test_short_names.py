"""Short names (简称) an organisation declares: found whole or by sound, never certain, never a near miss."""

import json
from typing import Any

import pytest

from services.blacklist.register.domain import CaseFacts
from services.blacklist.register.index import ENGINES, reindex, verify_index
from services.blacklist.register.models import NAMES
from services.blacklist.register.queries import Criteria, Entity, check_entities, search
from services.blacklist.register.queries.views import listing_view
from services.blacklist.register.usecases import correct_listing, import_listings
from services.blacklist.syndication.domain.entities import entities_of
from shared.clock import FixedClock
from shared.db import Database
from tests.integration.register_world import PUBLICITY, TERMS, World, make_world, organisation, person

pytestmark = pytest.mark.tables("services.blacklist")
FIRM, SHORT = "石家庄鑫源第三建筑工程有限公司", "鑫建三"
OTHER = "石家庄鑫源建筑工程有限公司"


@pytest.fixture
def world(any_db: Database, clock: FixedClock, tmp_path: Any) -> World:
    return make_world(any_db, clock, tmp_path)


def asked(world: World, words: str) -> list[tuple[str, str, float, list[str]]]:
    with world.db.read() as session:
        rows = search(session, Criteria(q=words), world.clock.today())
    return [(row["subject"]["name"], row["verdict"], row["score"], row["why"]) for row in rows]


def correct(world: World, listing: str, case: CaseFacts) -> None:
    with world.write() as session:
        correct_listing(
            session, world.keyring, listing, case=case, terms=TERMS, publicity=PUBLICITY, reason="更正",
            at=world.clock.now(),
        )  # fmt: skip


def test_a_short_name_is_found_whole_or_by_sound_and_a_correction_changes_it(world: World) -> None:
    listing = world.publish(organisation(FIRM, 1, short_names=(SHORT, FIRM, "鑫源")))
    world.publish(organisation(OTHER, 2))
    assert asked(world, SHORT) == [(FIRM, "possible", 0.9, ["简称"])]
    assert asked(world, "鑫建叁") == []
    ((name, _, _, why),) = asked(world, "xinjiansan")
    assert (name, why) == (FIRM, ["简称", "拼音"])
    assert asked(world, "鑫源") == [(FIRM, "possible", 0.9, ["简称"])]
    correct(world, listing, organisation(FIRM, 1, short_names=("三建鑫源",)))
    assert asked(world, SHORT) == []
    assert asked(world, "三建鑫源")[0][3] == ["简称"]
    correct(world, listing, organisation(FIRM, 1))
    assert "简称" not in str(asked(world, "三建鑫源"))


def test_another_firm_is_not_hidden_by_a_short_name_nor_near_it(world: World) -> None:
    world.publish(organisation(FIRM, 1, short_names=("鑫源建筑",)))
    world.publish(organisation(OTHER, 2))
    assert {name for name, *_ in asked(world, "鑫源建筑")} == {FIRM, OTHER}
    assert "简称" not in str(asked(world, "福州鑫源建筑有限公司")), "as a brand it is no likely answer"
    world.publish(organisation("鑫源建筑", 3))
    assert asked(world, "鑫源建筑")[0][:2] == ("鑫源建筑", "listed")
    with world.db.read() as session:
        today = world.clock.today()
        found = check_entities(
            session, [Entity("鑫源建筑"), Entity(SHORT)], today, on=today, purpose=None, alike=False
        )
    assert [each["verdict"] for each in found] == ["listed", "none"]
    assert [line["why"] for line in found[0]["listings"]] in (
        [["名称相同"], ["简称"]],
        [["简称"], ["名称相同"]],
    )


def test_the_index_is_made_anew_with_short_names(world: World) -> None:
    world.publish(organisation(FIRM, 1, former_names=("石门旧名有限公司",), short_names=(SHORT,)))
    engine = ENGINES[world.db.dialect]
    assert verify_index(world.db, engine).sound
    with world.write() as session:
        session.execute(NAMES.delete())
    assert reindex(world.db, engine).outdated == 1
    assert verify_index(world.db, engine).sound
    with world.db.read() as session:
        rows = session.execute(NAMES.select().order_by(NAMES.c.ordinal)).mappings()
        assert [(row["ordinal"], row["name"]) for row in rows] == [
            (-1, SHORT),
            (0, FIRM),
            (1, "石门旧名有限公司"),
        ]
    assert asked(world, SHORT)[0][3] == ["简称"]


def test_events_and_entities_carry_short_names_of_organisations_alone(world: World) -> None:
    listing = world.publish(organisation(FIRM, 1, short_names=(SHORT,)))
    world.publish(organisation(OTHER, 2))
    world.publish(person(world.keyring))
    company, _ = entities_of(listing_view(world.listing(listing)), "https://register.example")
    assert company["properties"]["weakAlias"] == [SHORT]
    exchanged = [json.loads(row.value)["subject"] for row in world.queued("blacklist.exchange.v1")]
    assert [each.get("short_names") for each in exchanged] == [[SHORT], None, None]
    public = [json.loads(row.value)["subject"] for row in world.queued("blacklist.public.v1")]
    assert [each.get("short_names") for each in public] == [[SHORT], None]


def line(**changes: Any) -> str:
    content = {
        "list_code": TERMS.code, "domain": "engineering-tendering", "region": "130102",
        "subject": {"type": "organization", "name": FIRM},
        "document": {"number": "旧1号", "date": "2026-01-05"},
        "published_on": "2026-01-06", "publicity_ends_on": "2029-01-06",
    }  # fmt: skip
    return json.dumps(content | changes, ensure_ascii=False)


def test_an_import_takes_short_names_of_organisations(world: World) -> None:
    bad = ({"short_names": ["三"]}, {"short_names": ["三建"] * 11}, {"short_names": 1})
    lines = [line(short_names=[SHORT]), *(line(**each) for each in bad)]
    report = import_listings(world.db, world.clock, world.keyring, lines)
    assert (report.imported, report.rejected) == (1, 3)
    assert all("short_names" in each.reason for each in report.reasons)
    assert asked(world, SHORT) == [(FIRM, "possible", 0.9, ["简称"])]
