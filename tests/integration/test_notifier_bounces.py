"""Bounces: the report of a mail server ends the mail, marks the address, tells the operator, once."""

import mailbox
from datetime import timedelta
from email import message_from_bytes
from pathlib import Path

import pytest
from sqlalchemy import select

from services.notifier.channels import Ports, open_channels, read_settings
from services.notifier.consumes import hear_news, learn_identity
from services.notifier.models import Attempt, Base, Dispatch, FailingAddress, Notice, Watch, WatchMail, outbox
from services.notifier.queries.bounces import recent_bounces
from services.notifier.queries.providers import provider_health
from services.notifier.usecases.bounced_mails import STALE_AFTER
from services.notifier.usecases.bounces import (
    EVENT,
    LOOK_EVERY,
    Bounce,
    BounceBox,
    bounce_reader,
    read_bounce,
    reports,
)
from services.notifier.usecases.mail_proofs import mail_proof
from services.notifier.usecases.marks import MARK_LASTS
from services.notifier.usecases.sending import resend
from services.notifier.usecases.watching import LASTS, Wish, request_watch
from services.notifier.worker import Parts, Sender
from shared.clock import FixedClock
from shared.crypto import KeyRing
from shared.db import Database, open_database
from shared.identifiers import make_uscc
from shared.loops import drain
from shared.outbox import record_of
from shared.web.access import Principal
from tests.harness.notices import (
    AT,
    CLERK,
    HOUSING,
    OPERATOR,
    Mailbox,
    case_event,
    hire_staff,
    mail_server,
    user_event,
)

CHANNELS = frozenset({"inbox", "email"})
WATCHER = "reader@example.com"
KEEPER = Principal(OPERATOR, OPERATOR, "示例运维", HOUSING, "长安区住建局", "130102", frozenset({"operator"}))


def counted(outcome: str) -> float:
    return float(reports.labels(outcome)._value.get())


def report(
    number: str, status: str = "5.1.1", action: str = "failed", to: str = "user-clerk@example.gov.cn"
) -> bytes:
    """Of the mail whose Message-ID begins with this number and its proof."""
    return f"""From: MAILER-DAEMON@mail.example.gov.cn
To: no-reply@example.gov.cn
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="B"

--B
Content-Type: text/plain

I'm sorry to have to inform you that your message could not be delivered.

--B
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.example.gov.cn

Final-Recipient: rfc822; {to}
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 5.1.1 no such user

--B
Content-Type: text/rfc822-headers

From: no-reply@example.gov.cn
Message-ID: <{number}@example.gov.cn>

--B--
""".replace("\n", "\r\n").encode()


def proven(keyring: KeyRing, mail_id: str, number: int = 0) -> str:
    return f"{mail_id}.{mail_proof(keyring, mail_id, number)}"


class Desk:
    """A notifier whose one mail to the clerk was taken by the server, and the mailbox of its sender."""

    def __init__(self, db: Database, tmp: Path, smtp_url: str, mails: Mailbox) -> None:
        Base.metadata.create_all(db.engine)
        self.db, self.clock, self.mailbox = db, FixedClock(AT), mails
        self.keyring = KeyRing.load_or_create(tmp / "keys.json")
        self.box = mailbox.Maildir(tmp / "bounces", create=True)
        self._channels = open_channels(read_settings({"SMTP_URL": smtp_url}), Ports(db, self.clock))
        self.reader = bounce_reader(BounceBox(tmp / "bounces", db, self.keyring, self.clock, CHANNELS))
        with db.write() as session:
            hire_staff(session)
        self.send(case_event())

    def send(self, *events: object) -> None:
        with self.db.write() as session:
            hear_news(self.clock, CHANNELS)(session, list(events))  # type: ignore[arg-type]
        parts = Parts(self.db, self.clock, self.keyring, self._channels, "one", 60.0)
        sender = Sender(parts, self._channels["email"])
        drain([sender])
        sender.close()

    def mails(self, event: str = "case.published", user: str = CLERK) -> list[Dispatch]:
        with self.db.read() as session:
            query = (
                select(Dispatch).join(Notice).where(Notice.event_type == event, Dispatch.channel == "email")
            )
            return list(session.scalars(query.where(Dispatch.target == f"user:{user}").order_by(Dispatch.id)))

    def bounce(self, raw: bytes) -> None:
        self.box.add(raw)
        self.clock.advance(LOOK_EVERY + timedelta(seconds=1))
        self.reader.step()

    def report(self, mail_id: str, **changes: str) -> bytes:
        """As the mail's own server would write it."""
        return report(proven(self.keyring, mail_id), **changes)

    def reported(self) -> list[tuple[str, str, int]]:
        with self.db.read() as session:
            return [(e["kind"], e["effect"], e["repeats"]) for e in recent_bounces(session, since=AT)]

    def told(self) -> list[Notice]:
        with self.db.read() as session:
            return list(session.scalars(select(Notice).where(Notice.event_type == EVENT)))

    def fates(self) -> list[str]:
        with self.db.read() as session:
            rows = session.execute(select(outbox).order_by(outbox.c.id)).all()
        return [dict(record_of(row).headers)["ce_type"].decode() for row in rows]


@pytest.fixture
def desk(tmp_path: Path):
    db = open_database(f"sqlite:///{tmp_path}/n.db")
    with mail_server() as (mails, url):
        yield Desk(db, tmp_path, url, mails)
    db.close()


def test_a_bounce_ends_the_mail_marks_the_address_and_tells_the_operator_once(desk):
    mail = desk.mails()[0]
    assert mail.state == "accepted"
    for _ in range(2):
        desk.bounce(desk.report(mail.id))
    after = desk.mails()[0]
    assert (after.state, after.reason) == ("dead", "退信（5.1.1）")
    assert desk.fates().count("notice.failed") == 1
    [told] = desk.told()
    assert "u***@example.gov.cn" in told.body
    assert "user-clerk@" not in told.body + told.title
    with desk.db.read() as session:
        attempts = session.scalars(select(Attempt).where(Attempt.dispatch_id == mail.id).order_by(Attempt.id))
        assert [(each.outcome, each.permanent) for each in attempts] == [
            ("delivered", False),
            ("failed", True),
        ]
    assert len(desk.box) == 0


def test_nothing_is_mailed_there_until_the_address_is_corrected(desk):
    desk.bounce(desk.report(desk.mails()[0].id))
    desk.send(case_event())
    states = [(mail.state, mail.reason) for mail in desk.mails()]
    assert states[1] == ("dead", "收件地址此前被退信（5.1.1），已停止发送")
    assert desk.fates().count("notice.failed") == 2
    with desk.db.write() as session:
        learn_identity(session, [user_event(CLERK, sequence=2, email="clerk.new@example.gov.cn")])
    desk.send(case_event())
    assert [mail.state for mail in desk.mails()] == ["dead", "dead", "accepted"]


def lapse(desk):
    desk.clock.advance(MARK_LASTS)


def ask_again(desk):
    with desk.db.write() as session:
        resend(session, KEEPER, desk.mails()[1].id, desk.clock.system_now())


def name_it_anew(desk):
    with desk.db.write() as session:
        learn_identity(session, [user_event(CLERK, sequence=2, email="User-Clerk@example.gov.cn")])


@pytest.mark.parametrize("remedy", [lapse, ask_again, name_it_anew])
def test_the_mark_ends_by_itself_and_by_whoever_knows_better(desk, remedy):
    desk.bounce(desk.report(desk.mails()[0].id))
    desk.send(case_event())
    assert desk.mails()[1].state == "dead"
    remedy(desk)
    desk.send(case_event())
    last = desk.mails()[2]
    assert last.state == "accepted"
    desk.bounce(desk.report(last.id))
    assert len(desk.told()) == 2, "if it bounces again the mark is set again"
    desk.send(case_event())
    assert desk.mails()[3].state == "dead"


def test_an_old_report_changes_nothing_however_often_it_comes_again(desk):
    mail, before = desk.mails()[0], counted("repeated")
    old = desk.report(mail.id)
    desk.bounce(old)
    with desk.db.write() as session:
        resend(session, KEEPER, mail.id, desk.clock.system_now())
    desk.bounce(old)
    desk.send()
    assert [rcpt for _, rcpt, _ in desk.mailbox.mails].count(["user-clerk@example.gov.cn"]) == 2
    desk.bounce(old)
    assert desk.mails()[0].state == "accepted", "sent again: the report of the first is old"
    desk.clock.advance(MARK_LASTS)
    desk.bounce(old)
    desk.bounce(desk.report(mail.id, status="5.2.2"))
    assert (desk.mails()[0].state, len(desk.told()), len(desk.box)) == ("accepted", 1, 0)
    assert desk.reported() == [("department", "taken", 4)]
    assert counted("repeated") - before == 4
    desk.bounce(report(proven(desk.keyring, mail.id, 1)))
    assert (desk.mails()[0].state, len(desk.told())) == ("dead", 2), "that of the second sending counts"
    assert sorted(desk.reported()) == [("department", "taken", 0), ("department", "taken", 4)]


def test_a_report_kept_back_has_no_effect_and_stays_for_a_person(desk):
    desk.clock.advance(STALE_AFTER)
    desk.bounce(desk.report(desk.mails()[0].id))
    assert (desk.mails()[0].state, desk.told(), len(desk.box)) == ("accepted", [], 1)
    assert desk.reported() == [("department", "stale", 0)]


def test_what_was_mailed_before_a_mark_was_lifted_sets_none_anew(desk):
    desk.send(case_event())
    first, second = desk.mails()
    desk.bounce(desk.report(first.id))
    with desk.db.write() as session:
        resend(session, KEEPER, first.id, desk.clock.system_now())
    desk.bounce(desk.report(second.id))
    assert (desk.mails()[1].state, len(desk.told())) == ("dead", 1), "it did not arrive, and that is all"
    desk.send()
    assert desk.mails()[0].state == "accepted"


def test_a_full_mailbox_ends_the_mail_and_spares_the_address(desk):
    desk.bounce(desk.report(desk.mails()[0].id, status="5.2.2"))
    assert desk.mails()[0].state == "dead"
    assert desk.told() == []
    desk.send(case_event())
    assert desk.mails()[1].state == "accepted"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"From: clerk@example.gov.cn\r\nSubject: Re: question\r\n\r\nplease call back",
        report("0192f000-0000-7000-8000-00000000dead"),
        report("x' OR 1=1 --"),
        b"\xff\xfe\x00" * 500,
        b"Content-Type: multipart/report; boundary=B\n\n--B\nContent-Type: message/delivery-status\n\n",
    ],
)
def test_what_is_no_report_about_us_is_left_for_a_person(desk, raw):
    desk.bounce(raw)
    assert desk.mails()[0].state == "accepted"
    assert len(desk.box) == 1
    desk.clock.advance(LOOK_EVERY * 2)
    assert desk.reader.step() is False


NESTED = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(1500))
WRAPPED = b"Content-Type: message/rfc822\n\n" * 3000


@pytest.mark.parametrize("raw", [NESTED, WRAPPED, b"Content-Type: multipart/mixed\n\n\xff"])
def test_no_mail_holds_up_those_behind_it(desk, raw):
    folder = Path(desk.box._path)
    (folder / "new" / "1.first").write_bytes(raw)
    (folder / "new" / "2.second").write_bytes(desk.report(desk.mails()[0].id))
    desk.clock.advance(LOOK_EVERY * 2)
    assert desk.reader.step() is True
    assert desk.mails()[0].state == "dead"
    assert (folder / "cur" / "1.first:2,").read_bytes() == raw, "left as it came, for a person"
    assert list((folder / "new").iterdir()) == []


@pytest.mark.parametrize("change", [{"to": "other@example.gov.cn"}, {"action": "delayed"}])
def test_a_report_of_another_address_or_a_delay_changes_nothing(desk, change):
    desk.bounce(desk.report(desk.mails()[0].id, **change))
    assert desk.mails()[0].state == "accepted"
    assert desk.told() == []


@pytest.mark.parametrize("known", ["", ".", f".{'0' * 32}", f".{'f' * 31}"])
def test_a_bounce_made_up_by_who_knows_number_and_address_is_left_and_counted(desk, known):
    before = counted("ignored")
    raw = report(f"{desk.mails()[0].id}{known}")
    desk.bounce(raw)
    assert desk.mails()[0].state == "accepted"
    assert desk.told() == []
    assert [each.as_bytes() for each in desk.box] == [raw.replace(b"\r\n", b"\n")]
    assert counted("ignored") - before == (0 if known in {".", f".{'f' * 31}"} else 1), (
        "what names no mail is no report at all"
    )


def test_the_proof_is_in_the_mail_and_holds_after_the_keys_change(desk):
    mail = desk.mails()[0]
    [raw] = [raw for _, rcpt, raw in desk.mailbox.mails if rcpt == ["user-clerk@example.gov.cn"]]
    sent = str(message_from_bytes(raw)["Message-ID"]).strip("<>").partition("@")[0]
    assert sent == proven(desk.keyring, mail.id)
    desk.keyring.rotate("blind")
    assert proven(desk.keyring, mail.id) != sent
    desk.bounce(report(sent))
    assert desk.mails()[0].state == "dead"


def test_a_nested_copy_of_the_mail_names_it_too():
    key = "0192f000-0000-7000-8000-000000000001"
    raw = report(f"{key}.{'a' * 32}").replace(b"text/rfc822-headers", b"message/rfc822")
    found = read_bounce(raw)
    assert found is not None
    assert found == Bounce(key, "user-clerk@example.gov.cn", "5.1.1", "a" * 32)


def test_health_of_providers_is_counted(desk):
    [health] = provider_health(desk.db.read().__enter__())
    assert (health.channel, health.delivered, health.failed, health.success_rate) == ("email", 3, 0, 1.0)
    assert health.provider.startswith("127.0.0.1:")
    assert health.last_success_at is not None


def watched(desk, **answered) -> str:
    """The mail that asked a watcher to confirm."""
    with desk.db.write() as session:
        request_watch(session, desk.keyring, Wish(make_uscc("91130102", 77), WATCHER, "::1"), at=AT)
        mail, watch = session.scalars(select(WatchMail)).one(), session.scalars(select(Watch)).one()
        mail.state, mail.settled_at = "accepted", AT
        for name, value in answered.items():
            setattr(watch, name, value)
        return mail.id


def test_a_watch_whose_link_was_opened_since_does_not_end(desk):
    later = AT + timedelta(minutes=1)
    key = watched(desk, confirmed_at=later, expires_at=later + LASTS)
    desk.bounce(desk.report(key, to=WATCHER))
    with desk.db.read() as session:
        assert session.scalars(select(Watch)).one().confirmed_at == later
    assert desk.reported() == [("watch", "stale", 0)]


@pytest.mark.parametrize(
    ("status", "to", "left"),
    [("5.1.1", WATCHER, None), ("5.2.2", WATCHER, "dead"), ("5.1.1", "other@example.com", "accepted")],
)
def test_a_watch_ends_when_its_address_does_not_exist(desk, status, to, left):
    key = watched(desk)
    desk.bounce(desk.report(key, status=status, to=to))
    with desk.db.read() as session:
        assert session.scalars(select(WatchMail.state)).one_or_none() == left
        assert (session.scalars(select(Watch)).one_or_none() is None) == (left is None)
        assert session.scalars(select(FailingAddress)).all() == [], "no address of the public is kept"
