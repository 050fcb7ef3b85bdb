"""电子送达 all the way: ordered on the letter, announced by the notifier, signed for, the case served."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from services.blacklist.cases.models import Case
from services.blacklist.letters.consumes import record_sent
from services.blacklist.letters.models import LetterSending, LetterService
from services.blacklist.letters.queries.sendings import sendings_of
from services.blacklist.letters.queries.unserved import unserved_letters
from services.blacklist.letters.usecases.sending import (
    MOST,
    SendingWish,
    find_sending,
    open_received,
    send_letter,
    sign_for,
)
from services.blacklist.store import outbox
from services.notifier.channels import Channel, Message, Ports, Sent, Target, open_channels, read_settings
from services.notifier.following import follow_letters
from services.notifier.models import Base as NoticeBase
from services.notifier.models import PartyNotice
from services.notifier.models import outbox as notice_outbox
from services.notifier.usecases.bounces import BounceBox, bounce_reader
from services.notifier.usecases.mailing import Mailer, Mailing
from services.notifier.usecases.parties import party_post
from shared.clock import FixedClock
from shared.contracts.envelope import Event, from_record
from shared.db import Database, open_database
from shared.errors import Conflict, DeliveryError, Invalid, NotFound
from shared.loops import drain
from shared.outbox import record_of
from tests.harness.notices import mail_server
from tests.integration.test_letters import SCAN, Desk, decided
from tests.integration.test_notifier_bounces import proven, report
from tests.unit.blacklist.case_office import PERSON_ID, memory_database, open_office, person_filing

CONSENT = "2026年11月2日送达地址确认书"
BY_MAIL = SendingWish("email", "party@example.com", CONSENT)


class Gateway:
    """Stands in at the port of the channels: takes a text message, or refuses as told."""

    name = "sms"
    retries = (1.0,)
    concurrency = 1
    per_target = 1

    def __init__(self) -> None:
        self.taken: list[tuple[Message, Target]] = []
        self.refusal: DeliveryError | None = None

    def send(self, message: Message, target: Target) -> Sent:
        if self.refusal is not None:
            raise self.refusal
        self.taken.append((message, target))
        return Sent("BIZ-1")


class World:
    """The blacklist service's office and the notifier's database, with the log between them."""

    def __init__(self, folder: Path) -> None:
        self.clock = FixedClock(datetime(2026, 11, 2, 2, 0, tzinfo=UTC))
        self.office_db = memory_database()
        self.desk = Desk(open_office(self.office_db, folder, self.clock))
        self.deps = self.desk.office.deps
        self.notices: Database = open_database(f"sqlite:///{folder}/notices.db")
        NoticeBase.metadata.create_all(self.notices.engine)

    def order(self, letter: Any, wish: SendingWish = BY_MAIL, by: str = "clerk") -> LetterSending:
        with self.deps.db.write() as session:
            who, at = self.desk.office.people[by], self.clock.now()
            return send_letter(session, self.deps, letter.id, wish, actor=who, at=at)

    def announce(self, channel: Channel | None) -> None:
        """What the blacklist service said reaches the notifier, which sends and answers."""
        handle = follow_letters(self.clock, {channel.name} if channel else set())
        with self.notices.write() as session:
            handle(session, self.said(self.deps.db, outbox, "letter."))
        if channel is not None:
            given = (self.notices, self.clock, self.deps.keyring, channel, "https://credit.example.gov.cn")
            drain([Mailer(Mailing(*given, "/notices", "one", 60.0), party_post(channel.name))])
        answers = self.said(self.notices, notice_outbox, "letter.")
        with self.deps.db.write() as session:
            record_sent(session, answers + answers)

    def said(self, db: Database, table: Any, kind: str) -> list[Event]:
        with db.read() as session:
            rows = session.execute(select(table).order_by(table.c.id)).all()
        events = [from_record(record_of(row)) for row in rows]
        return [event for event in events if event.type.startswith(kind)]

    def sign(self, code: str) -> LetterSending:
        with self.deps.db.write() as session:
            return sign_for(session, self.deps, code, at=self.clock.now())

    def seen(self, letter: Any) -> dict[str, Any]:
        with self.deps.db.read() as session:
            return sendings_of(session, letter.id)[-1]

    def code(self) -> str:
        """As the party would read it, out of the sealed order."""
        event = self.said(self.deps.db, outbox, "letter.")[-1]
        sealed = self.deps.keyring.unseal(event.data["sealed"], PartyNotice.aad(event.data["sending_id"]))
        return str(json.loads(sealed)["code"])

    def services(self) -> list[LetterService]:
        with self.deps.db.read() as session:
            return list(session.scalars(select(LetterService)))


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.notices.close()
    made.office_db.close()


def stamped(world: World, case: Any) -> Any:
    decision = world.desk.issue(case, "decision")
    for letter in (decision, world.desk.issue(case, "repair-notice")):
        world.desk.scan(letter)
    return decision


def test_by_mail_to_the_signature_which_serves_the_case(world: World) -> None:
    case = decided(world.desk, person_filing())
    decision = stamped(world, case)
    world.order(decision)
    with mail_server() as (mailbox, url):
        env = {"SMTP_URL": url, "PUBLIC_URL": "https://credit.example.gov.cn"}
        mail = open_channels(read_settings(env), Ports(world.notices, world.clock))["email"]
        world.announce(mail)
    (_, to, raw) = mailbox.mails[0]
    assert to == ["party@example.com"]
    parsed = message_from_bytes(raw, policy=policy.default)
    text = parsed.get_body(("plain",)).get_content()  # type: ignore[attr-defined]
    (code,) = re.findall(r"/letters/receive/(\w{20})", text)
    assert decision.number in text
    assert PERSON_ID not in text
    assert case.subject_name not in text + str(parsed["Subject"])
    seen = world.seen(decision)
    assert (seen["state"], seen["contact"]) == ("sent", "p***@example.com")
    assert seen["provider_id"].startswith("OK queued")
    assert world.services() == [], "sent is not served"
    with world.deps.db.read() as session, pytest.raises(NotFound):
        open_received(session, world.deps, code, decision.id, world.clock.now())
    world.clock.advance(timedelta(days=1))
    world.sign(code.lower())
    world.sign(code)
    assert world.seen(decision)["state"] == "signed"
    served = world.services()
    assert [(row.method, row.outcome, str(row.served_on)) for row in served] == [
        ("electronic", "served", "2026-11-03")
    ] * 2, "the decision and its repair notice, once each"
    assert all(CONSENT in str(row.note) for row in served)
    with world.deps.db.read() as session:
        assert session.get_one(Case, case.id).state == "served"
        letter, media, content = open_received(session, world.deps, code, decision.id, world.clock.now())
        assert (letter.id, media, content) == (decision.id, "application/pdf", SCAN)
    with world.notices.read() as session:
        assert session.scalars(select(PartyNotice.sealed)).all() == [None], "the address is forgotten"


def test_by_text_message_only_the_code_goes(world: World) -> None:
    decision = stamped(world, decided(world.desk))
    world.order(decision, SendingWish("sms", "13800001234", CONSENT))
    gateway = Gateway()
    world.announce(gateway)
    ((message, target),) = gateway.taken
    assert target.address == "13800001234"
    assert message.id == world.code()
    assert world.seen(decision)["contact"] == "138****1234"


def test_what_one_number_may_get_is_counted_over_all_letters(world: World) -> None:
    first, second = stamped(world, decided(world.desk)), stamped(world, decided(world.desk, person_filing()))
    gateway = Gateway()
    for letter in (first, second):
        world.order(letter, SendingWish("sms", "13800001234", CONSENT))
    world.announce(gateway)
    refs = {target.ref for _, target in gateway.taken}
    assert (len(gateway.taken), len(refs)) == (2, 1)
    assert "13800001234" not in refs.pop()


@pytest.mark.parametrize("refusal", [DeliveryError("短信网关拒收", permanent=True), None])
def test_what_could_not_be_sent_is_shown(world: World, refusal: DeliveryError | None) -> None:
    decision = stamped(world, decided(world.desk))
    world.order(decision, SendingWish("sms", "13800001234", CONSENT))
    gateway = Gateway()
    gateway.refusal = refusal
    world.announce(gateway if refusal else None)
    seen = world.seen(decision)
    assert seen["state"] == "failed"
    assert seen["reason"] == ("短信网关拒收" if refusal else "本站未配置该通知方式")
    world.sign(world.code())
    assert world.seen(decision)["state"] == "signed", "who has the code may sign all the same"


def test_a_mail_that_bounces_was_not_sent_after_all(world: World, tmp_path: Path) -> None:
    decision = stamped(world, decided(world.desk))
    sending = world.order(decision)
    with mail_server() as (_, url):
        env = {"SMTP_URL": url, "PUBLIC_URL": "https://credit.example.gov.cn"}
        mail = open_channels(read_settings(env), Ports(world.notices, world.clock))["email"]
        world.announce(mail)
    assert world.seen(decision)["state"] == "sent"
    box = BounceBox(tmp_path / "box", world.notices, world.deps.keyring, world.clock, frozenset({"email"}))
    reader = bounce_reader(box)
    reader.step()
    for name in ("1", "2"):
        raw = report(proven(world.deps.keyring, sending.id), status="5.2.2", to="party@example.com")
        (tmp_path / "box" / "new" / name).write_bytes(raw)
    world.clock.advance(timedelta(minutes=1))
    assert reader.step() is True
    answers = world.said(world.notices, notice_outbox, "letter.")
    assert [(each.type, each.sequence) for each in answers] == [("letter.sent", 1), ("letter.not-sent", 2)]
    with world.deps.db.write() as session:
        record_sent(session, answers + answers)
    seen = world.seen(decision)
    assert (seen["state"], seen["reason"]) == ("failed", "退信（5.2.2）")
    assert seen["provider_id"].startswith("OK queued")


def test_neither_event_nor_row_holds_address_or_code_in_the_clear(world: World) -> None:
    decision = stamped(world, decided(world.desk))
    world.order(decision)
    (event,) = world.said(world.deps.db, outbox, "letter.")
    code = world.code()
    with world.deps.db.read() as session:
        row = session.scalars(select(LetterSending)).one()
        stored = " ".join(str(value) for value in vars(row).values())
    for text in (json.dumps(event.data, default=str), stored):
        assert "party@example.com" not in text
        assert code not in text


def test_only_stamped_letters_of_ones_own_to_proper_addresses_and_so_often(world: World) -> None:
    case = decided(world.desk)
    decision = world.desk.issue(case, "decision")
    with pytest.raises(Conflict, match="letters-together"):
        world.order(decision)
    notice = world.desk.issue(case, "repair-notice")
    world.desk.scan(decision)
    with pytest.raises(Conflict, match="letter-not-stamped"):
        world.order(decision)
    world.desk.scan(notice)
    for wish in (SendingWish("email", "13800001234", "x"), SendingWish("sms", "a@example.com", "x")):
        with pytest.raises(Invalid):
            world.order(decision, wish)
    with pytest.raises(Invalid):
        world.order(decision, SendingWish("email", "a@b\r\nBcc: c@d", "x"))
    for _ in range(MOST):
        world.order(decision)
    with pytest.raises(Conflict, match="letter-sendings-full"):
        world.order(decision)


def test_what_is_still_to_be_served_is_listed_until_it_is(world: World) -> None:
    case = decided(world.desk)
    decision = world.desk.issue(case, "decision")
    assert [(each["id"], each["stamped"]) for each in unserved(world)] == [(decision.id, False)]
    notice = world.desk.issue(case, "repair-notice")
    world.desk.scan(decision)
    world.desk.scan(notice)
    world.order(decision)
    first, second = unserved(world, limit=1), unserved(world)
    assert [each["sending"] for each in first] == ["waiting"]
    assert len(second) == 2
    assert unserved(world, by="stranger") == []
    world.desk.serve(decision, outcome="failed", note="查无此人")
    assert len(unserved(world)) == 2, "an attempt that failed serves nothing"
    world.sign(world.code())
    assert unserved(world) == []


def unserved(world: World, limit: int = 50, by: str = "clerk") -> list[dict[str, Any]]:
    who = world.desk.office.people["clerk"]
    who = who if by == "clerk" else replace(who, department_id="another")
    with world.deps.db.read() as session:
        return list(unserved_letters(session, who, None, limit)["items"])


def test_a_wrong_code_and_one_out_of_date_are_the_same(world: World) -> None:
    decision = stamped(world, decided(world.desk))
    world.order(decision)
    code = world.code()
    world.clock.advance(timedelta(days=31))
    for given in ("A" * 20, code, "", "甲"):
        with world.deps.db.read() as session, pytest.raises(NotFound):
            find_sending(session, given, world.clock.now())


def test_served_otherwise_meanwhile_the_signature_adds_no_second_service(world: World) -> None:
    decision = stamped(world, decided(world.desk))
    world.order(decision)
    world.desk.serve(decision)
    before = len(world.services())
    world.sign(world.code())
    assert len(world.services()) == before
    assert world.seen(decision)["problem"] is None
