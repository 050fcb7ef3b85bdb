"""Webhooks outside: asked for, let in, sent what is public of organisations and nothing else, and kept."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update
from standardwebhooks import Webhook

from services.notifier.following import follow_public
from services.notifier.models import (
    Base,
    Dispatch,
    Notice,
    OutsideSubscriber,
    PublicListing,
    WebhookEndpoint,
    WebhookSecret,
)
from services.notifier.models.outside import APPROVED, OUTSIDE, REVOKED
from services.notifier.routing.scopes import Scope
from services.notifier.usecases import outside
from services.notifier.usecases.endpoints import try_endpoint
from services.notifier.usecases.enforcing import state_enforcement
from services.notifier.usecases.outside import Application
from services.notifier.usecases.outside_ending import forget_ended
from services.notifier.usecases.replaying import Window, replay
from shared.calendar import builtin_calendar
from shared.contracts.envelope import new_event
from shared.crypto import KeyRing
from shared.db import open_database
from shared.errors import Conflict, Invalid
from shared.loops import drain
from tests.harness.notices import (
    AT,
    CLERK,
    HOUSING,
    OPERATOR,
    Mailbox,
    mail_server,
    webhook_receiver,
)
from tests.integration.test_notifier_api import Site, items
from tests.integration.test_notifier_sending import HERE, KEEPER, World

USCC = "91130102000000078Q"
FORM = {"organization": "示例征信公司", "purpose": "招标资格核验", "email": "ops@example.com"}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[tuple[World, Mailbox]]:
    db = open_database(f"sqlite:///{tmp_path}/n.db")
    Base.metadata.create_all(db.engine)
    with mail_server() as (mailbox, url):
        yield World(db, KeyRing.load_or_create(tmp_path / "keys.json"), url), mailbox
    db.close()


def listing(world: World, listing_id: str, sequence: int, *, public: bool = True, **changes: Any) -> None:
    day = world.clock.today().isoformat()
    data: dict[str, Any] = {"listing_id": listing_id, "version": sequence}
    data |= {
        "list": {"code": "public-resource-blacklist", "name": "黑名单", "class": "industry-misconduct"},
        "domain": "engineering-tendering", "region": "130102",
        "subject": {"name": "虚构建筑公司", "uscc": USCC, "former_names": []},
        "organ": {"name": "长安区住建局", "uscc": None},
        "document": {"number": "长住建罚〔2026〕12号", "date": "2026-11-02"},
        "publicity": {"start": day, "min_end": day, "max_end": day, "actual_end": None},
        "measures": [], **changes,
    } if public else {"recorded_at": AT, **changes}  # fmt: skip
    kind = "listing.current" if public else "listing.withdrawn"
    at = world.clock.now()
    event = new_event(kind, source="blacklist", subject=listing_id, sequence=sequence, data=data, at=at)
    with world.db.write() as session:
        follow_public(world.clock, {"inbox"}, builtin_calendar())(session, [event])


def let_in(world: World, url: str, scope: Scope | None = None) -> tuple[str, str]:
    """(the page's link, the secret) of one that was applied for, let in, and has taken its secret."""
    wish = Application(**FORM, url=url, event_types=(), scope=scope or Scope())
    now = world.clock.system_now()
    with world.db.write() as session:
        link = outside.apply_for(session, world.keyring, wish, allowed_hosts=HERE, at=now)
        found, endpoint = outside.kept_by(session, world.keyring, link, now)
        with pytest.raises(Conflict):
            outside.take_secret(session, world.keyring, found, endpoint, now)
        outside.decide(session, found, APPROVED, "", version=1, actor=KEEPER, mails=True, at=now)
        assert not endpoint.enabled
        secret = outside.take_secret(session, world.keyring, found, endpoint, now)
        assert endpoint.enabled
    return link, secret


def send(world: World) -> None:
    drain([world.sender("webhook"), world.sender("email")])


def test_what_is_public_is_sent_and_what_is_no_more_is_forgotten(world):
    office, mailbox = world
    with webhook_receiver() as receiver:
        link, secret = let_in(office, receiver.url, Scope(regions=("130100",)))
        send(office)
        assert "=?utf-8?" in mailbox.mails[0][2].decode().lower()
        assert mailbox.mails[0][1] == ["ops@example.com"]
        listing(office, "listing-1", 1)
        listing(office, "listing-2", 1, region="350524")
        listing(office, "person-1", 1, subject={"name": "张*", "uscc": None, "former_names": []})
        send(office)
        listing(office, "listing-1", 2)
        listing(office, "listing-1", 3, public=False)  # before the correction was sent
        send(office)
        told = [json.loads(body) for _, body in receiver.requests]
        assert [each["type"] for each in told] == ["listing.published", "listing.lifted"]
        assert told[0]["data"]["uscc"] == USCC
        assert "department_id" not in told[0]["data"]
        assert USCC not in json.dumps(told[1])
        headers, body = receiver.requests[0]
        assert Webhook(secret).verify(body, headers)
        with office.db.write() as session:
            kept = session.scalars(select(Notice).where(Notice.listing_id == "listing-1")).all()
            assert "虚构建筑公司" not in json.dumps(
                [[each.title, each.body, each.facts] for each in kept], ensure_ascii=False
            )
            office.clock.advance(timedelta(minutes=4))  # ids tell the machine's time
            now = office.clock.system_now()
            found, endpoint = outside.kept_by(session, office.keyring, link, now)
            again = replay(
                session, endpoint, Window(now - timedelta(days=2), now, failed_only=False),
                actor=outside.visitor(endpoint.id), at=now,
            )  # fmt: skip
            assert again.resent == 1  # that it was lifted, and no more that it was listed
            newer = outside.take_secret(session, office.keyring, found, endpoint, now)
            try_endpoint(session, endpoint, actor=outside.visitor(endpoint.id), at=now)
        send(office)
        headers, body = receiver.requests[-1]
        assert Webhook(secret).verify(body, headers)
        assert Webhook(newer).verify(body, headers)
    with office.db.write() as session:
        found, endpoint = outside.kept_by(session, office.keyring, link, office.clock.system_now())
        outside.end(session, found, endpoint)
        assert session.scalars(select(OutsideSubscriber)).all() == []


def test_a_receiver_that_is_gone_is_disabled_and_both_sides_hear_of_it(world):
    office, mailbox = world
    with webhook_receiver() as receiver:
        receiver.answer = lambda _number: (410, {}, b"")
        let_in(office, receiver.url)
        listing(office, "listing-1", 1)
        send(office)
        send(office)
    with office.db.read() as session:
        endpoint = session.scalars(select(WebhookEndpoint)).one()
        assert (endpoint.enabled, endpoint.disabled_reason) == (False, "接收端已停用（410）")
        warned = session.scalars(select(Notice).where(Notice.event_type == "receiver.disabled")).one()
        assert (warned.department_id, warned.link) == (HOUSING, "/notices/subscribers")
        assert session.scalars(select(Dispatch).where(Dispatch.target.startswith("contact:"))).all()
    assert [to for _, to, _ in mailbox.mails].count(["ops@example.com"]) == 2


def test_an_address_inside_is_refused_and_an_end_needs_a_reason(world):
    office, _ = world
    wish = Application(**FORM, url="https://169.254.169.254/x", event_types=(), scope=Scope())
    with office.db.write() as session, pytest.raises(Invalid) as refused:
        outside.apply_for(session, office.keyring, wish, allowed_hosts=frozenset(), at=AT)
    assert refused.value.slug == "webhook-address"
    link, _secret = let_in(office, "https://hooks.example.com/x")
    now = office.clock.system_now()
    with office.db.write() as session:
        found, endpoint = outside.kept_by(session, office.keyring, link, now)
        with pytest.raises(Invalid):
            outside.decide(session, found, REVOKED, "", version=2, actor=KEEPER, mails=False, at=now)
        outside.decide(session, found, REVOKED, "用途不符", version=2, actor=KEEPER, mails=False, at=now)
        assert not endpoint.enabled
        with pytest.raises(Conflict):
            outside.switch(session, found, endpoint, enabled=True, at=now)
    for days, kept in ((29, 1), (31, 0)):
        with office.db.write() as session:
            forget_ended(session, now + timedelta(days=days))
            session.flush()
            for model in (OutsideSubscriber, WebhookEndpoint, WebhookSecret):
                assert len(session.scalars(select(model)).all()) == kept, model


def test_of_two_secrets_taken_at_once_one_is_given(world):
    office, _ = world
    link, _secret = let_in(office, "https://hooks.example.com/x")
    now = office.clock.system_now()
    with office.db.write() as session:
        found, endpoint = outside.kept_by(session, office.keyring, link, now)
        other = update(WebhookEndpoint).values(version=endpoint.version + 1)
        session.execute(other.execution_options(synchronize_session=False))
        with pytest.raises(Conflict, match="已被他人更新"):
            outside.take_secret(session, office.keyring, found, endpoint, now)


def test_applying_and_deciding_on_pages(tmp_path: Path) -> None:
    db = open_database(f"sqlite:///{tmp_path}/n.db")
    site = Site(db, tmp_path)
    url = "https://hooks.example.com/x"
    assert site.client.get("/notices/subscribers/new").status_code == 200
    post = {"headers": {"Accept": "text/html", "Sec-Fetch-Site": "same-origin"}}
    wrong = site.client.post("/notices/subscribers/new", data={**FORM, "url": "http://10.0.0.1/"}, **post)
    assert wrong.status_code == 422
    assert "应为公网上的 https 地址" in wrong.text
    asked = site.client.post("/notices/subscribers/new", data={**FORM, "url": url}, **post)
    assert asked.status_code == 201
    page = asked.text.split('href="/notices/subscribers/mine/')[1].split('"')[0]
    mine = f"/notices/subscribers/mine/{page}"
    assert "待审批" in site.client.get(mine).text
    assert site.client.post(f"{mine}/secret", **post).status_code == 409
    assert site.client.get("/notices/subscribers/mine/made-up").status_code == 404
    assert site.browse(CLERK, "/subscribers").status_code == 403
    assert "示例征信公司" in site.browse(OPERATOR, "/subscribers").text
    waiting = items(site.call(OPERATOR, "GET", "/subscribers"))[0]
    verdict = {"version": "1", "verdict": "approved"}
    place = f"/subscribers/{waiting['id']}/decision"
    assert site.browse(OPERATOR, place, {**verdict, "verdict": "maybe"}).status_code == 422
    assert site.browse(OPERATOR, place, verdict).status_code == 303
    assert site.call(OPERATOR, "POST", place, {"version": 1, "verdict": "approved"}).status_code == 409
    taken = site.client.post(f"{mine}/secret", **post)
    assert "whsec_" in taken.text
    assert taken.headers["Cache-Control"] == "no-store"
    assert "whsec_" not in site.client.get(mine).text
    for order in ("test", "replay", "disable", "enable"):
        assert site.client.post(f"{mine}/orders", data={"order": order}, **post).status_code == 303
    assert "Webhook 测试消息" in site.client.get(mine).text
    bad = site.client.post(f"{mine}/filters", data={"event_types": "case.published"}, **post)
    assert (bad.status_code, "请从清单中选择" in bad.text) == (422, True)
    assert site.client.post(f"{mine}/filters", data={"regions": "x"}, **post).status_code == 422
    asked_for = {
        "event_types": "listing.published",
        "domains": "engineering-tendering",
        "url": "https://x.org/",
    }
    assert site.client.post(f"{mine}/filters", data=asked_for, **post).status_code == 303
    with db.read() as session:
        [narrowed] = session.scalars(select(WebhookEndpoint)).all()
        assert (narrowed.url, narrowed.event_types) == (url, ["listing.published"])
        assert narrowed.scope["domains"] == ["engineering-tendering"]
    with db.read() as session:
        assert session.scalars(select(WebhookEndpoint.department_id)).all() == [OUTSIDE]
    ended = site.client.post(f"{mine}/orders", data={"order": "end"}, **post)
    assert "推送已停止" in ended.text
    assert site.client.get(mine).status_code == 404
    asked = site.client.post("/notices/api/v1/subscribers", json={**FORM, "url": url}, **post)
    assert asked.json["page"].startswith("/notices/subscribers/mine/")
    db.close()


def test_a_listing_nobody_adopted_ends_by_its_date_and_all_concerned_hear_of_it(world):
    office, _ = world
    with office.db.write() as session:
        now = office.clock.system_now()
        state_enforcement(session, "engineering-tendering", "130102", actor=KEEPER, at=now)
    let_in(office, "https://hooks.example.com/x")
    for each in ("moved-in", "has-a-case", "told-before"):
        listing(office, each, 1)
    with office.db.write() as session:  # as it was left where its end was told on its last day already
        told = update(PublicListing).where(PublicListing.listing_id == "told-before")
        session.execute(told.values(uscc=None, name=None))
    office.clock.advance(timedelta(days=1))
    for _ in range(2):
        listing(office, "moved-in", 2, public=False, by_date=True)
        listing(office, "told-before", 2, public=False, by_date=True)
        listing(office, "has-a-case", 2, public=False)  # its case tells the institutions
    with office.db.read() as session:
        stops = session.scalars(select(Notice).where(Notice.event_type == "enforcement.stop")).all()
        assert [(each.subject_id, each.department_id) for each in stops] == [("moved-in", HOUSING)]
        lifted = session.scalars(select(Notice).where(Notice.event_type == "listing.lifted")).all()
        assert [each.listing_id for each in lifted] == ["moved-in", "has-a-case"]


def test_who_was_told_of_a_listing_hears_of_its_end_whatever_is_asked_for_since(world):
    office, _ = world
    with webhook_receiver() as receiver:
        link, _secret = let_in(office, receiver.url, Scope(domains=("engineering-tendering",)))
        listing(office, "listing-1", 1)
        send(office)
        listing(office, "listing-1", 2, domain="tax")
        listing(office, "listing-1", 3, public=False)
        listing(office, "listing-2", 1)
        send(office)
        told = [json.loads(body)["type"] for _, body in receiver.requests]
        assert sorted(told) == ["listing.lifted", "listing.published", "listing.published"]
    with office.db.write() as session:
        found, endpoint = outside.kept_by(session, office.keyring, link, office.clock.system_now())
        outside.end(session, found, endpoint)
    listing(office, "listing-2", 2, public=False)
    with office.db.read() as session:
        kept = session.scalars(select(Notice).where(Notice.department_id == OUTSIDE)).all()
        assert "虚构建筑公司" not in json.dumps(
            [[each.title, each.body, each.facts] for each in kept], ensure_ascii=False
        )
