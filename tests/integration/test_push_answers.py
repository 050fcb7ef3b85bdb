"""What became of a request goes back to the platform it came from: in order, once, and seen where not."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from services.blacklist.cases.consumes import open_requests
from services.blacklist.cases.models import Case
from services.blacklist.store import outbox as office_outbox
from services.credit_push import requested
from services.credit_push.app import posts_of
from services.credit_push.models import RequestAnswer
from services.credit_push.models import outbox as push_outbox
from services.credit_push.transports.base import Preview
from services.credit_push.transports.told import Post, Told
from services.credit_push.usecases.answering import Answerer, plan_answers, send_again
from shared.contracts.envelope import Event, from_record, new_event
from shared.db import Database
from shared.errors import Conflict
from shared.ids import new_id
from shared.outbox import record_of
from tests.harness.platforms import PushWorld, http_json, push_world
from tests.harness.wait import until
from tests.unit.blacklist.case_office import Office, memory_database, open_office

NATION = "credit-china"
HTML = {"Accept": "text/html"}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PushWorld]:
    with push_world(tmp_path_factory.mktemp("answers")) as made:
        yield made


@pytest.fixture
def office(tmp_path: Path, clock: Any) -> Iterator[Office]:
    db = memory_database()
    yield open_office(db, tmp_path, clock)
    db.close()


def queued(db: Database, table: Any, kind: str) -> list[Event]:
    with db.read() as session:
        records = [record_of(row) for row in session.execute(select(table).order_by(table.c.id)).all()]
    return [event for event in map(from_record, records) if event.type.startswith(kind)]


def file(world: PushWorld, listing_id: str, kind: str = "objection") -> Event:
    """A party files it at the stand-in, whose door call we take: what the push service tells of it."""
    told = {"platform": NATION, "kind": kind, "listing_id": listing_id, "evidence": "附判决书"}
    http_json("POST", f"{world.sandbox}/filings", told)
    return queued(world.deps.db, push_outbox, "request.")[-1]


def listed(world: PushWorld, listing_id: str, case_id: str) -> None:
    listing = world.listing(region="000000", id=listing_id)
    world.publish(listing.event("published", case_id=case_id))
    world.until(lambda: (NATION, "list", "acknowledged") in world.states(listing_id, NATION), "listed")


def known(world: PushWorld, ticket: str) -> list[str]:
    """What the platform was told of a ticket, in the order in which it took it."""
    found = http_json("GET", f"{world.sandbox}/answers?platform={NATION}")["answers"]
    return [one["outcome"] for one in found if one["ticket"] == ticket]


def rows(world: PushWorld, ticket: str) -> list[RequestAnswer]:
    with world.deps.db.read() as session:
        query = select(RequestAnswer).where(RequestAnswer.ticket == ticket)
        return list(session.scalars(query.order_by(RequestAnswer.sequence)))


def outcome(ticket: str, listing_id: str, said: str = "refused", sequence: int = 1) -> Event:
    now, case_id = datetime.now(UTC), new_id()
    data = {"case_id": case_id, "listing_id": listing_id, "sequence": sequence, "department_id": "d"}
    data |= {"region": "130102", "document_number": "示〔2026〕1号", "kind": "objection", "platform": NATION}
    data |= {"ticket": ticket, "outcome": said, "reason": "材料不全", "occurred_at": now, "recorded_at": now}
    return new_event(
        "request.answered", source="blacklist", subject=case_id, sequence=sequence, data=data, at=now
    )


def plan(world: PushWorld, *events: Event) -> None:
    """As the consumer does, which reads what was written."""
    read = [from_record(event.to_record("blacklist.cases.v1")) for event in events]
    with world.deps.db.write() as session:
        plan_answers(session, world.deps, read)


def _read(event: Event) -> Event:
    return from_record(event.to_record("blacklist.cases.v1"))


def test_from_the_platform_to_the_case_and_back(world: PushWorld, office: Office) -> None:
    case = office.published()
    assert case.listing_id is not None
    listed(world, case.listing_id, case.id)
    asked = file(world, case.listing_id)
    ticket = asked.data["ticket"]
    here = replace(asked, data=asked.data | {"received_on": office.clock.today().isoformat()})
    with office.deps.db.write() as session:
        open_requests(office.deps)(session, [here])
    with office.deps.db.read() as session:
        case = session.get_one(Case, case.id)
    case = office.take(case, "accept_objection", "clerk")
    office.take(case, "settle_objection", "decider", upheld=False, reason="核查无误")
    told = queued(office.deps.db, office_outbox, "request.answered")
    world.fault(NATION, "error500", count=1)
    records = [event.to_record("blacklist.cases.v1") for event in told]
    world.log.append(records)
    world.until(lambda: len(known(world, ticket)) == 2, "told")
    world.log.append(records)
    world.run()
    assert known(world, ticket) == ["受理", "异议不成立"]
    first, second = rows(world, ticket)
    assert (first.state, second.state) == ("answered", "answered")
    assert (first.attempts, second.attempts) == (2, 1)
    assert second.receipt_number
    page = world.client("operator").get("/push/requests", headers=HTML).text
    assert "异议不成立" in page
    assert "已回传" in page
    assert "异议不成立：核查无误" in _page(world)


def _page(world: PushWorld) -> str:
    from urllib.request import urlopen

    with urlopen(f"{world.sandbox}/platforms/{NATION}") as answer:
        return str(answer.read().decode())


class Killed(BaseException):
    """Stands for the end of the process."""


class DyingPost:
    """Delivers, and the process dies before it can write that down."""

    def __init__(self, real: Post) -> None:
        self._real = real

    def tell(self, body: bytes) -> Told:
        assert self._real.tell(body).result in ("taken", "laid")
        raise Killed

    def preview(self, body: bytes) -> Preview:
        return self._real.preview(body)

    def close(self) -> None:
        self._real.close()


def test_a_kill_between_sending_and_writing_down_tells_it_once(world: PushWorld) -> None:
    listing_id = new_id()
    listed(world, listing_id, "case-2")
    ticket = file(world, listing_id).data["ticket"]
    for loop in world.loops:  # another worker holds the lease
        if loop.name == "answerer":
            loop.close()  # type: ignore[attr-defined]
    plan(world, outcome(ticket, listing_id))
    posts = posts_of(world.settings, world.deps)
    dying = Answerer(world.deps, {NATION: DyingPost(posts[NATION])}, "dying")
    with pytest.raises(Killed):
        dying.step()
    assert known(world, ticket) == ["不予受理"]
    assert rows(world, ticket)[0].state == "waiting"
    dying.close()  # its lease has lapsed
    after = Answerer(world.deps, posts, "after")
    until(lambda: after.step() or rows(world, ticket)[0].state == "answered", 20, "told again")
    (row,) = rows(world, ticket)
    assert (row.state, row.attempts, known(world, ticket)) == ("answered", 2, ["不予受理"])
    after.close()


def test_what_the_platform_refuses_is_seen_and_settled_by_a_person(world: PushWorld) -> None:
    ticket, client, listing_id = f"没有的受理号-{new_id()}", world.client("operator"), new_id()
    listed(world, listing_id, new_id())
    plan(world, outcome(ticket, listing_id))
    world.until(lambda: rows(world, ticket)[0].state == "dead", "refused")
    world.run()
    reader = world.log.reader(["credit-push.deliveries.v1"], "answers")
    said = [from_record(one) for one in reader.poll(500, timeout=1.0)]
    reader.close()
    (told,) = [one for one in said if one.type == "answer.dead" and one.data["ticket"] == ticket]
    assert (told.data["platform"], told.data["attempts"]) == (NATION, 1)
    board = client.get("/push/", headers=HTML).text
    assert "处理没有告知平台的办理结果" in board
    assert "回传失败" in client.get(f"/push/listings/{listing_id}", headers=HTML).text
    (row,) = rows(world, ticket)
    page = client.get("/push/answers?state=dead", headers=HTML).text
    assert ticket in page
    assert "没有此受理号" in page
    assert client.post(f"/push/api/v1/answers/{row.id}/again").json["state"] == "waiting"
    world.until(lambda: rows(world, ticket)[0].state == "dead", "refused again")
    assert client.post(f"/push/answers/{row.id}/told", data={"note": ""}, headers=HTML).status_code == 422
    narrowed = f"/push/answers/{row.id}/told?state=dead"
    wrong = client.post(narrowed, data={"note": "已告知 11010519491231002X"}, headers=HTML)
    assert (wrong.status_code, f'href="#note-{row.id}"' in wrong.text) == (422, True)
    assert f'id="note-{row.id}-error"' in wrong.text, "at the field as well"
    assert 'value="已告知 11010519491231002X"' in wrong.text
    assert narrowed in wrong.text, "the filter stays"
    assert 'data-label="处理"' in wrong.text, "stacked on a telephone"
    done = client.post(narrowed, data={"note": "电话告知"}, headers=HTML)
    assert (done.status_code, done.headers["Location"]) == (303, "/push/answers?state=dead")
    with world.deps.db.read() as session:
        trail = requested.attempts_of(session, [row.id])[row.id]
    assert [one.result for one in trail] == ["refused", "again", "refused", "told"]
    assert [one.who for one in trail] == [None, "tester", None, "tester"]
    assert [one.key for one in trail] == [row.id, None, f"{row.id}:r1", None]
    assert trail[0].body_sha256 != trail[2].body_sha256
    page = client.get(f"/push/answers?ticket={ticket}", headers=HTML).text
    assert all(one.body_sha256 in page for one in trail if one.body_sha256)
    assert client.post(f"/push/api/v1/answers/{row.id}/again").json["slug"] == "answer-settled"
    again = client.post(f"/push/api/v1/answers/{row.id}/told", json={"note": "再次告知"})
    assert again.json["slug"] == "answer-settled"
    (item,) = client.get(f"/push/api/v1/answers?ticket={ticket}").json["items"]
    assert (item["state"], item["note"], item["told_by"]) == ("told", "电话告知", "tester")
    elsewhere = world.client("supervisor", region="350524")
    assert elsewhere.get(f"/push/api/v1/answers?ticket={ticket}").json["items"] == []
    assert elsewhere.post(f"/push/api/v1/answers/{row.id}/again").status_code == 404


def test_what_was_said_later_stays_the_last_word(world: PushWorld) -> None:
    ticket, listing_id = f"没有的受理号-{new_id()}", new_id()
    first = outcome(ticket, listing_id, "accepted")
    second = outcome(ticket, listing_id, "rejected", sequence=2)
    plan(world, first, replace(second, subject=first.subject, data=second.data | {"case_id": first.subject}))
    world.until(lambda: [row.state for row in rows(world, ticket)] == ["dead", "dead"], "refused")
    early, late = rows(world, ticket)
    client = world.client("operator")
    told = f"/push/api/v1/answers/{late.id}/told"
    named = client.post(told, json={"note": "已告知 11010519491231002X"})
    assert (named.status_code, named.json["fields"][0]["pointer"]) == (422, "/note")
    assert client.post(told, json={"note": "电话告知"}).json["state"] == "told"
    again = client.post(f"/push/api/v1/answers/{early.id}/again")
    assert (again.status_code, again.json["slug"]) == (409, "answer-overtaken")


def test_what_may_be_on_its_way_is_not_overtaken_by_what_came_before(world: PushWorld) -> None:
    ticket, listing_id = f"没有的受理号-{new_id()}", new_id()
    first = outcome(ticket, listing_id, "accepted")
    plan(world, first)
    world.until(lambda: [row.state for row in rows(world, ticket)] == ["dead"], "refused")
    second = outcome(ticket, listing_id, "material-requested", sequence=2)
    plan(world, replace(second, subject=first.subject, data=second.data | {"case_id": first.subject}))
    early, late = rows(world, ticket)
    with world.deps.db.write() as session:
        session.get_one(RequestAnswer, late.id).attempts = 1
    with pytest.raises(Conflict, match="正在告知"), world.deps.db.write() as session:
        send_again(session, world.deps, early.id, "tester")
    with world.deps.db.write() as session:
        silent = session.get_one(RequestAnswer, late.id)
        silent.attempts, silent.state, silent.body_sha256 = 99, "dead", "0" * 64
    for _again in range(2):  # tried to the end without a word, then once more from the beginning
        with pytest.raises(Conflict, match="正在告知"), world.deps.db.write() as session:
            send_again(session, world.deps, early.id, "tester")
        with world.deps.db.write() as session:
            if session.get_one(RequestAnswer, late.id).state == "dead":
                send_again(session, world.deps, late.id, "tester")
    with world.deps.db.write() as session:
        unsent = session.get_one(RequestAnswer, late.id)
        unsent.attempts, unsent.state, unsent.body_sha256 = 0, "waiting", None
    with world.deps.db.write() as session:
        send_again(session, world.deps, early.id, "tester")
    assert [row.state for row in rows(world, ticket)] == ["waiting", "waiting"], "the first goes first"
    world.until(lambda: [row.state for row in rows(world, ticket)] == ["dead", "dead"], "both in order")


def test_a_platform_without_a_word_for_it_is_told_by_hand(world: PushWorld) -> None:
    profile, ticket = world.deps.catalogue[NATION], new_id()
    words = {name: word for name, word in profile.answers.outcomes.items() if name != "material-requested"}
    other = replace(profile, answers=replace(profile.answers, outcomes=words))
    deps = replace(world.deps, catalogue={**world.deps.catalogue, NATION: other})
    with deps.db.write() as session:
        plan_answers(session, deps, [_read(outcome(ticket, new_id(), "material-requested"))])
    assert [row.state for row in rows(world, ticket)] == ["awaiting-hand"]


@pytest.mark.parametrize(("by", "state"), [("hand", "awaiting-hand"), ("events", "by-events")])
def test_a_platform_without_an_address_is_told_otherwise(world: PushWorld, by: str, state: str) -> None:
    profile = world.deps.catalogue[NATION]
    other = replace(profile, answers=replace(profile.answers, by=by))
    deps = replace(world.deps, catalogue={**world.deps.catalogue, NATION: other})
    ticket = new_id()
    event = outcome(ticket, new_id())
    with deps.db.write() as session:
        plan_answers(session, deps, [from_record(event.to_record("blacklist.cases.v1"))])
    assert [(row.state, row.next_at) for row in rows(world, ticket)] == [(state, None)]


def test_the_platform_takes_only_what_is_right(world: PushWorld) -> None:
    posts = posts_of(world.settings, world.deps)
    told = {"idempotency_key": "k", "ticket": "T", "kind": "objection", "listing_id": "l"}
    told |= {
        "document_number": "",
        "outcome": "准予修复",
        "reason": "",
        "decided_at": "2026-11-02T00:00:00+08:00",
    }
    for changes in ({}, {"more": "x"}, {"outcome": "受理"}, {"outcome": "受理", "decided_at": "昨天"}):
        said = posts[NATION].tell(json.dumps(told | changes).encode())
        assert said.result == "refused"
    posts[NATION].close()
