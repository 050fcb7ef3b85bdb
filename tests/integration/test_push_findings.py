"""What a site shows against a receipt is said, counted, told to people, and ends when it is seen right."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from services.credit_push import app as wiring
from services.credit_push.models import Appearance, Delivery, Finding, Listing, metadata, outbox
from services.credit_push.settings import Settings, read_settings
from services.credit_push.sights import appearances_of
from services.credit_push.standing import seen
from services.credit_push.transports.asking import Sight
from services.credit_push.usecases import Deps
from services.credit_push.usecases.asking import Observer
from services.credit_push.usecases.observing import Report, Sighting, observe, take_reports
from shared.ids import new_id
from shared.outbox import record_of
from shared.web.access import Principal
from shared.web.tokens import issue_token
from tests.integration.test_push_attempts import DELIVERY, LISTING
from tests.integration.test_push_grounds import AT, SITE, file, hours, look, proof

CITY, PROVINCE = "credit-quanzhou", "credit-fujian"
HTML = {"Accept": "text/html"}


@pytest.fixture
def deps(tmp_path: Path) -> Iterator[Deps]:
    made = wiring.open_deps(settings(tmp_path))
    metadata.create_all(made.db.engine)
    with made.db.write() as session:
        session.execute(insert(Listing), [LISTING])
    yield made
    made.db.close()


def settings(folder: Path) -> Settings:
    return read_settings({"DATA_DIR": str(folder)})


def findings(deps: Deps) -> list[Any]:
    with deps.db.read() as session:
        return list(session.scalars(select(Finding).order_by(Finding.id)))


def figures(deps: Deps, platform: str) -> tuple[int, int]:
    with deps.db.read() as session:
        told = seen(session, deps.clock.today())[platform]
    return told["contradicted"], told["contradicted_overdue"]


def view(deps: Deps, platform: str) -> dict[str, Any]:
    with deps.db.read() as session:
        return {one["platform"]: one for one in appearances_of(session, deps.catalogue, "l1")}[platform]


def told(deps: Deps) -> list[dict[str, Any]]:
    with deps.db.read() as session:
        records = [record_of(row) for row in session.execute(select(outbox)).all()]
    return [json.loads(one.value) for one in records]


def client(deps: Deps, folder: Path, *roles: str, region: str = "130102") -> Any:
    made = wiring.create_app(settings(folder), deps).test_client()
    who = Principal(new_id(), "甲", "甲", "d", "示例部门", region, frozenset(roles), session_id=new_id())
    token = issue_token(deps.keyring, who, deps.clock.system_now())[0]
    made.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    return made


class Shows:
    """A site that shows everything, or nothing."""

    def __init__(self, displayed: bool) -> None:
        self.displayed = displayed

    def ask(self, match_keys: Sequence[str]) -> dict[str, Sight]:
        return {key: Sight(self.displayed) for key in match_keys}

    def close(self) -> None:
        pass


def relayed(deps: Deps, expects: str, hours_ago: float) -> None:
    """The city has confirmed; what it relays is expected at the province."""
    since = deps.clock.now() - timedelta(hours=hours_ago)
    own = {"id": "c1", "platform": CITY, "state": "acknowledged", "settled_at": since, "created_at": since}
    row = {
        "platform": PROVINCE,
        "via": CITY,
        "sequence": 1,
        "expects": expects,
        "region": "130102",
        "asks": 0,
    }
    with deps.db.write() as session:
        session.execute(insert(Delivery), [DELIVERY | own | {"operation": "list", "match_key": "l1"}])
        more = {"listing_id": "l1", "match_key": "l1", "since": since, "next_ask_at": AT}
        session.execute(insert(Appearance), [row | more])


def ask(deps: Deps, *, displayed: bool) -> None:
    """The province is asked once more."""
    with deps.db.write() as session:
        session.execute(update(Appearance).where(Appearance.platform == PROVINCE).values(next_ask_at=AT))
    Observer(deps, {PROVINCE: Shows(displayed)}, "h").step()


def test_a_sight_against_the_receipt_is_said_counted_told_and_ends(deps: Deps, tmp_path: Path) -> None:
    file(deps, 1, "list", hours(0))
    file(deps, 2, "withdraw", hours(100))
    look(deps, "displayed", hours(200))
    shown = view(deps, SITE)
    assert (shown["evidence"], shown["against_how"], shown["seen_at"]) == ("contradicted", "hand", None)
    assert shown["against_at"] == hours(200)
    look(deps, "displayed", hours(201))
    (one,) = findings(deps)
    assert (one.expects, one.seen_at, one.closed_at) == ("absent", hours(201), None)
    assert one.due_on > deps.clock.today()
    assert figures(deps, SITE) == (1, 0)
    (event,) = told(deps)
    assert (event["kind"], event["platform"], event["listing_id"]) == ("extra", SITE, "l1")
    assert "仍显示应当撤下的名单" in event["detail"]
    officer = client(deps, tmp_path, "operator")
    page = officer.get("/push/listings/l1/appearances", headers=HTML).text
    assert "与回执相反" in page
    assert "只有回执" not in page
    assert "查见仍显示" in page
    assert "1 条待核查" in officer.get(f"/push/platforms/{SITE}", headers=HTML).text
    assert f"findings?platform={SITE}" in officer.get("/push/", headers=HTML).text
    look(deps, "absent", hours(202))
    (one,) = findings(deps)
    assert one.closed_why == "seen"
    assert figures(deps, SITE) == (0, 0)
    assert view(deps, SITE)["evidence"] == "hand"
    assert proof(deps)[0] == "withdrawn"
    look(deps, "displayed", hours(203))
    assert [row.closed_at is None for row in findings(deps)] == [False, True], "a new one each time"


def test_a_person_notes_what_was_done_and_cannot_close_it(deps: Deps, tmp_path: Path) -> None:
    file(deps, 1, "list", hours(0))
    look(deps, "absent", hours(50))
    officer = client(deps, tmp_path, "operator")
    path = "/push/api/v1/findings"
    (item,) = officer.get(path).json["items"]
    assert (item["expects"], item["closed_at"], item["via"]) == ("displayed", None, SITE)
    note = f"{path}/{item['id']}/note"
    assert officer.post(note, json={"note": "号码 11010119900307721X"}).status_code == 422
    answer = officer.post(note, json={"note": "已电话告知平台"})
    assert (answer.json["taken_by"], answer.json["closed_at"]) == ("甲", None)
    assert officer.post(f"{path}/nowhere/note", json={"note": "x"}).status_code == 404
    stranger = client(deps, tmp_path, "supervisor", region="350524")
    assert stranger.post(note, json={"note": "x"}).status_code == 404
    assert stranger.get(path).json["items"] == []
    form = f"/push/findings/{item['id']}/note"
    assert officer.post(form, data={"note": ""}).status_code == 422
    assert officer.post(form, data={"note": "已发函"}).status_code == 303
    page = officer.get("/push/findings", headers=HTML).text
    assert "已发函" in page
    assert "应显示，未显示" in page
    with deps.db.write() as session:
        session.execute(update(Finding).values(due_on=AT.date()))
    assert figures(deps, SITE) == (1, 1)
    assert "已逾期" in officer.get("/push/findings", headers=HTML).text
    look(deps, "displayed", hours(51))
    assert officer.post(note, json={"note": "x"}).json["slug"] == "finding-closed"
    assert officer.get(path).json["items"] == []
    assert len(officer.get(f"{path}?state=closed").json["items"]) == 1


def test_a_newer_receipt_ends_what_it_makes_pointless(deps: Deps) -> None:
    file(deps, 1, "list", hours(0))
    look(deps, "absent", hours(50))
    file(deps, 2, "withdraw", hours(100))
    look(deps, "absent", hours(101))
    (one,) = findings(deps)
    assert (one.closed_why, one.closed_at) == ("passed", hours(100))


def test_a_platform_may_report_against_its_own_receipt(deps: Deps) -> None:
    file(deps, 1, "list", hours(0))
    file(deps, 2, "withdraw", hours(100))

    def report(told: Report) -> int:
        with deps.db.write() as session:
            return take_reports(session, deps, deps.catalogue[SITE], [told])

    assert report(Report(displayed_at=hours(99), key="k2")) == 0, "of the version before it"
    assert report(Report(displayed_at=hours(150), key="k2")) == 1
    assert report(Report(displayed_at=hours(150), key="k2")) == 0, "the same again"
    (one,) = findings(deps)
    assert (one.seen_how, one.closed_at) == ("reported", None)


@pytest.mark.parametrize(
    ("expects", "shows", "kind"), [("displayed", False, "missing"), ("absent", True, "extra")]
)
def test_a_platform_reached_by_relay_has_its_usual_time(
    deps: Deps, expects: str, shows: bool, kind: str
) -> None:
    relayed(deps, expects, hours_ago=71)
    ask(deps, displayed=shows)
    assert findings(deps) == []
    profile = deps.catalogue[PROVINCE]
    faster = replace(profile, observation=replace(profile.observation, relay_hours=70.0))
    deps = replace(deps, catalogue={**deps.catalogue, PROVINCE: faster})
    for _ in "12":
        ask(deps, displayed=shows)
    (one,) = findings(deps)
    assert (one.platform, one.via, one.seen_how) == (PROVINCE, CITY, "asked")
    (event,) = told(deps)
    assert (event["kind"], "转送" in event["detail"]) == (kind, True)
    with deps.db.read() as session:
        row = session.get_one(Appearance, (PROVINCE, "l1"))
        assert row.against_at is not None
    ask(deps, displayed=not shows)
    assert findings(deps)[0].closed_why == "seen"


def test_too_early_a_look_at_a_relay_waits_for_the_question_that_comes_later(deps: Deps) -> None:
    relayed(deps, "displayed", hours_ago=80)
    early = deps.clock.now() - timedelta(hours=79)
    with deps.db.write() as session:
        observe(session, deps, Sighting(PROVINCE, "l1", "absent", "hand", early, "甲"))
    assert findings(deps) == []
    assert view(deps, PROVINCE)["evidence"] == "nothing", "it may still be on its way up"
    ask(deps, displayed=False)
    assert len(findings(deps)) == 1
    assert view(deps, PROVINCE)["evidence"] == "contradicted"
