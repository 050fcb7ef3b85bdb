"""The promises of the index over names, held by every engine: same grams, same answers."""

from pathlib import Path

import pytest
from sqlalchemy import delete, text, update

from services.blacklist.register.domain.names import Gram, asked_grams, full_key, split_name
from services.blacklist.register.index import (
    ENGINES,
    GramCounter,
    building,
    name_unnamed,
    reading,
    reading_of,
    reindex,
    verify_index,
)
from services.blacklist.register.index.counts import known_counts, rare_first
from services.blacklist.register.index.direct import BY_VALUES
from services.blacklist.register.index.upkeep import count_grams, tidied
from services.blacklist.register.models import NAMES, GramCount, ListingName
from services.blacklist.register.queries import Criteria, search
from services.blacklist.register.queries.statements import statement
from shared.clock import FixedClock
from shared.db import Database
from tests.integration.register_world import World, make_world, organisation

pytestmark = pytest.mark.tables("services.blacklist")

NAMES_IN = ("石家庄鑫源贸易有限公司", "石家庄鑫达贸易有限公司", "泉州鑫源建材经营部", "老王烧烤店")


@pytest.fixture
def world(any_db: Database, clock: FixedClock, tmp_path: Path) -> World:
    made = make_world(any_db, clock, tmp_path)
    for serial, name in enumerate(NAMES_IN, start=1):
        made.publish(organisation(name, serial))
    return made


def found(world: World, asked: str, limit: int = 10) -> list[str]:
    key = full_key(asked)
    grams = asked_grams(split_name(asked), key, key if key.isascii() else "")
    with world.db.read() as session:
        rows = ENGINES[world.db.dialect].candidates(reading_of(session.connection()), grams, limit)
        return [session.get_one(ListingName, name_id).name for name_id, _ in rows]


@pytest.mark.parametrize(
    ("asked", "first"),
    [
        ("石家庄鑫园贸易有限公司", NAMES_IN[0]),
        ("石家庄鑫贸易", NAMES_IN[0]),
        ("泉州鑫源建材", NAMES_IN[2]),
        ("xin da mao yi", NAMES_IN[1]),
        ("老王烧烤", NAMES_IN[3]),
    ],
)
def test_the_nearest_name_comes_first(world: World, asked: str, first: str) -> None:
    assert found(world, asked)[0] == first


@pytest.mark.parametrize("any_db_url", ["postgresql"], indirect=True)
def test_only_browsing_is_planned_for_its_own_values(world: World) -> None:
    """A region may be half of the register or nothing of it; one plan would sort half of it for a page."""
    fronts = [statement(shape, (), "postgresql").text.startswith(BY_VALUES) for shape in ("later", "key")]
    with reading(world.db.reading) as asked:
        modes = [asked.rows(f"{front}SHOW plan_cache_mode", {})[0][0] for front in ("", BY_VALUES, "")]
    assert fronts == [True, False]
    assert modes == ["force_generic_plan", "force_custom_plan", "force_generic_plan"]


def test_a_name_one_sign_apart_elsewhere_in_the_place_does_not_end_the_search(world: World) -> None:
    """西丰 is a county of 铁岭; 西宁, a sign short, was meant."""
    meant, other = "西宁丰锋高空清洗有限公司", "铁岭市银州区锋才高空清洗有限公司"
    for serial, name in enumerate((meant, other), start=11):
        world.publish(organisation(name, serial))
    with world.db.read() as session:
        rows = search(session, Criteria(q="西丰锋高空清洗有限公司"), world.clock.today())
    assert [row["matched_name"] for row in rows] == [meant, other]


def test_a_name_without_trade_and_form_is_every_name_of_that_brand(world: World) -> None:
    """石家庄鑫源 is 石家庄鑫源商行 as well as 石家庄鑫源建材经营部: the first hit ends no search."""
    forms = ("商行", "店")
    asked = [world.publish(organisation(f"泉州鑫源{form}", 8 + at)) for at, form in enumerate(forms)]
    with world.db.read() as session:
        rows = search(session, Criteria(q="泉州鑫源"), world.clock.today())
    assert [row["id"] for row in rows[:2]] == sorted(asked)
    assert NAMES_IN[2] in [row["subject"]["name"] for row in rows]


def test_a_name_is_found_in_its_transaction_and_gone_with_it(world: World) -> None:
    with world.write() as session:
        session.execute(delete(NAMES).where(NAMES.c.name == NAMES_IN[0]))
        engine = ENGINES[world.db.dialect]
        rows = engine.candidates(reading_of(session.connection()), [Gram("·鑫源贸易", 1.0)], 10)
        assert rows == []
        session.rollback()
    assert found(world, "石家庄鑫源贸易")[0] == NAMES_IN[0]


def test_weights_add_up_and_the_limit_holds(world: World) -> None:
    grams = [Gram("石家庄", 1.0), Gram("※鑫源", 2.0)]
    with reading(world.db.reading) as read:
        rows = ENGINES[world.db.dialect].candidates(read, grams, 2)
    assert [shared for _, shared in rows] == [3.0, 2.0]


def test_no_sign_of_a_gram_is_syntax(world: World) -> None:
    for sign in ('"', "'", "%", "*", "(", ")", "\\", "·", "\U00020000", "-", "NEAR", "{"):
        with reading(world.db.reading) as read:
            ENGINES[world.db.dialect].candidates(read, [Gram(full_key(f"a{sign}b") or "a", 1.0)], 5)


def test_common_grams_are_counted_and_seen(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.blacklist.register.index.upkeep.COMMON", 2)
    assert count_grams(world.db, ENGINES[world.db.dialect]) > 0
    with reading(world.db.reading) as read:
        counts = known_counts(read)
        assert counts["石家庄"] == 2
        assert "·老王烧烤" not in counts


def test_the_counter_rests_while_the_register_is_small(world: World) -> None:
    loop = GramCounter(world.db, ENGINES[world.db.dialect], "test")
    assert not loop.step()
    loop.close()
    with world.db.read() as session:
        assert session.query(GramCount).count() == 0


def test_tidying_ends_and_changes_no_answer(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.blacklist.register.index.sqlite.MOST_PARTS", 2)
    before = found(world, "石家庄鑫源贸易")
    going, steps = False, 0
    while going := tidied(world.db, ENGINES[world.db.dialect], going=going):
        steps += 1
        assert steps < 50
    assert found(world, "石家庄鑫源贸易") == before
    assert verify_index(world.db, ENGINES[world.db.dialect]).sound


def test_rare_grams_come_first_and_within_the_budget() -> None:
    grams = [Gram("common", 1.0), Gram("rare", 1.0), Gram("rarer still", 9.0)]
    chosen = rare_first(grams, {"common": 900, "rare": 300}, budget=500, most=9)
    assert [gram.text for gram in chosen] == ["rarer still", "rare"]
    assert rare_first(grams[:1], {"common": 900}, budget=500, most=9) == grams[:1]


def test_verify_finds_what_reindex_mends(world: World) -> None:
    engine = ENGINES[world.db.dialect]
    assert verify_index(world.db, engine).sound
    with world.write() as session:
        session.execute(update(NAMES).where(NAMES.c.name == NAMES_IN[1]).values(gram_version=0, grams=["x"]))
    broken = verify_index(world.db, engine)
    assert (broken.names, broken.outdated, broken.sound) == (4, 1, False)
    assert reindex(world.db, engine).outdated == 1
    assert verify_index(world.db, engine).sound
    assert found(world, "石家庄鑫达贸易")[0] == NAMES_IN[1]


def test_sqlite_itself_notices_an_index_out_of_step(world: World) -> None:
    if world.db.dialect != "sqlite":
        pytest.skip("PostgreSQL's index cannot be changed apart from its table")
    with world.write() as session:
        session.execute(text("DROP TRIGGER register_name_gone"))
        session.execute(delete(NAMES).where(NAMES.c.name == NAMES_IN[1]))
    assert verify_index(world.db, ENGINES["sqlite"]).faults


@pytest.mark.parametrize("at_once", [False, True])
def test_listings_without_names_get_them(
    world: World, monkeypatch: pytest.MonkeyPatch, at_once: bool
) -> None:
    monkeypatch.setattr(building, "MANY", 1 if at_once else 100)
    monkeypatch.setattr(building, "BLOCK", 2)
    monkeypatch.setattr(building, "PROCESSES", 0)
    engine = ENGINES[world.db.dialect]
    assert name_unnamed(world.db, engine) == 0
    with world.write() as session:
        session.execute(delete(NAMES).where(NAMES.c.name != NAMES_IN[0]))
    if at_once:
        with world.write() as session:
            session.execute(delete(NAMES))
    assert reindex(world.db, engine).outdated == (4 if at_once else 3)
    assert verify_index(world.db, engine).sound
    assert found(world, "石家庄鑫达贸易")[0] == NAMES_IN[1]
    world.publish(organisation("福州新来贸易有限公司", 9))  # what keeps the index in step is back
    assert found(world, "福州新莱贸易")[0] == "福州新来贸易有限公司"
    assert verify_index(world.db, engine).sound


def test_names_are_cut_in_processes_too(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    if world.db.dialect != "sqlite":
        pytest.skip("one database is enough: the processes know none")
    monkeypatch.setattr(building, "MANY", 1)
    monkeypatch.setattr(building, "BLOCK", 1)
    monkeypatch.setattr(building, "PROCESSES", 1)
    with world.write() as session:
        session.execute(delete(NAMES))
    assert name_unnamed(world.db, ENGINES["sqlite"]) == 4
    with world.db.read() as session:
        assert session.query(ListingName).count() == 4


def test_a_line_of_copy_holds_whatever_a_name_holds() -> None:
    line = ENGINES["postgresql"].block([("id", 0, "a\\b\tc", ['x"y', "z\\"])])
    assert line == b'id\t0\ta\\\\b\\tc\t{"x\\\\"y","z\\\\\\\\"}\n'
