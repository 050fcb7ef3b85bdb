"""Received is not displayed: sites are asked, report, or are looked at; proofs say on what they rest."""

import io
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.error import HTTPError

import pytest
from sqlalchemy import select

from services.credit_push import app as wiring
from services.credit_push.catalogue import Profile
from services.credit_push.models import Appearance, Observation, StrayReceipt
from services.credit_push.usecases.asking import Observer
from shared.http import sign_request
from tests.harness.platforms import Listing, PushWorld, Subject, http_json, push_world, quick
from tests.harness.wait import until

CITY, PROVINCE, NATION = "credit-quanzhou", "credit-fujian", "credit-china"
TRADE, CALLBACK = "trade-quanzhou", "tender-shijiazhuang"
HTML = {"Accept": "text/html"}
CLIENTS: dict[str, Any] = {}


def tune(profile: Profile) -> Profile:
    asking = replace(profile.observation, requests_per_minute=60_000, pause_seconds=(0.05,))
    return replace(quick(profile), observation=asking)


@pytest.fixture(scope="module")
def shared_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PushWorld]:
    with push_world(tmp_path_factory.mktemp("sights"), tune=tune) as made:
        sites = wiring.sites_of(made.settings, made.deps)
        made.loops.append(Observer(made.deps, sites, made.settings.holder))
        yield made


@pytest.fixture
def world(shared_world: PushWorld) -> Iterator[PushWorld]:
    yield shared_world
    shared_world.clear_faults()


def published(world: PushWorld, **given: Any) -> Listing:
    listing = world.listing(**given)
    world.publish(listing.event("published"))
    return listing


def operator(world: PushWorld) -> Any:
    """One client for all tests: an application is made for each new one."""
    if world.sandbox not in CLIENTS:
        CLIENTS[world.sandbox] = world.client("operator", name="甲")
    return CLIENTS[world.sandbox]


def seen(world: PushWorld, listing: Listing, platform: str = CITY) -> Any:
    with world.deps.db.read() as session:
        return session.get(Appearance, (platform, listing.id))


def is_seen(world: PushWorld, listing: Listing, platform: str, expects: str) -> bool:
    row = seen(world, listing, platform)
    return row is not None and row.expects == expects and row.seen_at is not None


def proof(world: PushWorld, listing: Listing) -> Any:
    path = f"/push/api/v1/listings/{listing.id}/proof?format=json"
    return operator(world).get(path).json["document"]


def advance(world: PushWorld, step: str) -> None:
    """Move business time; the push side's own clock reads it a moment after the sandbox's."""
    before = world.deps.clock.now()
    http_json("POST", f"{world.sandbox}/clock", {"advance": step})
    until(lambda: world.deps.clock.now() - before > timedelta(minutes=1), what="the clock has moved")


def test_what_is_relayed_is_seen_later_and_pushed_never(world: PushWorld) -> None:
    listing = published(world)
    world.until(lambda: is_seen(world, listing, CITY, "displayed"), "displayed in the city")
    assert seen(world, listing).displayed_how == "asked"
    assert not is_seen(world, listing, PROVINCE, "displayed")
    assert seen(world, listing, PROVINCE).via == CITY
    advance(world, "PT11M")
    world.until(lambda: is_seen(world, listing, PROVINCE, "displayed"), "relayed to the province")
    assert seen(world, listing, PROVINCE).lag_seconds >= 590
    assert not is_seen(world, listing, NATION, "displayed")
    advance(world, "PT11M")
    world.until(lambda: is_seen(world, listing, NATION, "displayed"), "relayed to the nation")
    assert {row.platform for row in world.deliveries(listing.id)} == {CITY, TRADE}
    told = proof(world, listing)
    assert {one["evidence_kind"] for one in told["platforms"]} == {"asked"}
    assert {(one["platform"], one["via"]) for one in told["relayed"]} >= {(PROVINCE, CITY), (NATION, CITY)}

    world.publish(listing.event("revoked"))
    world.until(lambda: is_seen(world, listing, CITY, "absent"), "gone from the city")
    assert not is_seen(world, listing, PROVINCE, "absent")
    told = proof(world, listing)
    assert told["kind"] == "withdrawn"
    assert {(one["platform"], one["evidence_kind"], one["seen"]) for one in told["platforms"]} == {
        (CITY, "asked", "absent"),
        (TRADE, "asked", "absent"),
    }
    advance(world, "PT30M")
    world.until(lambda: is_seen(world, listing, NATION, "absent"), "gone from the nation")
    figures = {
        one["id"]: one["appearance"] for one in operator(world).get("/push/api/v1/platforms").json["items"]
    }
    assert figures[NATION]["absent"] == 1
    board = operator(world).get("/push/", headers=HTML).text
    assert "平均时滞" in board


def test_a_site_that_stands_still_is_asked_again_and_the_proof_rests_on_the_receipt(world: PushWorld) -> None:
    world.fault(CITY, "stale_site")
    listing = published(world)
    world.until(lambda: (CITY, "list", "acknowledged") in world.states(listing.id), "received")
    world.until(lambda: (row := seen(world, listing)) is not None and row.asks >= 2, "asked twice")
    assert not is_seen(world, listing, CITY, "displayed")
    kinds = {one["platform"]: one["evidence_kind"] for one in proof(world, listing)["platforms"]}
    assert kinds[CITY] == "acknowledged"
    client = operator(world)
    assert "待查见显示" in client.get(f"/push/listings/{listing.id}/appearances", headers=HTML).text
    shown = client.get(f"/push/matrix?q={listing.number}", headers=HTML).text
    assert "待查见显示" in shown
    assert "（转送）" in shown
    world.clear_faults()
    world.until(lambda: is_seen(world, listing, CITY, "displayed"), "displayed after all")
    world.publish(listing.event("revoked"))
    world.until(lambda: is_seen(world, listing, CITY, "absent"), "withdrawn")
    world.until(lambda: seen(world, listing, PROVINCE).asks >= 1, "asked above")
    assert not is_seen(world, listing, PROVINCE, "absent")  # it may still be on its way up
    advance(world, "P1D")
    world.until(lambda: is_seen(world, listing, PROVINCE, "absent"), "never came")


def test_a_receipt_may_report_what_the_site_shows(world: PushWorld) -> None:
    world.fault(CALLBACK, "duplicate_receipt")
    listing = published(world, region="130102")
    world.until(lambda: is_seen(world, listing, CALLBACK, "displayed"), "reported")
    world.publish(listing.event("revoked"))
    world.until(lambda: is_seen(world, listing, CALLBACK, "absent"), "reported gone")
    assert seen(world, listing, CALLBACK).absent_how == "reported"
    with world.deps.db.read() as session:
        kept = session.scalars(
            select(Observation).where(Observation.listing_id == listing.id, Observation.platform == CALLBACK)
        ).all()
    assert sorted((one.seen, one.how, one.who) for one in kept) == [
        ("absent", "reported", CALLBACK),
        ("displayed", "reported", CALLBACK),
    ]


def test_a_platform_reached_by_relay_reports_at_the_door(world: PushWorld) -> None:
    listing = published(world)
    world.until(lambda: (CITY, "list", "acknowledged") in world.states(listing.id), "received")
    now, key = world.deps.clock.now(), world.deps.keys[f"sandbox:{NATION}"]

    def bring(**dates: Any) -> int:
        row = {"listing_id": listing.id, "version": 1, "result": "accepted", **dates}
        raw = json.dumps({"receipts": [row]}).encode()
        headers = sign_request("POST", "/exchange/v1/receipts", raw, key_id=key.key_id, secret=key.secret,
                               now=world.deps.clock.system_now())  # fmt: skip
        sent = world.client().post("/exchange/v1/receipts", data=raw,
                                   headers={**headers, "Content-Type": "application/json"})  # fmt: skip
        return int(sent.status_code)

    assert bring(displayed_at=(now + timedelta(days=2)).isoformat()) == 200
    assert bring(absent_at=now.isoformat()) == 200
    row = seen(world, listing, NATION)
    assert row is None or row.displayed_at is None
    assert bring(displayed_at=now.isoformat()) == 200
    assert seen(world, listing, NATION).displayed_how == "reported"
    with world.deps.db.read() as session:
        assert session.query(StrayReceipt).filter_by(platform=NATION).count() == 0


def test_a_party_files_at_the_nation_and_it_comes_back(world: PushWorld) -> None:
    listing = world.listing()
    world.publish(listing.event("published", case_id="case-1"))
    world.until(lambda: (CITY, "list", "acknowledged") in world.states(listing.id), "received")
    asked = {"platform": NATION, "kind": "repair", "listing_id": listing.id, "evidence": "缴款凭证"}
    taken = http_json("POST", f"{world.sandbox}/filings", {**asked, "commitment": "承诺依法诚信经营"})
    found = operator(world).get(f"/push/api/v1/requests?listing_id={listing.id}").json["items"]
    assert [(one["ticket"], one["kind"]) for one in found] == [(taken["ticket"], "repair")]
    with pytest.raises(HTTPError, match="403"):
        http_json("POST", f"{world.sandbox}/filings", {**asked, "platform": CITY})


def test_a_person_looks_and_says_what_is_there(world: PushWorld) -> None:
    listing = published(world, region="210000", subject=Subject("欧阳示例", person=True))
    site = "trade-liaoning"
    world.until(lambda: (site, "list", "acknowledged") in world.states(listing.id), "received")
    path, client = f"/push/api/v1/listings/{listing.id}/appearances", operator(world)
    sight = {
        "platform": site,
        "seen": "displayed",
        "url": "https://site.example/p/1?q=欧阳示例#a",
        "note": "首页",
    }
    told = client.post(path, json={**sight, "screenshot_sha256": "a" * 64})
    assert told.status_code == 201
    (item,) = [one for one in told.json["items"] if one["platform"] == site]
    assert (item["evidence"], item["expects"]) == ("hand", "displayed")
    (kept,) = [one for one in told.json["observations"] if one["how"] == "hand"]
    assert (kept["url"], kept["who"]) == ("https://site.example/p/1", "甲")
    number = listing.subject.code
    for wrong, status in (
        ({"note": f"号码 {number}"}, 422),
        ({"url": f"https://site.example/{number}"}, 422),
        ({"url": "ftp://site.example/"}, 422),
        ({"at": "2999-01-01T00:00:00Z"}, 422),
        ({"at": "0001-01-01T00:00:00+14:00"}, 422),
        ({"platform": "credit-quanzhou"}, 409),
        ({"platform": "nowhere"}, 409),
    ):
        assert client.post(path, json={**sight, **wrong}).status_code == status, wrong
    assert world.client("supervisor", region="130102").post(path, json=sight).status_code == 404
    world.publish(listing.event("revoked"))
    world.until(lambda: (site, "withdraw", "acknowledged") in world.states(listing.id), "withdrawn")
    page = f"/push/listings/{listing.id}/appearances"
    still = {"platform": site, "seen": "displayed", "at": "", "url": "", "note": "仍在"}
    assert client.post(page, data=still).status_code == 303
    assert not is_seen(world, listing, site, "absent")
    gone = {**still, "seen": "absent", "note": "", "screenshot": (io.BytesIO(b"png"), "s.png")}
    assert client.post(page, data=gone, content_type="multipart/form-data").status_code == 303
    assert is_seen(world, listing, site, "absent")
    assert client.post(page, data={"platform": "x", "seen": "", "at": "gestern"}).status_code == 422
    shown = client.get(page, headers=HTML).text
    assert "已不显示" in shown
    assert "人工查看" in shown
    assert number not in shown
    pdf = client.get(f"/push/api/v1/listings/{listing.id}/proof")
    assert pdf.data.startswith(b"%PDF-")


def test_what_may_be_another_record_of_the_same_decision_contradicts_nothing(world: PushWorld) -> None:
    """A site asked by number and name still shows the penalty when the blacklisting is gone."""
    city = "credit-shijiazhuang"
    listing = published(world, region="130102")
    penalty = published(
        world, region="130102", list_class="penalty-record", subject=listing.subject, number=listing.number
    )
    for one in (listing, penalty):
        world.until(lambda at=one: is_seen(world, at, city, "displayed"), "both are displayed")
    world.publish(listing.event("revoked"))
    world.until(lambda: (city, "withdraw", "acknowledged") in world.states(listing.id), "withdrawn")
    advance(world, "P2D")

    def asked_in_time() -> bool:
        row = seen(world, listing, city)
        late = timedelta(days=1)
        return row.expects == "absent" and row.asked_at is not None and row.asked_at - row.since > late

    world.until(asked_in_time, "asked when the site should have caught up")
    told = next(one for one in proof(world, listing)["platforms"] if one["platform"] == city)
    assert (told["operation"], told["evidence_kind"]) == ("withdraw", "acknowledged")
