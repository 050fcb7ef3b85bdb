"""Adoption and findings in the databases themselves: the same on both."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select

from services.credit_push import app as wiring
from services.credit_push import queries
from services.credit_push.models import Adoption, Delivery, Finding, Holding, ListingVersion
from services.credit_push.models import Listing as Copy
from services.credit_push.settings import read_settings
from services.credit_push.standing import seen
from services.credit_push.transports.base import LedgerRow
from services.credit_push.usecases import Deps
from services.credit_push.usecases.adopting import (
    OPEN,
    answer_second,
    candidate_key,
    choose,
    match_page,
    propose_push,
)
from services.credit_push.usecases.matching import offers_of, wanted_at
from services.credit_push.usecases.observing import Sighting, observe
from shared.db import migrate
from shared.errors import Conflict
from tests.harness.platforms import Listing
from tests.integration.test_push_attempts import DELIVERY, LISTING

pytestmark = pytest.mark.tables("services.credit_push", migrated=True)
TABLES, CITY = "credit-liaoning", "credit-quanzhou"


def opened(url: str, folder: Path) -> Deps:
    migrate(url, "services.credit_push")
    return wiring.open_deps(read_settings({"DATA_DIR": str(folder), "CREDIT_PUSH_DB_URL": url}))


def history(deps: Deps, number: str) -> Listing:
    made = Listing(deps.keyring, region="210000", number=number, migrated=True)
    payload = made.event("published").data
    copy = {"id": made.id, "region": made.region, "migrated": True, "document_number": number}
    version = {"listing_id": made.id, "version": 1, "sequence": 1, "operation": "list", "payload": payload}
    with deps.db.write() as session:
        session.execute(insert(Copy), [LISTING | copy])
        session.execute(insert(ListingVersion), [version | {"recorded_at": deps.clock.now()}])
    return made


def row(listing: Listing, digest: str) -> LedgerRow:
    name = listing.subject.name
    content = {"RDWH": listing.number, "JGQC": name, "RDDW": digest}
    return LedgerRow(
        f"{listing.number}\n{name}", "", listing.number, name, None, digest, listing.subject.code,
        "blacklist_org", content,
    )  # fmt: skip


def match(deps: Deps, rows: list[LedgerRow]) -> set[str]:
    profile = deps.catalogue[TABLES]
    with deps.db.read() as session:
        wanted = wanted_at(session, profile, rows, complete=True)
    with deps.db.write() as session:
        taken = match_page(session, deps, profile, "run", wanted, offers_of(rows, wanted))
        return {one.match_key for one in taken}


def test_none_one_and_many(any_db_url: str, tmp_path: Path) -> None:
    deps = opened(any_db_url, tmp_path)
    none, one, many = (history(deps, f"示罚〔2026〕{n}号") for n in (1, 2, 3))
    rows = [row(one, "a"), row(many, "b"), row(many, "c")]
    assert match(deps, rows) == {rows[0].match_key}
    assert match(deps, rows[1:]) == set(), "the same again changes nothing"
    with deps.db.read() as session:
        found = {item.listing_id: item for item in session.scalars(select(Adoption))}
        (held,) = session.scalars(select(Holding)).all()
        assert (held.listing_id, held.content_digest) == (one.id, "a")
        assert len(queries.adoptions(session, OPEN, TABLES, "21", None, 9)) == 2
    assert {id_: item.state for id_, item in found.items()} == {
        none.id: "unmatched", one.id: "adopted", many.id: "ambiguous",
    }  # fmt: skip
    decide(deps, found[none.id].id, found[many.id].id, candidate_key(deps, rows[2]))
    with deps.db.read() as session:
        made = {each.listing_id: each.state for each in session.scalars(select(Delivery))}
    assert made == {one.id: "acknowledged", many.id: "acknowledged", none.id: "waiting"}
    deps.db.close()


def decide(deps: Deps, none: str, many: str, candidate: str) -> None:
    with deps.db.write() as session:
        propose_push(session, deps, none, "未收到", "甲")
    with deps.db.write() as session:
        assert answer_second(session, deps, none, "乙", agree=True).state == "pushed"
    with deps.db.write() as session:
        assert choose(session, deps, many, candidate, "已核对", "甲").state == "chosen"
    with deps.db.write() as session:
        assert answer_second(session, deps, many, "乙", agree=True).state == "adopted"
    for settled in (none, many):
        with pytest.raises(Conflict, match="adoption-settled"), deps.db.write() as session:
            propose_push(session, deps, settled, "再推", "甲")


def test_a_finding_is_counted_once_and_ends(any_db_url: str, tmp_path: Path) -> None:
    deps = opened(any_db_url, tmp_path)
    at = deps.clock.now() - timedelta(days=2)
    filed = {"platform": CITY, "state": "acknowledged", "settled_at": at, "created_at": at}

    def look(what: str, hours: int) -> tuple[Any, int]:
        with deps.db.write() as session:
            observe(session, deps, Sighting(CITY, "l1", what, "hand", at + timedelta(hours=hours), "甲"))
        with deps.db.read() as session:
            told = seen(session, deps.clock.today(), "1301")[CITY]["contradicted"]
            return told, session.query(Finding).count()

    with deps.db.write() as session:
        session.execute(insert(Copy), [LISTING])
        session.execute(insert(Delivery), [DELIVERY | filed | {"match_key": "l1"}])
    assert look("absent", 1) == (1, 1)
    assert look("absent", 2) == (1, 1)
    assert look("displayed", 3) == (0, 1)
    assert look("absent", 4) == (1, 2)
    deps.db.close()
