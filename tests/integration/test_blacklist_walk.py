"""The contract's case by HTTP through the blacklist service: filed, published, revoked; found and gone."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from services.blacklist.app import PACKAGE, build_loops, create_app
from services.blacklist.sample import load_sample_world
from services.blacklist.settings import Settings, read_settings
from services.blacklist.store import SOURCE, Deps
from shared.calendar import builtin_calendar
from shared.clock import FixedClock
from shared.contracts.envelope import new_event
from shared.crypto import KeyRing
from shared.db import migrate, open_database
from shared.eventlog import EventLog, open_log
from shared.identifiers import make_uscc
from shared.ids import new_id
from shared.loops import Loop, drain

pytestmark = pytest.mark.tables("services.blacklist", migrated=True)

LISTING_TOPICS = ("blacklist.exchange.v1", "blacklist.public.v1")


@dataclass(frozen=True)
class Service:
    """The whole blacklist service on one database and one event log, stepped by hand."""

    client: FlaskClient
    loops: Sequence[Loop]
    log: EventLog
    accounts: list[dict[str, Any]]
    clock: FixedClock

    def officer(self, role: str, region: str = "130102") -> "Officer":
        found = next(each for each in self.accounts if each["region"] == region and each["roles"] == [role])
        given = {"username": found["username"], "password": found["password"]}
        answer = self.client.post("/api/v1/session", json=given)
        assert answer.status_code == 200, answer.text
        return Officer(self.client, {"Authorization": f"Bearer {answer.get_json()['token']}"})

    def events(self, topic: str) -> list[tuple[str, dict[str, Any]]]:
        drain(self.loops)
        reader = self.log.reader([topic], f"test-{new_id()}")
        try:
            records = reader.poll(500)
        finally:
            reader.close()
        return [(dict(each.headers)["ce_type"].decode(), json.loads(each.value)) for each in records]


@dataclass(frozen=True)
class Officer:
    """Someone signed in."""

    client: FlaskClient
    headers: dict[str, str]

    def post(self, path: str, body: dict[str, Any], status: int = 200, **headers: str) -> dict[str, Any]:
        answer = self.client.post(path, json=body, headers={**self.headers, **headers})
        assert answer.status_code == status, answer.text
        found: dict[str, Any] = answer.get_json()
        return found

    def act(self, case: dict[str, Any], action: str, status: int = 200, **given: Any) -> dict[str, Any]:
        body = {"action": action, "version": case["version"], **given}
        return self.post(f"/api/v1/cases/{case['id']}/transitions", body, status)


@pytest.fixture
def settings(any_db_url: str, tmp_path: Path) -> Settings:
    return read_settings(
        {
            "DATA_DIR": str(tmp_path),
            "BLACKLIST_DB_URL": any_db_url,
            "EVENTS_URL": f"sqlite:///{tmp_path}/events.db",
        }
    )


@pytest.fixture
def service(settings: Settings, clock: FixedClock, tmp_path: Path) -> Iterator[Service]:
    migrate(settings.common.db_url, PACKAGE)
    deps = Deps(
        db=open_database(settings.common.db_url),
        clock=clock,
        keyring=KeyRing.load_or_create(settings.common.keys_file),
        calendar=builtin_calendar(),
        data_dir=tmp_path,
    )
    load_sample_world(deps.db, clock=clock, data_dir=tmp_path)
    log = open_log(settings.common.events_url)
    accounts = json.loads((tmp_path / "accounts.json").read_text())
    app = create_app(settings, deps)
    yield Service(app.test_client(), build_loops(settings, deps), log, accounts, clock)
    log.close()
    deps.db.close()


def filing(region: str = "130102") -> dict[str, Any]:
    return {
        "list_code": "public-resource-blacklist",
        "domain": "engineering-tendering",
        "region": region,
        "subject": {
            "type": "organization",
            "name": "石家庄示例建设工程有限公司",
            "uscc": make_uscc(f"91{region}", 7),
            "legal_representative": "示例人",
        },
        "misconduct": {
            "category": "fraudulent-obtaining",
            "facts": "提供虚假业绩材料骗取中标",
            "occurred_on": "2026-03-01",
        },
        "document": {
            "kind": "penalty-decision",
            "number": "长住建罚〔2026〕12号",
            "organ": "石家庄市长安区住房和城乡建设局",
            "date": "2026-10-28",
            "basis": "招标投标法第五十四条",
            "content": "处罚款2.5万元",
            "fine_wan": "2.5",
            "penalty_category": "罚款",
        },
        "disclosure": {"attribute": "proactive"},
    }


def published(service: Service, body: dict[str, Any]) -> dict[str, Any]:
    clerk, reviewer, decider = (service.officer(role) for role in ("clerk", "reviewer", "decider"))
    case = clerk.post("/api/v1/cases", body, 201, **{"Idempotency-Key": new_id()})
    case = clerk.act(case, "submit")
    case = reviewer.act(case, "approve_notice", notice_number="示告〔2026〕1号")
    case = clerk.act(case, "record_statement", waived=True)
    case = decider.act(case, "decide", severity="serious", measures=[], publicity_months=12)
    case = clerk.act(case, "record_service", method="direct", served_on=service.clock.today().isoformat())
    return decider.act(case, "publish")


def found(service: Service, words: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = service.client.get(
        "/api/v1/register", query_string={"q": words}
    ).get_json()["items"]
    return items


def test_a_case_is_filed_published_found_revoked_and_gone(service: Service) -> None:
    body = filing()
    case = published(service, body)
    assert case["state"] == "published"
    listing_id = case["listing_id"]
    (line,) = found(service, body["subject"]["name"])
    assert (line["id"], line["verdict"]) == (listing_id, "listed")
    shown = service.client.get(f"/api/v1/register/{listing_id}").get_json()
    assert shown["document"]["number"] == body["document"]["number"]
    assert [each[0] for each in service.events("blacklist.exchange.v1")] == ["listing.published"]

    document = {"number": "示撤〔2026〕1号", "date": service.clock.today().isoformat()}
    moved = service.officer("decider").act(case, "revoke", reason="原处罚决定被撤销", document=document)
    assert moved["state"] == "revoked"
    assert found(service, body["subject"]["name"]) == []
    assert service.client.get(f"/api/v1/register/{listing_id}").status_code == 404
    assert [each[0] for each in service.events("blacklist.exchange.v1")] == [
        "listing.published",
        "listing.revoked",
    ]
    assert [each[0] for each in service.events("blacklist.public.v1")] == [
        "listing.current",
        "listing.withdrawn",
    ]
    verbs = [each[0] for each in service.events("blacklist.cases.v1")]
    assert verbs[0] == "case.submitted"
    assert {"case.noticed", "case.decided", "case.served", "case.published", "case.revoked"} <= set(verbs)


def test_delivery_states_flow_back_to_the_listing(service: Service) -> None:
    case = published(service, filing())
    listing_id = case["listing_id"]
    for sequence, state in enumerate(("accepted", "acknowledged"), start=1):
        event = delivery(listing_id, sequence, state, service)
        service.log.append([event.to_record("credit-push.deliveries.v1")])
    drain(service.loops)
    (line,) = service.client.get(f"/api/v1/register/{listing_id}/deliveries").get_json()["items"]
    assert (line["platform"], line["state"], line["operation"]) == (
        "credit-shijiazhuang",
        "acknowledged",
        "list",
    )
    late = delivery(listing_id, 1, "accepted", service)
    service.log.append([late.to_record("credit-push.deliveries.v1")])
    drain(service.loops)
    (line,) = service.client.get(f"/api/v1/register/{listing_id}/deliveries").get_json()["items"]
    assert line["state"] == "acknowledged"


def delivery(listing_id: str, sequence: int, state: str, service: Service) -> Any:
    at = service.clock.now()
    data = {
        "delivery_id": new_id(),
        "listing_id": listing_id,
        "sequence": sequence,
        "version": 1,
        "platform": "credit-shijiazhuang",
        "platform_name": "信用石家庄",
        "operation": "list",
        "state": state,
        "at": at,
        "due": "2026-11-11",
        "late": False,
        "receipt_number": "R1",
        "reason": None,
        "field": None,
        "code": None,
        "attempts": 1,
        "department_id": None,
        "region": "130102",
        "list_code": "public-resource-blacklist",
        "subject_name": "示例",
        "document_number": "1",
        "recorded_at": at,
    }
    return new_event(
        f"delivery.{state}", source="credit-push", subject=listing_id, sequence=sequence, data=data, at=at
    )


def test_the_case_shows_which_departments_were_told(service: Service) -> None:
    case = published(service, filing())
    told = {
        "notice_id": new_id(),
        "sequence": 1,
        "event_type": "case.published",
        "subject_id": case["id"],
        "department_id": None,
        "channel": "inbox",
        "at": service.clock.now(),
        "reason": None,
    }
    event = new_event(
        "notice.delivered",
        source="notifier",
        subject=case["id"],
        sequence=1,
        data=told,
        at=service.clock.now(),
    )
    service.log.append([event.to_record("notifier.deliveries.v1")])
    drain(service.loops)
    clerk = service.officer("clerk")
    (line,) = service.client.get(f"/api/v1/cases/{case['id']}", headers=clerk.headers).get_json()["notices"]
    assert (line["event_type"], line["channel"], line["state"]) == ("case.published", "inbox", "delivered")


def test_suspension_hides_at_once_and_lapses_back(service: Service) -> None:
    body = filing()
    case = published(service, body)
    case = service.officer("reviewer").act(case, "suspend", reason="情况核实中")
    assert found(service, body["subject"]["name"]) == []
    assert service.client.get(f"/api/v1/register/{case['listing_id']}/versions").status_code == 404
    assert [each[0] for each in service.events("blacklist.exchange.v1")][-1] == "listing.shielded"


def test_every_source_is_this_service(service: Service) -> None:
    published(service, filing())
    drain(service.loops)
    for topic in LISTING_TOPICS:
        reader = service.log.reader([topic], "sources")
        assert {dict(each.headers)["ce_source"].decode() for each in reader.poll(100)} == {SOURCE}
        reader.close()
