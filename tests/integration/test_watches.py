"""A person's watch on a company, all the way by the pages: ask, confirm, be told, renew, end; and misuse."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update

from services.notifier.app import create_app, open_deps
from services.notifier.channels import Message, Ports, Sent, Target, open_channels
from services.notifier.following import follow_public
from services.notifier.models import Base, PublicListing, Watch, WatchMail, outbox
from services.notifier.settings import read_settings
from services.notifier.usecases.mailing import Mailer, Mailing
from services.notifier.usecases.watch_asking import ask
from services.notifier.usecases.watch_links import CONFIRM, MANAGE, make_link
from services.notifier.usecases.watch_mailing import WATCH_POST, watch_keeper
from services.notifier.usecases.watching import PER_ADDRESS, PER_NETWORK, Wish
from shared.calendar import builtin_calendar
from shared.clock import FixedClock
from shared.contracts.envelope import Event, new_event
from shared.delivery import ACCEPTED, DEAD
from shared.errors import TooMany
from shared.identifiers import make_resident_id, make_uscc
from shared.loops import drain
from shared.web.uniform import SIZE
from tests.harness.notices import Mailbox, mail_server
from tests.harness.wait import until

USCC = make_uscc("91130102", 77)
SITE = "https://credit.example.gov.cn"
ME = "reader@example.com"
NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


def current(listing: str = "listing-1", sequence: int = 1, uscc: str | None = USCC, **changes: Any) -> Event:
    data = {
        "listing_id": listing,
        "version": sequence,
        "list": {"code": "x", "name": "公共资源配置领域黑名单", "class": "industry-misconduct"},
        "domain": "engineering-tendering",
        "region": "130102",
        "subject": {"name": "石家庄虚构建筑工程有限公司", "uscc": uscc, "former_names": []},
        "organ": {"name": "长安区住房和城乡建设局", "uscc": None},
        "document": {"number": "长住建罚〔2026〕12号", "date": "2026-11-02"},
        "publicity": {"start": "2026-11-20", "min_end": None, "max_end": None, "actual_end": None},
        "measures": [],
        **changes,
    }
    return new_event(
        "listing.current", source="blacklist", subject=listing, sequence=sequence, data=data, at=NOW
    )


def gone(listing: str = "listing-1", sequence: int = 2) -> Event:
    data = {"listing_id": listing, "version": sequence, "recorded_at": NOW}
    return new_event(
        "listing.withdrawn", source="blacklist", subject=listing, sequence=sequence, data=data, at=NOW
    )


class Slow:
    """Stands in at the port of the channels: so slow that the lease is over before it ends."""

    name = "email"
    retries = (1.0,)
    concurrency = per_target = 1

    def __init__(self, world: "World") -> None:
        self.world, self.other = world, world.loops[1]

    def send(self, message: Message, target: Target) -> Sent:
        self.world.clock.advance(timedelta(seconds=70))
        until(self._renewed, what="a renewed lease")
        assert isinstance(self.other, Mailer)
        assert self.other._claim() == []
        return Sent("one")

    def _renewed(self) -> bool:
        now = self.world.clock.system_now()
        with self.world.db.read() as session:
            return session.scalars(select(WatchMail.lease_until)).one() > now


class World:
    """The notifier's application, its mailer and a catching mail server."""

    def __init__(self, folder: Path, mailbox: Mailbox, url: str) -> None:
        settings = read_settings({"DATA_DIR": str(folder), "SMTP_URL": url, "PUBLIC_URL": SITE})
        deps = open_deps(settings)
        Base.metadata.create_all(deps.db.engine)
        self.clock, self.mailbox, self.seen = FixedClock(NOW), mailbox, 0
        self.deps = type(deps)(**{**vars(deps), "clock": self.clock})
        self.db, self.keyring = deps.db, deps.keyring
        self.client = create_app(settings, self.deps).test_client()
        channel = open_channels(settings.channels, Ports(self.db, self.clock))["email"]
        parts = Mailing(self.db, self.clock, self.keyring, channel, SITE, "/notices", "one", 60.0)
        self.loops = [watch_keeper(self.db, self.clock), Mailer(parts, WATCH_POST)]

    def mails(self) -> list[EmailMessage]:
        """What arrived since the last time."""
        drain(self.loops)
        raw = [raw for _, _, raw in self.mailbox.mails[self.seen :]]
        self.seen = len(self.mailbox.mails)
        found = [message_from_bytes(each, policy=policy.default) for each in raw]
        return [each for each in found if isinstance(each, EmailMessage)]

    def ask(self, email: str = ME, uscc: str = USCC, network: str = "203.0.113.7") -> Any:
        return self.client.post(
            "/notices/watches/new", data={"uscc": uscc, "email": email}, environ_base={"REMOTE_ADDR": network}
        )

    def hear(self, *events: Event) -> None:
        with self.db.write() as session:
            follow_public(self.clock, {"inbox"}, builtin_calendar())(session, list(events))

    def watching(self, email: str = ME, uscc: str = USCC) -> str:
        """A confirmed watch; returns the address of its page."""
        self.ask(email, uscc)
        answer = self.client.post(link_in(self.mails()[0]))
        assert answer.status_code == 303
        return str(answer.headers["Location"]).partition("?")[0]

    def count(self, model: Any) -> int:
        with self.db.read() as session:
            return session.execute(select(func.count()).select_from(model)).scalar_one()


def text_of(mail: EmailMessage) -> str:
    return (
        "".join(str(part.get_content()) for part in mail.walk() if not part.is_multipart()) + mail["Subject"]
    )


def link_in(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(re.findall(rf"{SITE}(/notices/watches/\S+)", body.get_content())[0])


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with mail_server() as served:
        yield World(tmp_path_factory.mktemp("watches"), *served)


@pytest.fixture
def world(built: World) -> World:
    """The one world, emptied and set back to its first day."""
    built.mails()
    built.clock.set(NOW)
    built.loops = [watch_keeper(built.db, built.clock), built.loops[1]]
    with built.db.write() as session:
        for table in reversed(Base.metadata.sorted_tables):
            session.execute(table.delete())
    return built


def test_from_asking_to_the_end(world: World) -> None:
    assert world.client.get(f"/notices/watches/new?uscc={USCC}").status_code == 200
    assert world.ask().status_code == 202
    asked = world.mails()
    assert [mail["To"] for mail in asked] == [ME]
    assert asked[0]["List-Unsubscribe"] is None
    confirm = link_in(asked[0])
    world.hear(current())
    assert world.mails() == [], "nothing is told before the confirmation"
    page = world.client.get(confirm)
    assert "确认" in page.text
    assert (page.headers["Cache-Control"], page.headers["X-Robots-Tag"]) == ("no-store", "noindex")
    assert world.count(Watch) == 1
    manage = world.client.post(confirm).headers["Location"].partition("?")[0]
    world.hear(gone())
    (lifted,) = world.mails()
    assert "停止公示" in lifted["Subject"]
    for word in ("黑名单", "12号", "建设局", "虚构建筑"):
        assert word not in text_of(lifted), "a tombstone says no more than that"
    world.hear(current(sequence=3))
    (listed,) = world.mails()
    assert "公共资源配置领域黑名单" in text_of(listed)
    assert f"{SITE}/listings/listing-1" in text_of(listed)
    world.hear(current(sequence=3), current(sequence=4), gone(sequence=2))
    assert world.mails() == [], "neither repeats, corrections nor old events are told"
    one_click = listed["List-Unsubscribe"].strip("<>").removeprefix(SITE)
    assert listed["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert world.client.get(one_click).status_code == 303
    assert world.count(Watch) == 1, "looking at the link ends nothing"
    for _ in range(2):
        done = world.client.post(one_click, data={"List-Unsubscribe": "One-Click"})
        assert done.status_code == 200
    assert world.count(Watch) == world.count(WatchMail) == 0
    assert world.client.get(manage).status_code == 404
    assert world.client.post(confirm).status_code == 404, "an old confirmation revives nothing"


def test_nothing_stored_in_clear_and_no_event_of_it(world: World) -> None:
    world.watching()
    world.hear(current())
    world.mails()
    with world.db.read() as session:
        row = session.scalars(select(Watch)).one()
        assert ME not in f"{row.sealed_address}{row.address_index}"
        assert session.execute(select(func.count()).select_from(outbox)).scalar_one() == 0


def test_the_answer_is_the_same_whatever_is_known(world: World) -> None:
    world.watching()
    asked = [ME] * (PER_ADDRESS + 1) + ["stranger@example.com"]
    answers = [
        world.client.post("/notices/api/v1/watches", json={"uscc": USCC, "email": email}) for email in asked
    ]
    assert {(each.status_code, each.data) for each in answers} == {(202, answers[0].data)}
    assert len(answers[0].data) % SIZE == 0
    told = [mail["Subject"] for mail in world.mails()]
    assert len(told) == PER_ADDRESS - 1 + 1, "an address gets so many mails an hour and no more"
    assert sum("您已订阅" in subject for subject in told) == PER_ADDRESS - 1


def test_an_address_gets_five_requests_a_day_and_a_network_twenty_an_hour(world: World) -> None:
    for number in range(8):
        ask(world.deps, Wish(make_uscc("91130102", 100 + number), ME, f"203.0.113.{number}"))
        world.clock.advance(timedelta(hours=1))
    assert len(world.mails()) == 5
    for number in range(PER_NETWORK):
        ask(world.deps, Wish(USCC, f"p{number}@example.com", "2001:db8::1"))
    with pytest.raises(TooMany):
        ask(world.deps, Wish(USCC, "q@example.com", "2001:db8::2"))
    refused = world.ask("q@example.com", network="2001:db8::3")
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) > 0


def test_forged_expired_and_misused_links_lead_nowhere(world: World) -> None:
    manage = world.watching()
    world.ask("second@example.com")
    confirm = link_in(world.mails()[0])
    with world.db.read() as session:
        watch_id = session.scalars(select(Watch.id).where(Watch.confirmed_at.is_(None))).one()
    late = make_link(world.keyring, CONFIRM, watch_id, NOW - timedelta(seconds=1))
    wrong = make_link(world.keyring, MANAGE, watch_id, NOW + timedelta(days=1))
    changed = confirm[:-2] + ("AA" if confirm[-2:] != "AA" else "BB")
    for link in (late, wrong, changed.rpartition("/")[2], "x", "v1.aes256gcm.x.AAAA", "%00", "甲" * 500):
        assert world.client.get(f"/notices/watches/confirmations/{link}").status_code in {400, 404}
        assert world.client.post(f"/notices/watches/confirmations/{link}").status_code in {400, 404}
    key = manage.rpartition("/")[2]
    assert world.client.post(f"/notices/watches/confirmations/{key}").status_code == 404
    assert world.client.post(f"{confirm.replace('confirmations/', '')}/removal").status_code == 404
    world.clock.advance(timedelta(hours=49))
    assert world.client.post(confirm).status_code == 404
    drain(world.loops)
    assert world.count(Watch) == 1, "what nobody confirmed is forgotten"


def test_a_year_then_a_question_then_the_end(world: World) -> None:
    world.watching()
    world.clock.advance(timedelta(days=340))
    (asked,) = world.mails()
    assert "到期" in asked["Subject"]
    renewed = world.client.post(f"{link_in(asked)}/renewal")
    assert renewed.status_code == 303
    world.clock.advance(timedelta(days=340))
    assert len(world.mails()) == 1
    world.clock.advance(timedelta(days=30))
    assert world.mails() == []
    assert world.count(Watch) == 0


def test_an_address_that_is_none_is_refused(world: World) -> None:
    long = "x" * 250 + "@example.com"
    for email in ("", "a", "a@b\r\nBcc: all@example.com", "a@b>,<c@d", "a b@example.com", long, "a@\x00"):
        assert world.ask(email).status_code in {400, 422}
        answer = world.client.post("/notices/api/v1/watches", json={"uscc": USCC, "email": email})
        assert answer.status_code in {400, 422}
    assert world.count(Watch) == 0


def test_a_mailer_that_died_leaves_its_mail_to_the_next(world: World) -> None:
    world.ask()
    dead = world.loops[1]
    assert isinstance(dead, Mailer)
    assert len(dead._claim()) == 1
    assert world.mails() == [], "the lease is still held"
    world.clock.advance(timedelta(seconds=61))
    assert len(world.mails()) == 1


def test_no_other_takes_a_mail_whose_sending_outlasts_the_lease(world: World) -> None:
    world.ask()
    other = world.loops[1]
    assert isinstance(other, Mailer)
    slow = Mailer(replace(other._parts, channel=Slow(world), holder="slow", lease_seconds=0.3), WATCH_POST)
    assert slow.step()
    slow.close()
    assert world.mails() == []
    with world.db.read() as session:
        assert session.scalars(select(WatchMail.state)).all() == [ACCEPTED]


def test_a_mail_that_cannot_be_written_does_not_hold_up_the_others(world: World) -> None:
    world.ask("broken@example.com")
    with world.db.write() as session:
        session.execute(update(Watch).values(sealed_address="v1.aes256gcm.x.AAAA"))
    world.ask()
    assert [mail["To"] for mail in world.mails()] == [ME]
    with world.db.read() as session:
        dead = session.scalars(select(WatchMail).where(WatchMail.state == DEAD)).one()
    assert dead.reason == "无法生成消息内容（CryptoError）"


def test_another_sites_form_asks_for_nothing(world: World) -> None:
    crossed = world.client.post(
        "/notices/watches/new",
        data={"uscc": USCC, "email": ME},
        headers={"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
    )
    assert crossed.status_code == 403
    assert world.count(Watch) == 0


def test_the_programs_door_and_a_site_without_mail(world: World, tmp_path: Path) -> None:
    asked = world.client.post("/notices/api/v1/watches", json={"uscc": USCC.lower(), "email": ME})
    assert asked.status_code == 202
    assert len(world.mails()) == 1
    silent = read_settings({"DATA_DIR": str(tmp_path)})
    client = create_app(silent, open_deps(silent)).test_client()
    assert client.post("/notices/api/v1/watches", json={"uscc": USCC, "email": ME}).status_code == 409
    assert "尚未开通" in client.get("/notices/watches/new").text


def test_names_cannot_break_a_mail_nor_carry_an_identity_number(world: World) -> None:
    world.watching()
    number = make_resident_id("130102", date(1990, 3, 7), 2)
    name = f"甲{number}\r\nBcc: all@example.com{{{{ 7*7 }}}}<script>商行"
    world.hear(current(subject={"name": name, "uscc": USCC, "former_names": []}))
    (mail,) = world.mails()
    assert mail["Bcc"] is None
    assert "49" not in mail["Subject"]
    assert number not in text_of(mail)
    assert "<script>" not in str(mail.get_body(("html",)))


def test_what_was_public_long_ago_is_no_news_and_what_never_left_is_taken_back(world: World) -> None:
    world.watching()
    old = {"start": "2025-01-05", "min_end": None, "max_end": None, "actual_end": None}
    world.hear(current("history", publicity=old))
    assert world.mails() == []
    world.hear(current("quick"), gone("quick"))
    assert world.mails() == [], "gone before anybody was told"
    world.hear(gone("history"), current("person", uscc=None), gone("unknown", 1))
    assert len(world.mails()) == 1
    with world.db.read() as session:
        kept = session.scalars(select(PublicListing)).all()
    assert {(row.uscc, row.name) for row in kept} == {(None, None)}, "a tombstone takes the company along"


def test_another_watch_of_the_same_address_ends_only_with_all(world: World) -> None:
    world.watching()
    world.keyring.rotate("blind")
    last = world.watching(uscc=make_uscc("91130102", 78))
    world.watching("other@example.com")
    world.client.post(f"{last}/removal", data={"scope": "all"})
    assert world.count(Watch) == 1, "those from before the key for indexes was changed end too"


def test_no_more_than_fifty_watches_of_one_address_whatever_the_key(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.notifier.usecases.watching.MOST_WATCHES", 1)
    world.watching()
    world.keyring.rotate("blind")
    world.ask(uscc=make_uscc("91130102", 78))
    assert world.client.post(link_in(world.mails()[0])).status_code == 409
