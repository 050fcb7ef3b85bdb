"""A proof rests on sights that were kept, the newest first, of what is listed now."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from services.credit_push import app as wiring
from services.credit_push.models import Appearance, Delivery, Holding, Listing, Observation
from services.credit_push.papers.proof import prove
from services.credit_push.settings import read_settings
from services.credit_push.sights import appearances_of
from services.credit_push.transports.asking import Sight
from services.credit_push.transports.base import TransportDown
from services.credit_push.usecases import Deps
from services.credit_push.usecases.asking import Observer
from services.credit_push.usecases.observing import Report, Sighting, observe, take_reports
from shared.db import migrate
from tests.integration.test_push_attempts import DELIVERY, LISTING

SITE, CITY = "gsxt-liaoning", "credit-quanzhou"
AT = (datetime.now(UTC) - timedelta(days=30)).replace(microsecond=0)


def hours(number: int) -> datetime:
    return AT + timedelta(hours=number)


@pytest.fixture
def deps(tmp_path: Path) -> Iterator[Deps]:
    settings = read_settings({"DATA_DIR": str(tmp_path)})
    made = wiring.open_deps(settings)
    migrate(str(made.db.engine.url), "services.credit_push")
    with made.db.write() as session:
        session.execute(insert(Listing), [LISTING])
    file(made, 1, "list", hours(0))
    yield made
    made.db.close()


def file(deps: Deps, sequence: int, operation: str, at: datetime) -> None:
    """A delivery that the platform acknowledged."""
    own = {"id": f"d{sequence}", "idempotency_key": f"k{sequence}", "settled_at": at, "created_at": at}
    now = {"operation": operation, "version": sequence, "sequence": sequence}
    filed = {"platform": SITE, "state": "acknowledged", "match_key": "l1", "possibly_sent": True}
    shown = {"platform": SITE, "listing_id": "l1", "match_key": "l1", "bucket_hash": 1, "content_digest": ""}
    with deps.db.write() as session:
        session.execute(insert(Delivery), [DELIVERY | filed | own | now])
        session.execute(update(Listing).values(now))
        session.query(Holding).delete()
        if operation != "withdraw":
            more = {"delivery_id": own["id"], "version": sequence, "layout": ""}
            session.execute(insert(Holding), [shown | more])


def look(deps: Deps, seen: str, at: datetime) -> None:
    with deps.db.write() as session:
        observe(session, deps, Sighting(SITE, "l1", seen, "hand", at, "甲"))


def report(deps: Deps, told: Report) -> int:
    with deps.db.write() as session:
        return take_reports(session, deps, deps.catalogue[SITE], [told])


def proof(deps: Deps) -> tuple[str, dict[str, Any], str]:
    with deps.db.read() as session:
        paper = prove(session, deps.catalogue, "l1", hours(500))
    return paper.data["kind"], paper.data["platforms"][0], "".join(paper.lines)


def test_a_withdrawal_is_not_proven_while_the_site_still_shows_it(deps: Deps) -> None:
    assert "1 个本系统未查看其网站" in proof(deps)[2]
    file(deps, 2, "withdraw", hours(100))
    assert proof(deps)[0] == "withdrawn"
    look(deps, "displayed", hours(200))
    kind, site, lines = proof(deps)
    assert (kind, site["evidence_kind"], site["seen"]) == ("open", "contradicted", "displayed")
    assert "未查看其网站" not in lines
    assert "不作为办结证明" in lines
    look(deps, "absent", hours(201))
    assert proof(deps)[0] == "withdrawn"


def test_what_is_told_late_or_twice_does_not_overrule_a_later_sight(deps: Deps) -> None:
    file(deps, 2, "withdraw", hours(100))
    told = Report(absent_at=hours(101), key="k2")
    assert report(deps, told) == 1
    look(deps, "displayed", hours(200))
    assert report(deps, told) == 0
    assert report(deps, replace(told, absent_at=hours(150))) == 1
    with deps.db.read() as session:
        row = session.get_one(Appearance, (SITE, "l1"))
        assert (row.displayed_at, row.absent_at) == (hours(200), None)
        assert session.query(Observation).count() == 3
    assert proof(deps)[0] == "open"


def test_a_listing_again_inherits_no_sight_and_a_correction_only_a_mark(deps: Deps) -> None:
    look(deps, "displayed", hours(5))
    file(deps, 2, "correct", hours(50))
    kind, site, _ = proof(deps)
    assert (kind, site["evidence_kind"], site["seen_before_at"]) == ("delivered", "acknowledged", hours(5))
    file(deps, 3, "withdraw", hours(100))
    file(deps, 4, "list", hours(300))
    with deps.db.read() as session:
        (view,) = [one for one in appearances_of(session, deps.catalogue, "l1") if one["platform"] == SITE]
    assert (view["displayed_at"], view["evidence"], view["lag_seconds"]) == (None, "acknowledged", None)
    assert proof(deps)[1]["evidence_kind"] == "acknowledged"
    look(deps, "displayed", hours(301))
    assert proof(deps)[1]["seen_at"] == hours(301)


def test_a_proof_takes_no_sight_that_was_not_kept(deps: Deps) -> None:
    file(deps, 2, "withdraw", hours(100))
    look(deps, "displayed", hours(200))
    forged = {"absent_at": hours(300), "absent_how": "hand", "displayed_at": None}
    with deps.db.write() as session:
        session.execute(update(Appearance).values(forged))
    assert proof(deps)[0] == "open"


class Poisoned:
    """A site whose answer fails if it is asked for one certain listing."""

    def ask(self, match_keys: Sequence[str]) -> dict[str, Sight]:
        if "bad" in match_keys:
            raise TransportDown("not readable")
        return {key: Sight(True) for key in match_keys}

    def close(self) -> None:
        pass


def test_a_page_that_fails_makes_room_for_others(deps: Deps, monkeypatch: pytest.MonkeyPatch) -> None:
    profile = deps.catalogue[CITY]
    one_row = replace(profile, observation=replace(profile.observation, rows_per_request=1))
    deps = replace(deps, catalogue={**deps.catalogue, CITY: one_row})
    same = {"platform": CITY, "via": CITY, "sequence": 1, "expects": "displayed", "region": "13", "asks": 0}
    with deps.db.write() as session:
        for number, name in enumerate(("bad", "good")):
            first = {"since": AT, "next_ask_at": hours(number), "listing_id": name, "match_key": name}
            session.execute(insert(Appearance), [same | first])
    monkeypatch.setattr("services.credit_push.usecases.asking.SILENT_SECONDS", 0.0)
    for _ in "12":
        Observer(deps, {CITY: Poisoned()}, "h").step()
    with deps.db.read() as session:
        seen = {row.listing_id: row.displayed_how for row in session.scalars(select(Appearance))}
    assert seen == {"bad": None, "good": "asked"}
