"""`import listings`: good lines in, bad ones named, nothing twice, nobody told unless asked."""

import json
from collections.abc import Iterator
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from services.blacklist.register import queries
from services.blacklist.register.models import LISTINGS, Change, Listing
from services.blacklist.register.publishes import EXCHANGE, PUBLIC
from services.blacklist.register.usecases import (
    ChangeSequencer,
    ImportReport,
    import_listings,
    revoke_listing,
)
from services.blacklist.register.usecases.importing import Passing, _write
from services.blacklist.register.usecases.making import LISTING, NEVER_GIVEN, Lines, Made, Making
from services.blacklist.rules.queries import rules_folder, use_rules
from services.blacklist.store import outbox
from shared import beside
from shared.beside import Beside
from shared.clock import FixedClock
from shared.db import Database
from shared.identifiers import make_resident_id, make_uscc
from shared.loops import drain
from tests.harness.wait import until
from tests.integration.register_world import World, make_world

pytestmark = pytest.mark.tables("services.blacklist")

NUMBER = make_resident_id("350524", date(1979, 1, 31), 5)


@pytest.fixture
def world(any_db: Database, clock: FixedClock, tmp_path: Path) -> World:
    return make_world(any_db, clock, tmp_path)


def line(serial: int, **changes: Any) -> dict[str, Any]:
    return {
        "list_code": "public-resource-blacklist",
        "domain": "engineering-tendering",
        "region": "350524",
        "subject": {
            "type": "organization",
            "name": f"安溪第{serial}建设工程有限公司",
            "uscc": make_uscc("91350524", serial),
        },
        "document": {"kind": "judgment", "number": f"安罚〔2026〕{serial}号", "date": "2026-05-06"},
        "published_on": "2026-05-08",
        "publicity_ends_on": "2027-05-08",
        **changes,
    }  # fmt: skip


def person(**changes: Any) -> dict[str, Any]:
    subject = {"type": "individual", "name": "张示例", "id_type": "resident-id", "id_number": NUMBER}
    return line(1, subject=subject, **changes)


def aged(birth: date, **changes: Any) -> dict[str, Any]:
    """Somebody born that day, whatever the certificate is called."""
    number = make_resident_id("350524", birth, 5)
    return line(1, subject={"type": "individual", "name": "张示例", "id_number": number}, **changes)


def load(world: World, lines: list[Any], *, push: bool = False) -> ImportReport:
    texts = [each if isinstance(each, str) else json.dumps(each, ensure_ascii=False) for each in lines]
    return import_listings(world.db, world.clock, world.keyring, texts, push=push)


def test_lines_are_searchable_and_tell_nobody(world: World) -> None:
    report = load(world, [line(1, former_names=["安溪旧名有限公司"]), person(), ""])
    assert (report.read, report.imported, report.rejected) == (2, 2, 0)
    assert world.queued(EXCHANGE) == []
    drain([ChangeSequencer(world.db, "test")])
    today = world.clock.today()
    with world.db.read() as session:
        (found,) = queries.search(session, queries.Criteria(q="安溪旧名有限公司"), today)
        (change,) = queries.changes_after(session, 0, 10, today)
        (someone,) = queries.find_person(
            session, world.keyring, "张示例", id_number=NUMBER, id_tail=None, today=today
        )
    assert change["listing_id"] == found["id"]
    assert change["listing"]["migrated"]
    assert NUMBER not in json.dumps([someone.facts, someone.identity])


def test_push_replays_what_is_still_public(world: World) -> None:
    load(world, [line(1), line(2, published_on="2024-05-08", publicity_ends_on="2025-05-08")], push=True)
    (row,) = world.queued(EXCHANGE)
    event = json.loads(row.value)
    assert (event["operation"], event["replay"], event["migrated"]) == ("list", True, True)
    assert len(world.queued(PUBLIC)) == 1


def test_running_twice_changes_nothing(world: World) -> None:
    lines = [line(1), line(2, source_id="old-2"), line(1), person()]
    assert load(world, lines).imported == 3
    before = len(world.queued(PUBLIC))
    changed = line(2, source_id="old-2", publicity_ends_on="2027-06-08")
    again = load(world, [*lines, changed])
    assert (again.imported, again.known) == (0, 5)
    assert len(world.queued(PUBLIC)) == before
    with world.db.read() as session:
        assert session.scalar(select(func.count()).select_from(Listing)) == 3


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ("{", "不是合法的 JSON"),
        ("[]", "每行应为一个 JSON 对象"),
        (line(1, what=1), "what：没有这个字段"),
        (line(1, region="999999"), "region"),
        (line(1, domain="nothing"), "domain"),
        (line(1, list_code="nothing"), "list_code"),
        (line(1, published_on="2026/05/08"), "published_on"),
        (line(1, published_on="2026-11-03"), "published_on：不得晚于今天"),
        (line(1, publicity_ends_on="2026-05-08"), "publicity_ends_on"),
        (line(1, subject={"type": "organization", "name": "甲", "uscc": "91350524MA00000000"}), "subject"),
        (line(1, subject={"type": "individual", "name": "甲"}), "subject.id_number"),
        (line(1, subject={"type": "individual", "name": "甲", "id_number": "350524197901310000"}), "subject"),
        (line(1, subject={"type": "organization", "name": "甲", "id_number": NUMBER}), "subject.id_number"),
        (line(1, document={"number": "1", "fine_wan": "many"}), "document.fine_wan"),
        (line(1, document={}), "document.number"),
        (line(1, former_names=[1]), "former_names"),
        (line(1, short_names=[f"甲{NUMBER}"]), "short_names：不得含有"),
        (line(1, document={"number": f"罚{NUMBER}"}), "document.number：不得含有"),
        (line(1, document={"number": "1", "organ": f"甲{NUMBER}"}), "document.organ：不得含有"),
        (line(1, organ={"name": f"甲{NUMBER}"}), "organ.name：不得含有"),
        (line(1, source={"name": f"甲{NUMBER}"}), "source.name：不得含有"),
        (line(1, measures=[{"code": "ban-bidding", "organ": f"甲{NUMBER}"}]), "measures.organ：不得含有"),
        (line(1, subject="\x00"), "subject"),
        (line(1, source_id="\x00"), "source_id"),
        (line(1, severity="worst"), "severity"),
        (person(list_code="spot-check"), "subject.type"),
        (line(1, measures=[{"code": "ban-bidding"}, {"code": "made-up"}]), "measures.code：第2项"),
        (aged(date(2008, 5, 9)), "subject.id_number：按号码"),
        (aged(date(2008, 5, 7)), "subject.id_number：按号码"),
        (aged(date(2008, 5, 1), misconduct={"occurred_on": "2026-04-30"}), "subject.id_number：按号码"),
    ],
)
def test_a_bad_line_is_named_and_the_good_go_in(world: World, bad: Any, reason: str) -> None:
    report = load(world, [line(7), bad, line(8)])
    assert (report.imported, report.rejected) == (2, 1)
    assert report.reasons[0].number == 2
    assert report.reasons[0].reason.startswith(reason)
    assert NUMBER not in report.reasons[0].reason


def test_of_age_on_the_day_and_measures_of_the_closed_list_go_in(world: World) -> None:
    taken = [aged(date(2008, 5, 6)), line(2, measures=[{"code": "ban-bidding", "to": "2027-05-08"}])]
    assert load(world, [*taken, line(3, list_code="spot-check")], push=True).imported == 3


def test_commits_are_small_and_progress_is_told(world: World) -> None:
    told: list[int] = []
    texts = (json.dumps(line(serial)) for serial in range(1200))
    report = import_listings(world.db, world.clock, world.keyring, texts, progress=told.append)
    assert told == [500, 1000, 1200]
    assert report.imported == 1200
    with world.db.read() as session:
        assert session.scalar(select(func.count()).select_from(Change)) == 1200
        assert session.scalar(select(func.count()).select_from(outbox)) == 1200


def test_a_migrated_listing_is_withdrawn_like_any_other(world: World) -> None:
    load(world, [line(1)])
    with world.db.read() as session:
        listing_id = session.scalars(select(Listing.id)).one()
    with world.write() as session:
        revoke_listing(session, world.keyring, listing_id, reason="撤销", at=world.clock.now())
    (row,) = world.queued(EXCHANGE)
    assert (row.sequence, json.loads(row.value)["operation"]) == (1, "withdraw")


def test_rows_made_in_another_process_are_the_same(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beside, "_cores", lambda: 2)
    texts = [json.dumps(each) for each in (line(1, former_names=["旧名甲"]), person(), line(2, region="0"))]
    asked = Lines(world.clock.now(), list(enumerate(texts, start=1)))
    making = Making(world.keyring, world.clock.today(), push=True)
    with Beside(making, partial(use_rules, rules_folder())) as make:
        make.start()
        until(lambda: make.pid is not None, 120.0, "the other process to be ready")
        there = make(asked)
        assert make.pid is not None
    here = making(asked)
    assert (there.read, there.rejected) == (here.read, here.rejected)
    assert [alike(each) for each in there.good] == [alike(each) for each in here.good]
    with world.write() as session:
        _write(session, there.good)
    assert len(world.queued(EXCHANGE)) == 2


def alike(made: Made) -> tuple[Any, ...]:
    """Without what is new each time: ids and sealed numbers."""
    values = dict(zip(LISTING.names, made.listing, strict=True))
    assert len(made.queued) == (2 if values["uscc"] else 1)
    fresh = {"id": "", "identity": sorted(json.loads(values["identity"]))}
    return made.origin, values | fresh, made.version[1:], [each[1:] for each in made.names]


def test_a_run_cut_short_is_simply_run_again(world: World) -> None:
    texts = [json.dumps(line(serial)) for serial in range(700)]

    def cut() -> Iterator[str]:
        yield from texts[:600]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_listings(world.db, world.clock, world.keyring, cut())
    report = import_listings(world.db, world.clock, world.keyring, texts)
    assert (report.imported + report.known, report.rejected) == (700, 0)
    with world.db.read() as session:
        assert session.scalar(select(func.count()).select_from(Listing)) == 700


def test_lines_known_are_passed_over_until_none_is(world: World) -> None:
    texts = [json.dumps(each) for each in (line(1), line(2, source_id="old-2"), line(3))]
    load(world, texts[:2])
    passing, numbered = Passing(world.db, world.clock), list(enumerate([*texts, "{"], start=1))
    (some,) = passing.batched(iter(numbered))
    assert ([number for number, _ in some.numbered], some.known, passing.asking) == ([3, 4], 2, True)
    (new,) = passing.batched(iter(numbered[2:]))
    assert (len(new.numbered), new.known, passing.asking) == (2, 0, False)
    report = load(world, [*texts, "{"])
    assert (report.read, report.imported, report.known, report.rejected) == (4, 1, 2, 1)


def test_columns_never_written_are_those_an_import_leaves_empty(world: World) -> None:
    load(world, [line(1, organ={"name": "某局"}), person()], push=True)
    with world.db.read() as session:
        for row in session.execute(select(LISTINGS)).mappings():
            assert {name: row[name] for name in NEVER_GIVEN if row[name] is not None} == {}
            assert (row["migrated"], row["disclosure"]) == (True, "proactive")
