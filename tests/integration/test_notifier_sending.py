"""Senders against real receivers on both databases: repeats, giving up, fairness, leases, secrets."""

import base64
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select
from standardwebhooks import Webhook

from services.notifier.channels import Channel, Ports, open_channels, read_settings
from services.notifier.channels.berths import Openings
from services.notifier.channels.webhook import WebhookChannel
from services.notifier.consumes import hear_news, learn_identity
from services.notifier.models import Attempt, Base, Dispatch, Robot, WebhookEndpoint, WebhookSecret, outbox
from services.notifier.queries.messages import DispatchFilter, dispatch_page
from services.notifier.queries.providers import provider_health
from services.notifier.usecases.endpoints import Change, add_endpoint, remove_endpoint, rotate_secret
from services.notifier.usecases.phones import state_phone
from services.notifier.usecases.robots import Plan, add_robot
from services.notifier.usecases.sending import claim_jobs, resend, resend_matching
from services.notifier.worker import Parts, Sender
from shared.clock import FixedClock
from shared.crypto import KeyRing
from shared.db import Database
from shared.errors import Conflict, Invalid, NotFound
from shared.loops import drain
from shared.outbox import record_of
from shared.web.access import Principal
from tests.harness.notices import (
    CLERK,
    HOUSING,
    OPERATOR,
    Mailbox,
    Receiver,
    case_event,
    duty_event,
    hire_staff,
    mail_server,
    user_event,
    webhook_receiver,
)
from tests.harness.wait import PATIENCE

pytestmark = pytest.mark.tables("services.notifier")

HERE = frozenset({"127.0.0.1"})
KEEPER = Principal(OPERATOR, OPERATOR, "示例运维", HOUSING, "长安区住建局", "130102", frozenset({"operator"}))
STRANGER = Principal("u", "u", "外人", "dep-other", "别的部门", "350524", frozenset({"operator"}))


class World:
    """The notifier's database with staff, its channels, and a clock moved by hand."""

    def __init__(self, db: Database, keyring: KeyRing, smtp_url: str) -> None:
        self.db, self.keyring = db, keyring
        self.clock = FixedClock(datetime.now(UTC))
        env = {"SMTP_URL": smtp_url, "WEBHOOK_ALLOWED_HOSTS": "127.0.0.1"}
        self.channels: dict[str, Channel] = open_channels(read_settings(env), Ports(db, self.clock))
        with db.write() as session:
            hire_staff(session)

    def patient(self) -> None:
        """Who hangs is waited for as long as a slow machine may need for all the rest."""
        webhook = self.channels["webhook"]
        assert isinstance(webhook, WebhookChannel)
        webhook._http._timeout = 60.0 * PATIENCE

    def sender(self, channel: str, holder: str = "one") -> Sender:
        parts = Parts(self.db, self.clock, self.keyring, self.channels, holder, 60.0)
        return Sender(parts, self.channels[channel])

    def hear(self, *events: Any) -> None:
        with self.db.write() as session:
            hear_news(self.clock, frozenset(self.channels))(session, list(events))

    def add_webhook(self, url: str, *types: str) -> tuple[WebhookEndpoint, str]:
        with self.db.write() as session:
            change = Change("自有系统", url, types)
            return add_endpoint(
                session, self.keyring, change, allowed_hosts=HERE, actor=KEEPER, at=self.clock.system_now()
            )

    def dispatches(self, channel: str) -> list[Dispatch]:
        with self.db.read() as session:
            query = select(Dispatch).where(Dispatch.channel == channel).order_by(Dispatch.id)
            return list(session.scalars(query))

    def attempts(self) -> list[Attempt]:
        with self.db.read() as session:
            return list(
                session.scalars(select(Attempt).where(Attempt.outcome == "failed").order_by(Attempt.id))
            )

    def published(self) -> list[str]:
        with self.db.read() as session:
            rows = session.execute(select(outbox).order_by(outbox.c.id)).all()
        return [dict(record_of(row).headers)["ce_type"].decode() for row in rows]


@pytest.fixture
def mail() -> Iterator[tuple[Mailbox, str]]:
    with mail_server() as served:
        yield served


@pytest.fixture
def world(any_db: Database, mail: tuple[Mailbox, str], tmp_path: Path) -> World:
    Base.metadata.create_all(any_db.engine)
    return World(any_db, KeyRing.load_or_create(tmp_path / "keys.json"), mail[1])


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with webhook_receiver() as served:
        yield served


def test_mail_goes_to_each_person_once(world, mail):
    world.hear(case_event())
    drain([world.sender("email")])
    assert sorted(recipients[0] for _, recipients, _ in mail[0].mails) == [
        "user-clerk@example.gov.cn",
        "user-decider@example.gov.cn",
        "user-supervisor@example.gov.cn",
    ]
    assert {row.state for row in world.dispatches("email")} == {"accepted"}
    assert world.published().count("notice.delivered") == 5


def test_a_person_disabled_meanwhile_gets_no_mail(world, mail):
    world.hear(case_event())
    with world.db.write() as session:
        learn_identity(
            session, [user_event(CLERK, sequence=2, disabled=True, email="user-clerk@example.gov.cn")]
        )
    drain([world.sender("email")])
    assert len(mail[0].mails) == 2
    states = {row.target: row.state for row in world.dispatches("email")}
    assert states[f"user:{CLERK}"] == "superseded"


def test_a_passing_failure_is_repeated_with_pauses_until_it_arrives(world, receiver):
    world.add_webhook(receiver.url)
    receiver.answer = lambda number: (503 if number < 3 else 200, {}, b"{}")
    world.hear(case_event())
    sender = world.sender("webhook")
    drain([sender])
    assert len(receiver.requests) == 1
    assert world.dispatches("webhook")[0].state == "waiting"
    for _ in range(2):
        world.clock.advance(timedelta(hours=1))
        drain([sender])
    row = world.dispatches("webhook")[0]
    assert (row.state, row.attempts_count) == ("accepted", 3)
    assert len(set(receiver.ids())) == 1
    assert [attempt.number for attempt in world.attempts()] == [1, 2]


def test_a_permanent_failure_is_dead_at_once_and_can_be_sent_again(world, receiver):
    world.add_webhook(receiver.url)
    receiver.answer = lambda _n: (422, {}, b"")
    world.hear(case_event())
    sender = world.sender("webhook")
    drain([sender])
    row = world.dispatches("webhook")[0]
    assert row.state == "dead"
    assert "422" in row.reason
    assert "notice.failed" in world.published()
    receiver.answer = lambda _n: (200, {}, b"")
    with world.db.write() as session, pytest.raises(NotFound):
        resend(session, STRANGER, row.id, world.clock.system_now())
    with world.db.write() as session:
        resend(session, KEEPER, row.id, world.clock.system_now())
    drain([sender])
    assert world.dispatches("webhook")[0].state == "accepted"
    with world.db.write() as session, pytest.raises(Conflict):
        resend(session, KEEPER, row.id, world.clock.system_now())


def test_what_failed_is_sent_again_together_and_its_tries_are_counted_on(world, receiver):
    receiver.answer = lambda number: (400 if number <= 3 else 200, {}, b"{}")
    world.add_webhook(receiver.url)
    world.hear(*[case_event() for _ in range(3)])
    sender = world.sender("webhook")
    drain([sender])
    with world.db.write() as session:
        now = world.clock.system_now()
        assert resend_matching(session, KEEPER, DispatchFilter(channel="email"), now) == 0
        assert resend_matching(session, STRANGER, DispatchFilter(channel="webhook"), now) == 0
        assert resend_matching(session, KEEPER, DispatchFilter(channel="webhook"), now) == 3
    world.clock.advance(timedelta(seconds=1))
    drain([sender])
    with world.db.read() as session:
        found = dispatch_page(session, KEEPER, DispatchFilter(channel="webhook"), None, 10)["items"]
        assert [[each["number"] for each in item["attempts"]] for item in found] == [[1, 2]] * 3
        assert dispatch_page(session, KEEPER, DispatchFilter(provider="aliyun"), None, 10)["items"] == []


def test_a_receiver_silent_through_every_repeat_is_switched_off(world, receiver):
    endpoint, _ = world.add_webhook(receiver.url)
    receiver.answer = lambda _n: (500, {}, b"")
    world.hear(case_event())
    sender = world.sender("webhook")
    for _ in range(9):
        drain([sender])
        world.clock.advance(timedelta(days=1))
    assert world.dispatches("webhook")[0].state == "dead"
    assert len(receiver.requests) == 8
    with world.db.read() as session:
        found = session.get_one(WebhookEndpoint, endpoint.id)
        assert not found.enabled
        assert found.disabled_reason


def test_officers_with_a_phone_get_a_text_of_deadlines_alone(world, receiver):
    env = {"SMS_PROVIDER": "aliyun", "SMS_ENDPOINT": receiver.url.partition("/hook")[0]}
    env |= {f"SMS_{name}": "x" for name in ("KEY_ID", "KEY_SECRET", "SIGN_NAME", "TEMPLATE")}
    world.channels["sms"] = open_channels(read_settings(env), Ports(world.db, world.clock))["sms"]
    receiver.answer = lambda _n: (200, {}, b'{"Code":"OK","BizId":"1"}')
    with world.db.write() as session:
        for user, number in ((CLERK, "13800000001"), (OPERATOR, "13800000002")):
            who = replace(KEEPER, user_id=user)
            state_phone(session, world.keyring, number, actor=who, at=world.clock.system_now())
    world.hear(case_event(), duty_event())
    drain([world.sender("sms")])
    assert [b"13800000001" in body for _, body in receiver.requests] == [True]
    assert [row.state for row in world.dispatches("sms")] == ["accepted"]


def test_each_provider_asked_is_an_attempt_with_its_cost(world, receiver):
    env = {"SMS_PROVIDER": "aliyun", "SMS_2_PROVIDER": "tencent", "SMS_2_PRICE": "0.05"}
    for prefix in ("SMS_", "SMS_2_"):
        env[f"{prefix}ENDPOINT"] = receiver.url.partition("/hook")[0]
        env |= {prefix + name: "x" for name in ("KEY_ID", "KEY_SECRET", "SIGN_NAME", "TEMPLATE", "APP_ID")}
    world.channels["sms"] = open_channels(read_settings(env), Ports(world.db, world.clock))["sms"]
    taken = b'{"Code":"isp.SYSTEM_ERROR","Response":{"SendStatusSet":[{"Code":"Ok","SerialNo":"s-1"}]}}'
    receiver.answer = lambda _n: (200, {}, taken)
    with world.db.write() as session:
        who = replace(KEEPER, user_id=CLERK)
        state_phone(session, world.keyring, "13800000001", actor=who, at=world.clock.system_now())
    world.hear(duty_event())
    drain([world.sender("sms")])
    with world.db.read() as session:
        [shown] = dispatch_page(session, KEEPER, DispatchFilter("sms"), None, 10)["items"]
        health = {each.provider: each for each in provider_health(session)}
    told = [
        (each["provider"], each["outcome"], each["cost"], each["provider_id"]) for each in shown["attempts"]
    ]
    assert told == [("aliyun", "failed", None, None), ("tencent", "delivered", 50, "s-1")]
    assert (health["aliyun"].success_rate, health["tencent"].success_rate) == (0.0, 1.0)
    assert health["tencent"].cost == 50
    assert "isp.SYSTEM_ERROR" in (health["aliyun"].last_failure_reason or "")


def add_robot_at(world: World, url: str, hosts: frozenset[str]) -> Robot:
    with world.db.write() as session:
        plan = Plan("dingtalk", "工作群", url, "SECtop")
        at = world.clock.system_now()
        return add_robot(session, world.keyring, plan, hosts={"dingtalk": hosts}, actor=KEEPER, at=at)


@pytest.fixture
def robots(world: World, receiver: Receiver) -> World:
    """The world with one chat robot, whose vendor is the receiver."""
    host = urlsplit(receiver.url).netloc
    opened = open_channels(read_settings({"DINGTALK_HOSTS": host}), Ports(world.db, world.clock))
    world.channels["dingtalk"] = opened["dingtalk"]
    add_robot_at(world, receiver.url, frozenset({host}))
    receiver.answer = lambda _n: (200, {}, b'{"errcode":0,"errmsg":"ok"}')
    return world


def test_a_robot_gets_all_at_its_own_pace_and_waiting_is_no_failure(robots, receiver):
    robots.hear(*[case_event() for _ in range(45)])
    senders = [robots.sender("dingtalk", "one"), robots.sender("dingtalk", "two")]
    for sent in (20, 40, 45):
        drain(senders)
        assert len(receiver.requests) == sent
        robots.clock.advance(timedelta(seconds=61))
    rows = robots.dispatches("dingtalk")
    assert {(row.state, row.attempts_count) for row in rows} == {("accepted", 1)}
    assert robots.attempts() == []
    numbers = [re.findall("消息编号：([0-9a-f-]+)", body.decode())[0] for _, body in receiver.requests]
    assert len(set(numbers)) == 45


def test_a_robot_that_is_gone_is_switched_off(robots, receiver):
    receiver.answer = lambda _n: (200, {}, b'{"errcode":400102,"errmsg":"stopped"}')
    robots.hear(case_event(), case_event())
    drain([robots.sender("dingtalk")])
    assert len(receiver.requests) <= 2
    robots.hear(case_event())
    assert len(robots.dispatches("dingtalk")) == 2
    with robots.db.read() as session:
        found = session.scalars(select(Robot)).one()
    assert not found.enabled
    assert "400102" in (found.disabled_reason or "")


def test_address_and_secret_of_a_robot_are_sealed(robots):
    with robots.db.read() as session:
        found = session.scalars(select(Robot)).one()
    stored = repr(vars(found))
    assert "127.0.0.1" not in stored
    assert "SECtop" not in stored
    assert robots.keyring.unseal(found.sealed_secret, Robot.aad(found.id, "sealed_secret")) == b"SECtop"


@pytest.mark.parametrize("url", ["https://oapi.dingtalk.com.x.example/", "http://oapi.dingtalk.com/", "x", "https://u@h/",
                                 "https://oapi.dingtalk.com/ x", "ftp://oapi.dingtalk.com/"])  # fmt: skip
def test_a_foreign_robot_address_is_refused(world, url):
    with pytest.raises(Invalid):
        add_robot_at(world, url, frozenset({"oapi.dingtalk.com"}))


def test_410_switches_the_webhook_off_and_nothing_more_is_sent(world, receiver):
    world.add_webhook(receiver.url)
    receiver.answer = lambda _n: (410, {}, b"")
    world.hear(case_event(), duty_event())
    drain([world.sender("webhook")])
    assert len(receiver.requests) <= 2
    world.hear(case_event())
    drain([world.sender("webhook")])
    states = [row.state for row in world.dispatches("webhook")]
    assert set(states) <= {"dead", "superseded"}
    assert len(states) == 2


def test_a_removed_webhook_gets_nothing_more(world, receiver):
    endpoint, _ = world.add_webhook(receiver.url)
    world.hear(case_event())
    with world.db.write() as session:
        remove_endpoint(session, session.get_one(WebhookEndpoint, endpoint.id))
    drain([world.sender("webhook")])
    assert receiver.requests == []
    assert [row.state for row in world.dispatches("webhook")] == ["superseded"]


def test_during_a_rotation_both_secrets_sign_and_later_only_the_new_one(world, receiver):
    endpoint, old = world.add_webhook(receiver.url)
    with world.db.write() as session:
        row = session.get_one(WebhookEndpoint, endpoint.id)
        new = rotate_secret(session, world.keyring, row, version=1, at=world.clock.system_now())
    sender = world.sender("webhook")
    world.hear(case_event())
    drain([sender])
    headers, body = receiver.requests[0]
    assert Webhook(old).verify(body, headers)
    assert Webhook(new).verify(body, headers)
    world.clock.advance(timedelta(hours=25))
    world.hear(case_event())
    drain([sender])
    assert len(receiver.requests[1][0]["webhook-signature"].split()) == 1


def test_secrets_are_sealed_in_the_database(world):
    _, secret = world.add_webhook("https://hooks.example.com/")
    with world.db.read() as session:
        stored = session.scalars(select(WebhookSecret.sealed)).one()
    raw = base64.b64decode(secret.removeprefix("whsec_"))
    assert len(raw) == 32
    assert secret.removeprefix("whsec_") not in stored


def test_a_slow_receiver_delays_no_other(world, receiver):
    world.patient()
    with webhook_receiver() as slow:
        slow.gate.clear()
        world.add_webhook(slow.url)
        world.add_webhook(receiver.url)
        most = world.channels["webhook"].per_target
        many = most + 8
        world.hear(*[case_event() for _ in range(many)])
        sender = world.sender("webhook")
        for _ in range(400):
            sender.step()
            if len(receiver.requests) == many:
                break
        assert len(receiver.requests) == many
        assert len(slow.requests) <= most
        slow.gate.set()
        drain([sender])
        assert len(slow.requests) == many


def claim(world: World, holder: str) -> list[str]:
    jobs = claim_jobs(
        world.db,
        world.keyring,
        channel="email",
        holder=holder,
        now=world.clock.system_now(),
        lease_seconds=60,
        openings=Openings(10),
    )
    return [job.dispatch_id for job in jobs]


def test_two_senders_never_hold_the_same_dispatch_and_a_lapsed_lease_is_taken_over(world, mail):
    world.hear(case_event())
    first, second = claim(world, "first"), claim(world, "second")
    assert len(first) == 3
    assert second == []
    world.clock.advance(timedelta(seconds=61))
    assert sorted(claim(world, "second")) == sorted(first)


def test_the_outcome_of_a_lost_lease_is_recorded_but_decides_nothing(world, mail):
    world.hear(case_event())
    sender = world.sender("email")
    mail[0].refuse_recipient = "550 no"
    assert sender._claim()
    world.clock.advance(timedelta(seconds=61))
    claim(world, "other")
    drain([sender])
    assert len(world.attempts()) == 3
    assert {row.state for row in world.dispatches("email")} == {"sending"}
    assert "notice.failed" not in world.published()
