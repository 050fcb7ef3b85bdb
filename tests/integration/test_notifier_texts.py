"""A site's own wording: two officers, from a day on, back again; used for messages, checked on pages."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from services.notifier.app import create_app
from services.notifier.channels.berths import Openings
from services.notifier.consumes import hear_news
from services.notifier.models import Base, Dispatch, Notice
from services.notifier.models.texts import TextRevision
from services.notifier.queries.texts import history, texts_in_force
from services.notifier.settings import read_settings
from services.notifier.usecases.claiming import claim_jobs
from services.notifier.usecases.wording import approve, propose, refuse, roll_back, withdraw
from shared.clock import FixedClock
from shared.db import Database, open_database
from shared.errors import Conflict, Forbidden, Invalid
from shared.web.access import Principal
from tests.harness.notices import HOUSING, OPERATOR, case_event, hire_staff
from tests.integration.test_notifier_api import PEOPLE, Site, items

pytestmark = pytest.mark.tables("services.notifier")

NAME = "case.published"
AT = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
TODAY = date(2026, 11, 23)
ADMIN = "user-admin"
WORDS = ("本站公示：{{ subject_name }}", "{{ subject_name }}已公示。")


def officer(user_id: str) -> Principal:
    return Principal(user_id, user_id, f"{user_id}示例", HOUSING, "部门", "130102", frozenset({"operator"}))


class Desk:
    """Two officers at the texts of one notifier."""

    def __init__(self, db: Database) -> None:
        Base.metadata.create_all(db.engine)
        self.db, self.today = db, TODAY
        with db.write() as session:
            hire_staff(session)

    def propose(self, words: tuple[str, str] = WORDS, who: str = OPERATOR, seen: int | None = None) -> int:
        with self.db.write() as session:
            newest = session.scalar(select(func.max(TextRevision.number))) or 0
            row = propose(
                session, NAME, "zh", words, note="更简短", seen=newest if seen is None else seen,
                actor=officer(who), today=self.today, at=AT,
            )  # fmt: skip
            return row.number

    def decide(self, number: int, verb: Any, who: str = ADMIN, **how: Any) -> None:
        with self.db.write() as session:
            row = next(each for each in history(session, NAME, "zh") if each.number == number)
            verb(session, row, actor=officer(who), at=AT, **how)

    def approve(self, number: int, since: date = TODAY, who: str = ADMIN) -> None:
        self.decide(number, approve, who, since=since, today=self.today)

    def go_back(self, number: int) -> None:
        with self.db.write() as session:
            roll_back(
                session, NAME, "zh", number, reason="有误", actor=officer(OPERATOR), today=self.today,
                at=AT + timedelta(hours=3 - number),
            )  # fmt: skip

    def title(self, day: date | None = None) -> str:
        with self.db.read() as session:
            own = texts_in_force(session, day or self.today)
            return own[NAME].title_source if NAME in own else ""


@pytest.fixture
def desk(any_db: Database) -> Desk:
    return Desk(any_db)


@pytest.fixture
def lite(tmp_path: Path) -> Iterator[Desk]:
    db = open_database(f"sqlite:///{tmp_path}/n.db")
    yield Desk(db)
    db.close()


def test_a_wording_is_used_from_its_day_once_another_officer_approved_it(desk):
    number = desk.propose()
    assert desk.title() == ""
    with pytest.raises(Forbidden):
        desk.approve(number, who=OPERATOR)
    desk.approve(number, TODAY + timedelta(days=2))
    assert (desk.title(), desk.title(TODAY + timedelta(days=2))) == ("", WORDS[0])
    with pytest.raises(Conflict):
        desk.approve(number)


def test_messages_are_written_in_the_wording_in_force(desk):
    desk.approve(desk.propose())
    clock = FixedClock(AT)
    with desk.db.write() as session:
        hear_news(clock, frozenset({"inbox"}))(session, [case_event(subject_name="{{ 7*7 }}公司")])
        titles = set(session.scalars(select(Notice.title)))
    assert titles == {"本站公示：{{ 7*7 }}公司"}


def test_going_back_is_at_once_and_on_record(desk):
    desk.approve(desk.propose())
    desk.approve(desk.propose(("二：{{ subject_name }}", "正文")), who=ADMIN)
    assert desk.title().startswith("二")
    desk.go_back(1)
    assert desk.title() == WORDS[0]
    desk.go_back(0)
    assert desk.title() == ""
    with pytest.raises(Conflict):
        desk.go_back(9)
    with desk.db.read() as session:
        assert [(row.number, row.restores) for row in history(session, NAME, "zh")][:2] == [(4, 0), (3, 1)]


def test_going_back_brings_nothing_into_force_early_and_lets_nothing_in_later(lite):
    tomorrow = TODAY + timedelta(days=1)
    lite.approve(lite.propose(), tomorrow)
    with pytest.raises(Conflict, match="text-not-approved"):
        lite.go_back(1)
    lite.go_back(0)
    assert (lite.title(), lite.title(tomorrow)) == ("", "")
    lite.today = tomorrow
    with pytest.raises(Conflict, match="text-not-approved"):
        lite.go_back(1)
    with lite.db.read() as session:
        scheduled = history(session, NAME, "zh")[-1]
        assert (scheduled.state, scheduled.reason) == ("withdrawn", "因第2版恢复文字而撤回")
        assert (scheduled.decided_by, scheduled.in_force_from) == (ADMIN, tomorrow)


def test_what_must_not_be_proposed(lite):
    for words in (("", "x"), ("{{ who }}", "x"), ("a", "{{ subject_name.x }}"), ("x" * 501, "x")):
        with pytest.raises(Invalid):
            lite.propose(words)
    number = lite.propose()
    with pytest.raises(Conflict):
        lite.propose(("又一个", "正文"))
    with pytest.raises(Forbidden):
        lite.decide(number, withdraw)
    lite.decide(number, refuse, reason="语气不当")
    with pytest.raises(Conflict, match="text-changed"):
        lite.propose(seen=0)
    lite.decide(lite.propose(), withdraw, who=OPERATOR)
    with pytest.raises(Invalid):
        lite.approve(lite.propose(), TODAY - timedelta(days=1))


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    db = open_database(f"sqlite:///{tmp_path}/n.db")
    PEOPLE.setdefault(ADMIN, (HOUSING, "system-admin"))
    yield Site(db, tmp_path)
    db.close()


def test_the_pages_take_a_wording_from_proposal_to_use_and_back(site):
    site.hear(case_event())
    assert "随系统提供" in site.browse(OPERATOR, "/texts?q=公示").text
    assert "华景建设工程有限公司" in site.browse(OPERATOR, f"/texts/{NAME}").text
    wrong = {"title": "<b>{{ who }}</b>", "body": "正文", "seen": "0", "lang": "zh"}
    refused = site.browse(OPERATOR, f"/texts/{NAME}/edit", {**wrong, "go": "propose"})
    assert refused.status_code == 422
    assert "标题第1行：不能使用变量 who" in refused.text
    assert "<b>" not in refused.text.split("<main")[1]
    form = {"title": WORDS[0], "body": "<script>x</script>", "seen": "0", "lang": "zh", "note": "简短"}
    preview = site.browse(OPERATOR, f"/texts/{NAME}/edit", {**form, "go": "preview"}).text
    assert "本站公示：华景建设工程有限公司" in preview
    assert "<script>x" not in preview
    assert site.browse(OPERATOR, f"/texts/{NAME}/edit", {**form, "go": "propose"}).status_code == 303
    assert "删去" in site.browse(ADMIN, f"/texts/{NAME}/revisions/1").text
    decide = f"/texts/{NAME}/revisions/1/decision"
    assert site.browse(OPERATOR, decide, {"go": "approve"}).status_code == 403
    assert site.browse(ADMIN, decide, {"go": "approve", "since": "2026-99-01"}).status_code == 422
    assert site.browse(ADMIN, decide, {"go": "approve"}).status_code == 303
    assert "本站第1版" in site.browse(OPERATOR, "/texts").text
    back = {"number": "0", "reason": "有误"}
    assert site.browse(OPERATOR, f"/texts/{NAME}/rollback", back).status_code == 303
    assert "本站第1版" not in site.browse(OPERATOR, "/texts").text


def test_only_those_who_keep_the_department_s_settings_may_change_texts(site):
    assert site.browse("user-clerk", f"/texts/{NAME}").status_code == 200
    assert site.browse("user-clerk", f"/texts/{NAME}/edit").status_code == 403
    assert site.browse(OPERATOR, "/texts/no.such").status_code == 404
    assert site.browse(OPERATOR, f"/texts/{NAME}?lang=xx").status_code == 404


def test_a_text_is_tried_on_oneself_alone(site):
    form = {"title": WORDS[0], "body": "正文", "lang": "zh", "go": "trial", "seen": "0"}
    refused = site.browse(OPERATOR, f"/texts/{NAME}/edit", form)
    assert (refused.status_code, "尚未配置邮件" in refused.text) == (409, True)
    site.deps = replace(site.deps, mail_origin="https://credit.example.gov.cn")
    site.client = create_app(read_settings({}), site.deps).test_client()
    assert "已发到您的邮箱" in site.browse(OPERATOR, f"/texts/{NAME}/edit", form).text
    with site.db.read() as session:
        sent = session.scalars(select(Dispatch)).one()
        assert (sent.channel, sent.target) == ("email", f"user:{OPERATOR}")
    assert items(site.call(OPERATOR, "GET", "/inbox")) == []


def test_mail_is_written_in_the_language_its_reader_asked_for(site):
    english = {"channels": [], "digest_hour": 8, "language": "en"}
    assert site.call("user-clerk", "PUT", "/preferences", english).status_code == 200
    site.hear(case_event())
    now = site.clock.system_now() + timedelta(days=20)
    jobs = claim_jobs(
        site.db, site.keyring, channel="email", holder="t", now=now, lease_seconds=60, openings=Openings(50)
    )
    titles = {job.target.ref: job.message.title for job in jobs}
    assert titles["user:user-clerk"].startswith("Published – ")
    assert titles["user:user-decider"].startswith("已公示")
