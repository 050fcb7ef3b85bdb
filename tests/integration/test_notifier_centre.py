"""The notification centre's pages: badge, filters, marking read in bulk, preferences, stand-ins, logs."""

import socket
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from time import monotonic

import pytest
from sqlalchemy import select

from services.notifier.models import Attempt, DigestItem, Dispatch, Notice
from services.notifier.web.live import LONGEST_SECONDS, LOOK_SECONDS, events, has_left
from shared.contracts.envelope import Event, new_event
from shared.db import open_database
from shared.identifiers import make_resident_id
from shared.ids import new_id
from shared.sheets import harmless
from tests.harness.notices import (
    CLERK,
    DECIDER,
    OPERATOR,
    SUPERVISOR,
    case_event,
    delivery_event,
    duty_event,
    user_event,
)
from tests.integration.test_notifier_api import Site, items


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    db = open_database(f"sqlite:///{tmp_path}/n.db")
    yield Site(db, tmp_path)
    db.close()


def unread(site: Site, who: str = CLERK) -> int:
    return int(site.call(who, "GET", "/inbox/unread").json["unread"])


def test_the_badge_counts_what_the_officer_has_not_signed_and_is_empty_for_strangers(site):
    assert site.client.get("/notices/badge").status_code == 204
    assert site.browse(CLERK, "/badge").text.strip() == ""
    site.hear(case_event(), case_event(), duty_event())
    assert site.browse(CLERK, "/badge").text.startswith("3<span")
    first = items(site.call(CLERK, "GET", "/inbox"))[0]["id"]
    site.call(CLERK, "POST", f"/notices/{first}/acknowledgement")
    assert (unread(site), unread(site, DECIDER), unread(site, "user-anxi")) == (2, 3, 0)
    page = site.browse(CLERK, "/").text
    assert 'hx-get="/notices/badge"' in page


def test_the_inbox_says_how_many_there_are_beyond_what_the_badge_counts(site):
    site.hear(*(case_event() for _ in range(102)))
    assert "<strong>102</strong> 条</p>" in site.browse(CLERK, "/").text
    first = items(site.call(CLERK, "GET", "/inbox"))[0]["id"]
    site.call(CLERK, "POST", f"/notices/{first}/acknowledgement")
    assert "<strong>101</strong> 条</p>" in site.browse(CLERK, "/").text


def test_filters_by_family_requirement_and_words(site):
    site.hear(case_event(), case_event("case.revoked", subject_name="100%_公司"), duty_event())

    def types(query: str) -> list[str]:
        return [each["event_type"] for each in items(site.call(CLERK, "GET", f"/inbox?{query}"))]

    assert types("event_type=case.*") == ["case.revoked", "case.published"]
    assert types("required=true") == ["duty.overdue"]
    assert types("text=100%25_") == ["case.revoked"]
    assert types("text=张*") == ["duty.overdue"]
    assert site.call(CLERK, "GET", "/inbox?required=perhaps").status_code == 422
    assert "须签收" in site.browse(CLERK, "/?required=yes").text


def test_marking_all_read_leaves_what_must_be_signed(site):
    site.hear(case_event(), case_event("case.revoked"), duty_event())
    form = {"go": "all", "severity": "notice"}
    assert site.browse(CLERK, "/acknowledgements", form).status_code == 303
    assert unread(site) == 2
    site.browse(CLERK, "/acknowledgements", {"go": "all"})
    left = items(site.call(CLERK, "GET", "/inbox?unread=true"))
    assert [(each["event_type"], each["must_acknowledge"]) for each in left] == [("duty.overdue", True)]


def mailed(site: Site, event_type: str) -> set[str]:
    with site.db.read() as session:
        query = select(Dispatch.target).join(Notice).where(Dispatch.channel == "email")
        return set(session.scalars(query.where(Notice.event_type == event_type)))


def prefer(site: Site, *off: str, who: str = CLERK, **more: object) -> None:
    channels = [{"severity": each, "email": False, "sms": False} for each in off]
    body = {"channels": channels, "digest_hour": 8, **more}
    assert site.call(who, "PUT", "/preferences", body).status_code == 200


def test_mail_may_be_declined_by_severity_but_never_below_the_floor(site):
    prefer(site, "notice", "urgent")
    site.hear(case_event(), duty_event())
    assert f"user:{CLERK}" not in mailed(site, "case.published")
    assert f"user:{DECIDER}" in mailed(site, "case.published")
    assert f"user:{CLERK}" in mailed(site, "duty.overdue")
    site.call(CLERK, "PUT", "/subscriptions/case.removed", {"channel": "email", "enabled": True})
    site.hear(case_event("case.removed"))
    assert f"user:{CLERK}" in mailed(site, "case.removed")
    bad = {"channels": [], "digest_hour": 3}
    assert site.call(CLERK, "PUT", "/preferences", bad).status_code == 422
    form = {"digest_hour": "9", "language": "en", "notice.email": "true"}
    assert site.browse(CLERK, "/preferences", form).status_code == 303
    kept = site.call(CLERK, "GET", "/preferences").json
    assert (kept["digest_hour"], kept["language"]) == (9, "en")
    assert [each["email"] for each in kept["channels"]] == [False, True, False, False]
    assert site.browse(CLERK, "/preferences", {"digest_hour": "99"}).status_code == 422


def test_a_digest_comes_at_the_officer_s_hour(site):
    prefer(site, digest_hour=10)
    for who in (CLERK, DECIDER):
        wish = {"channel": "email", "enabled": True, "digest": True}
        assert site.call(who, "PUT", "/subscriptions/case.published", wish).status_code == 200
    site.hear(case_event())
    with site.db.read() as session:
        due = {row.user_id: row.due_at for row in session.scalars(select(DigestItem))}
    assert due[CLERK] - due[DECIDER] == timedelta(hours=2)


def test_the_matrix_says_what_is_locked_and_why(site):
    found = {each["event"]: each for each in items(site.call(CLERK, "GET", "/subscriptions"))}
    duty = {each["channel"]: each for each in found["duty.overdue"]["channels"]}
    assert (duty["inbox"]["required"], duty["email"]["required"], duty["webhook"]["required"]) == (
        True,
        True,
        False,
    )
    assert "法定期限" in duty["email"]["why"]
    assert (duty["webhook"]["enabled"], duty["sms"]["enabled"]) == (False, False)
    page = site.browse(CLERK, "/subscriptions").text
    assert "必达的原因" in page
    assert 'value="duty.overdue"' not in page


def test_a_message_is_shown_in_the_language_asked_for_beside_the_chinese(site):
    prefer(site, language="en")
    site.hear(case_event())
    notice = items(site.call(CLERK, "GET", "/inbox"))[0]
    page = site.browse(CLERK, f"/messages/{notice['id']}").text
    assert "Published – 华景建设工程有限公司" in page
    assert "已公示" in page
    assert "Published –" not in site.browse(DECIDER, f"/messages/{notice['id']}").text


def away(site: Site, first: int = 0, last: int = 3, **more: object) -> dict[str, object]:
    today = site.clock.today()
    days = {"from_day": str(today + timedelta(days=first)), "to_day": str(today + timedelta(days=last))}
    return {"stand_in_id": OPERATOR, **days, **more}


def test_a_stand_in_gets_copies_while_the_days_last_and_no_longer(site):
    prefer(site, "notice", who=OPERATOR)
    made = site.call(CLERK, "POST", "/stand-ins", away(site))
    assert made.status_code == 201
    assert site.call(CLERK, "POST", "/stand-ins", away(site)).json["slug"] == "stand-in-twice"
    site.hear(case_event("case.returned"))
    assert mailed(site, "case.returned") == {f"user:{CLERK}", f"user:{OPERATOR}"}
    end = f"/stand-ins/{made.json['id']}/end"
    assert site.call(OPERATOR, "POST", end).status_code == 404
    assert site.call(CLERK, "POST", end).json["ended_at"]
    assert site.call(CLERK, "POST", end).status_code == 409
    site.hear(case_event("case.noticed"))
    assert mailed(site, "case.noticed") == {f"user:{CLERK}"}
    assert site.call(CLERK, "POST", "/stand-ins", away(site, 2, 4)).status_code == 201
    site.hear(case_event("case.decided"))
    assert mailed(site, "case.decided") == {f"user:{CLERK}"}


def test_who_may_stand_in_and_for_how_long(site):
    for wrong in (away(site, -1), away(site, 3, 2), away(site, 0, 200)):
        assert site.call(CLERK, "POST", "/stand-ins", wrong).json["slug"] == "stand-in-period"
    for nobody in (CLERK, "user-anxi", "nobody"):
        answer = site.call(CLERK, "POST", "/stand-ins", away(site, stand_in_id=nobody))
        assert answer.json["slug"] == "stand-in-person"


def test_a_hand_over_lists_what_is_open_for_the_stand_in(site):
    site.hear(case_event("case.returned"), case_event("case.submitted"), duty_event())
    form = {**away(site), "hands_over": "true"}
    assert site.browse(CLERK, "/stand-ins", form).status_code == 303
    told = items(site.call(OPERATOR, "GET", "/inbox?event_type=notice.handover"))[0]
    assert "共2条" in told["body"]
    assert "代班中" in site.browse(OPERATOR, "/stand-ins").text
    refused = site.browse(CLERK, "/stand-ins", {**form, "from_day": "x"})
    assert refused.status_code == 422


def test_the_delivery_log_narrows_and_is_exported_without_addresses_or_formulas(site):
    site.hear(case_event(subject_name="=1+1公司"), duty_event())
    everything = items(site.call(CLERK, "GET", "/deliveries"))
    today, later = site.clock.today(), site.clock.today() + timedelta(days=2)

    def count(query: str) -> int:
        return len(items(site.call(CLERK, "GET", f"/deliveries?{query}")))

    assert count("event_type=duty.*") + count("event_type=case.published") == len(everything)
    assert count(f"since={today}&until={later}") == len(everything)
    assert count(f"since={later}") == count("until=1949-10-01") == 0
    assert count("until=2199-12-31") == len(everything)
    assert count("text=1%2B1") == count("event_type=case.published")
    assert "导出" in site.browse(CLERK, f"/deliveries?since={today}&until=x").text
    table = site.browse(CLERK, "/deliveries.csv?event_type=case.*")
    assert table.mimetype == "text/csv"
    lines = table.data.decode("utf-8-sig").splitlines()
    assert len(lines) == 1 + count("event_type=case.*")
    assert f"{CLERK}@" not in table.text
    assert site.browse("user-anxi", "/deliveries.csv").data.decode("utf-8-sig").count("\n") == 1
    assert harmless("=1") == "'=1"


def test_ladders_are_shown_to_the_department_and_its_supervisor_only(site):
    site.hear(duty_event())
    assert "已超期" in site.browse(CLERK, "/escalations?state=open").text
    above = site.browse(SUPERVISOR, "/escalations").text
    assert "已超期" in above
    assert "长安区住房和城乡建设局" in above
    assert "已超期" not in site.browse("user-anxi", "/escalations").text
    assert "已超期" not in site.browse(CLERK, "/escalations?state=exhausted").text


def test_how_providers_do_is_shown_to_those_who_keep_them(site):
    site.hear(case_event())
    with site.db.write() as session:
        mail = session.scalars(select(Dispatch).where(Dispatch.channel == "email").limit(1)).one()
        tried = {"number": 1, "at": site.clock.system_now(), "permanent": False, "duration_ms": 30}
        for outcome in ("delivered", "failed"):
            row = Attempt(
                id=new_id(), dispatch_id=mail.id, outcome=outcome, provider="primary", cost=5, **tried
            )
            session.add(row)
    page = site.browse(OPERATOR, "/providers?days=30").text
    assert "50.0%" in page
    assert "0.010 元" in page
    assert site.browse(CLERK, "/providers").status_code == 403
    assert site.browse(OPERATOR, "/providers?days=x").status_code == 200


def test_the_number_is_told_live_to_so_many_and_polled_by_the_rest(site):
    site.hear(case_event())
    first = site.browse(CLERK, "/inbox/stream")
    told = iter(first.response)
    assert [next(told), next(told)] == [b"retry: 30000\n\n", b"event: unread\ndata: 1\n\n"]
    refused = site.browse(DECIDER, "/inbox/stream")
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "30")
    first.close()
    again = site.browse(DECIDER, "/inbox/stream")
    assert again.mimetype == "text/event-stream"
    again.close()
    assert list(events(lambda: 2, longest=0.0)) == ["retry: 30000\n\n"]


@pytest.mark.parametrize("ended", ["session", "everywhere", "account", "token"])
def test_a_stream_ends_with_the_session_it_was_opened_in(site, ended):
    stream = site.browse(CLERK, "/inbox/stream")
    told = iter(stream.response)
    assert [next(told), next(told)] == [b"retry: 30000\n\n", b"event: unread\ndata: 0\n\n"]
    site.clock.advance(timedelta(seconds=1))
    if ended == "session":
        site.learn(session_ended("s1", site.clock.now()))
    elif ended == "everywhere":
        site.learn(session_ended(None, site.clock.now()))
    elif ended == "account":
        site.learn(user_event(CLERK, sequence=2, disabled=True))
    else:
        site.clock.advance(timedelta(minutes=15))
    began = monotonic()
    assert list(told) == [], "nothing more is told"
    assert monotonic() - began < LONGEST_SECONDS / 2, "long before its own end"
    assert LOOK_SECONDS < 1.0
    stream.close()


def session_ended(session_id: str | None, at: datetime) -> Event:
    data = {"user_id": CLERK, "session_id": session_id, "issued_before": at, "recorded_at": at}
    return new_event("session.revoked", source="/blacklist", subject=CLERK, sequence=9, data=data, at=at)


def test_what_is_for_a_role_one_stands_in_for_is_for_oneself(site):
    site.hear(case_event())
    [before] = items(site.call(DECIDER, "GET", "/inbox"))
    site.hear(delivery_event("delivery.rejected"))

    def mine() -> list[str]:
        return [each["event_type"] for each in items(site.call(OPERATOR, "GET", "/inbox")) if each["for_me"]]

    assert before["for_me"]
    assert "case.published" not in mine()
    today = site.clock.today().isoformat()
    body = {"stand_in_id": OPERATOR, "from_day": today, "to_day": today, "reason": "出差"}
    made = site.call(CLERK, "POST", "/stand-ins", body)
    assert made.status_code == 201, made.text
    assert "case.published" in mine()
    key = next(each["id"] for each in items(site.call(OPERATOR, "GET", "/inbox")) if each["for_me"])
    assert site.call(OPERATOR, "GET", f"/notices/{key}").json["for_me"]
    site.call(CLERK, "POST", f"/stand-ins/{made.json['id']}/end")
    assert "case.published" not in mine()


def test_a_reader_who_left_is_noticed():
    ours, theirs = socket.socketpair()
    with ours:
        assert not has_left(ours)
        theirs.close()
        assert has_left(ours)
        assert list(events(lambda: 1, lambda: has_left(ours))) == ["retry: 30000\n\n"]
    assert has_left(ours)
    assert not has_left(None)


def test_no_identity_number_gets_into_a_message(site):
    number = make_resident_id("130102", date(1990, 3, 7), 11)
    site.hear(
        case_event("case.returned", reason=f"当事人证件 {number} 有误", document_number=f"文{number}"),
        delivery_event("delivery.rejected", reason=f"证件号码{number[:6]} {number[6:14]} {number[14:]}重复"),
        duty_event(subject_name=f"张三{number}"),
    )
    with site.db.read() as session:
        told = [f"{each.title}{each.body}{each.facts}" for each in session.scalars(select(Notice))]
    assert len(told) >= 3
    assert not [each for each in told if number[6:14] in each]
    assert any("1301****" in each for each in told)
