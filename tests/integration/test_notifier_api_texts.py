"""Texts, ladders and providers over HTTP: what the pages do, programs can do too, under the same rules."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from services.notifier.channels.berths import Openings
from services.notifier.consumes import hear_news
from services.notifier.models import Attempt, Dispatch
from services.notifier.usecases.claiming import claim_jobs
from shared.db import open_database
from shared.ids import new_id
from tests.harness.notices import CLERK, HOUSING, OPERATOR, SUPERVISOR, case_event, duty_event
from tests.integration.test_notifier_api import PEOPLE, Site, items

NAME = "case.published"
ADMIN = "user-admin"
AT = f"/texts/{NAME}"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setitem(PEOPLE, ADMIN, (HOUSING, "system-admin"))
    db = open_database(f"sqlite:///{tmp_path}/n.db")
    yield Site(db, tmp_path)
    db.close()


def stated(site: Site, **changes: Any) -> dict[str, Any]:
    """The standing text with other words in its title, as a proposal."""
    found = site.call(OPERATOR, "GET", AT).json
    given = {"title": f"新：{found['title']}", "body": found["body"], "seen": found["newest"]}
    return {**given, "note": "更明白", **changes}


def test_a_text_is_read_drafted_proposed_approved_and_rolled_back(site):
    site.hear(case_event())
    listed = items(site.call(CLERK, "GET", "/texts?q=case.published"))
    assert [(each["name"], each["languages"][0]["own"]) for each in listed] == [(NAME, False)]
    shipped = site.call(CLERK, "GET", AT).json
    assert "subject_name" in shipped["variables"]

    wish = stated(site)
    draft = {key: wish[key] for key in ("title", "body")}
    shown = site.call(OPERATOR, "POST", f"{AT}/drafts", draft).json
    assert shown["problems"] == []
    assert [each["title"][:2] for each in shown["shown"]] == ["新：", "新："], (
        "with real data and with the sample"
    )
    assert site.call(CLERK, "GET", AT).json["revisions"] == [], "a draft leaves nothing"

    made = site.call(OPERATOR, "POST", f"{AT}/revisions", wish)
    assert (made.status_code, made.json["number"], made.json["state"]) == (201, 1, "proposed")
    assert items(site.call(CLERK, "GET", "/texts?q=case.published"))[0]["languages"][0]["pending"]
    own = site.call(OPERATOR, "POST", f"{AT}/revisions/1/decision", {"decision": "approve"})
    assert (own.status_code, own.json["slug"]) == (403, "text-same-officer")
    done = site.call(ADMIN, "POST", f"{AT}/revisions/1/decision", {"decision": "approve"})
    assert (done.status_code, done.json["state"]) == (200, "approved")
    assert done.json["since"] == site.clock.today().isoformat()
    assert site.call(CLERK, "GET", AT).json["title"] == wish["title"]
    assert site.call(CLERK, "GET", f"{AT}/revisions/1").json == done.json

    back = site.call(OPERATOR, "POST", f"{AT}/rollback", {"number": 0, "reason": "恢复"})
    assert (back.status_code, back.json["restores"]) == (201, 0)
    assert site.call(CLERK, "GET", AT).json["title"] == shipped["title"]


def test_a_draft_says_what_is_wrong_and_a_proposal_with_it_is_refused(site):
    wish = stated(site, body="{{ nothing.of }} {% for a in b %}{% endfor %}")
    found = site.call(OPERATOR, "POST", f"{AT}/drafts", {key: wish[key] for key in ("title", "body")}).json
    assert found["problems"][0]["pointer"] == "/body"
    assert found["shown"] == []
    refused = site.call(OPERATOR, "POST", f"{AT}/revisions", wish)
    assert (refused.status_code, refused.json["slug"]) == (422, "text-not-usable")


def test_proposals_are_sent_back_withdrawn_and_never_passed_by(site):
    wish = stated(site)
    site.call(OPERATOR, "POST", f"{AT}/revisions", wish)
    again = site.call(ADMIN, "POST", f"{AT}/revisions", wish)
    assert (again.status_code, again.json["slug"]) == (409, "text-pending")
    bare = site.call(ADMIN, "POST", f"{AT}/revisions/1/decision", {"decision": "refuse"})
    assert (bare.status_code, bare.json["fields"][0]["pointer"]) == (422, "/reason")
    refusal = {"decision": "refuse", "reason": "不妥"}
    assert site.call(ADMIN, "POST", f"{AT}/revisions/1/decision", refusal).json["reason"] == "不妥"
    assert site.call(ADMIN, "POST", f"{AT}/revisions/1/decision", refusal).status_code == 409
    stale = site.call(OPERATOR, "POST", f"{AT}/revisions", wish)
    assert (stale.status_code, stale.json["slug"]) == (409, "text-changed")
    site.call(OPERATOR, "POST", f"{AT}/revisions", {**wish, "seen": 1})
    taken = site.call(OPERATOR, "POST", f"{AT}/revisions/2/decision", {"decision": "withdraw"})
    assert taken.json["state"] == "withdrawn"


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/texts/no.such", None, 404),
        ("GET", f"{AT}?language=fr", None, 422),
        ("GET", f"{AT}/revisions/{'9' * 30}", None, 404),
        ("GET", f"{AT}/revisions/²", None, 404),
        ("POST", f"{AT}/rollback", {"number": 7, "reason": "x"}, 409),
        ("POST", f"{AT}/rollback", {"number": 2**31, "reason": "x"}, 422),
        ("POST", f"{AT}/rollback", {"number": "0", "reason": "x"}, 422),
        ("POST", f"{AT}/drafts", {"title": "\u0000", "body": "x"}, 400),
        ("GET", "/providers?days=0", None, 422),
        ("GET", "/escalations?state=x", None, 422),
    ],
)
def test_what_there_is_not_is_refused(site, method, path, body, status):
    answer = site.call(OPERATOR, method, path, body)
    assert answer.status_code in {status, 422} if status == 400 else answer.status_code == status, answer.text


def test_who_may_not_is_refused(site):
    for path, body in ((f"{AT}/drafts", {"title": "x", "body": "y"}), (f"{AT}/revisions", stated(site))):
        assert site.call(CLERK, "POST", path, body).status_code == 403
    assert site.call(CLERK, "GET", "/providers").status_code == 403


def test_ladders_and_how_far_each_has_come(site):
    site.hear(duty_event())
    [mine] = items(site.call(CLERK, "GET", "/escalations?state=open"))
    assert (mine["event_type"], mine["own"], mine["told"], mine["state_name"]) == (
        "duty.overdue",
        True,
        0,
        "催办中",
    )
    assert mine["next_at"] is not None
    site.call(CLERK, "POST", f"/notices/{mine['notice_id']}/acknowledgement")
    [signed] = items(site.call(CLERK, "GET", "/escalations"))
    assert signed["acknowledged_by"]
    assert items(site.call("user-anxi", "GET", "/escalations")) == []
    rules = items(site.call(CLERK, "GET", "/ladders"))
    assert all(each["steps"] and each["source"] for each in rules)
    assert site.call(SUPERVISOR, "GET", "/escalations?limit=1").status_code == 200


def test_how_providers_do(site):
    site.hear(case_event())
    with site.db.write() as session:
        mail = session.scalars(select(Dispatch).where(Dispatch.channel == "email").limit(1)).one()
        tried = {"number": 1, "permanent": False, "duration_ms": 30, "provider": "primary", "cost": 5}
        now = site.clock.system_now()
        for outcome in ("delivered", "failed"):
            session.add(Attempt(id=new_id(), dispatch_id=mail.id, outcome=outcome, at=now, **tried))
    [row] = items(site.call(OPERATOR, "GET", "/providers?days=30"))
    assert (row["provider"], row["attempts"], row["success_rate"], row["cost"]) == ("primary", 2, 0.5, 10)
    site.clock.advance(timedelta(days=40))
    assert items(site.call(OPERATOR, "GET", "/providers?days=30")) == []


def test_what_a_text_message_calls_the_matter_is_worded_like_any_text(site):
    name = "/texts/sms.duty.overdue"
    shipped = site.call(OPERATOR, "GET", name).json
    assert (shipped["title"], shipped["label"]) == ("法定期限已过", "短信：法定期限已过")
    wish = {"title": "十" * 21, "body": shipped["body"], "seen": 0}
    assert site.call(OPERATOR, "POST", f"{name}/revisions", wish).json["slug"] == "text-not-usable"
    assert site.call(OPERATOR, "POST", f"{name}/revisions", {**wish, "title": "有事超期"}).status_code == 201
    site.call(ADMIN, "POST", f"{name}/revisions/1/decision", {"decision": "approve"})
    assert site.browse(OPERATOR, "/texts/sms.duty.overdue").status_code == 200
    assert site.call(OPERATOR, "GET", f"{name}?language=en").status_code == 404
    site.call(CLERK, "PUT", "/phone", {"number": "13800000001"})
    with site.db.write() as session:
        hear_news(site.clock, frozenset({"sms"}))(session, [duty_event()])
    later = site.clock.system_now() + timedelta(days=30)
    given = {"channel": "sms", "holder": "t", "now": later, "lease_seconds": 60, "openings": Openings(9)}
    assert [job.message.kind for job in claim_jobs(site.db, site.keyring, **given)] == ["有事超期"]
