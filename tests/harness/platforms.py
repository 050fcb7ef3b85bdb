"""The push service against the real stand-in platforms: sandbox over HTTP in this process, loops drained.

`Listing` makes exchange events as the register writes them (identity numbers sealed to us).
"""

import base64
import json
import os
import threading
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from werkzeug.serving import make_server

from services.credit_push import app as wiring
from services.credit_push.catalogue import Profile
from services.credit_push.models import metadata
from services.credit_push.sandbox.app import build_sandbox
from services.credit_push.sandbox.settings import read_sandbox
from services.credit_push.settings import Settings, read_settings
from services.credit_push.transports import Transport
from services.credit_push.usecases import Deps
from services.credit_push.worker import build_loops
from shared.contracts.envelope import Event, new_event
from shared.crypto import KeyRing, hpke_seal
from shared.eventlog import EventLog, open_log
from shared.identifiers import make_resident_id, make_uscc
from shared.ids import new_id
from shared.loops import Loop, drain, run
from shared.web.access import Principal
from shared.web.tokens import issue_token
from tests.harness.bell import LEAST, Bell, ringing
from tests.harness.ports import free_ports
from tests.harness.wait import PATIENCE, until

EXCHANGE = "blacklist.exchange.v1"
OPERATIONS = {
    **dict.fromkeys(("published", "restored", "unshielded"), "list"),
    **dict.fromkeys(("corrected", "annotated"), "correct"),
    **dict.fromkeys(("removed", "revoked", "shielded"), "withdraw"),
}


QUICK_SECONDS = 1.0 if PATIENCE == 1 else 3.0
"""How long a platform may take to answer: one is not ill because the machine stands still for a moment."""


@contextmanager
def running_sandbox(data_dir: Path, port: int, callback_port: int = 9, exchange: str = "") -> Iterator[str]:
    """The stand-in platforms on a port, in threads of this process."""
    env = {
        "DATA_DIR": str(data_dir),
        "SANDBOX_PORT": str(port),
        "PUSH_CALLBACK_URL": f"http://127.0.0.1:{callback_port}",
        "SANDBOX_EXCHANGE": exchange,
    }
    sandbox = build_sandbox(read_sandbox(env))
    server, bell = make_server("127.0.0.1", port, sandbox.app, threaded=True), Bell()
    looking = (sandbox.loops, sandbox.desk.stopping, LEAST, bell.listener)
    threads = [
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True),
        threading.Thread(target=run, args=looking, daemon=True),
    ]
    for thread in threads:
        thread.start()
    ringing.append(bell.ring)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        ringing.remove(bell.ring)
        sandbox.desk.stopping.set()
        server.shutdown()
        for thread in threads:
            thread.join(10 * PATIENCE)
        server.server_close()


def http_json(method: str, url: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Any:
    """One JSON call; an error status raises urllib's HTTPError."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, method=method)
    for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
        request.add_header(name, value)
    with urllib.request.urlopen(request, timeout=15 * PATIENCE) as answer:
        raw = answer.read()
    return json.loads(raw) if raw else None


@dataclass
class Subject:
    """A made-up party."""

    name: str = "示例建设工程有限公司"
    person: bool = False
    code: str = ""


@dataclass
class Listing:
    """A listing as the register would publish it, version by version."""

    keyring: KeyRing
    region: str = "350524"
    domain: str = "engineering-tendering"
    list_class: str = "industry-misconduct"
    subject: Subject = field(default_factory=Subject)
    id: str = field(default_factory=new_id)
    number: str = ""
    sequence: int = 0
    facts: str = "提供虚假业绩材料骗取中标"
    migrated: bool = False
    replay: bool = False
    organ_uscc: str = ""

    def __post_init__(self) -> None:
        serial = int(self.id.replace("-", "")[-9:], 16) % 10**8
        self.number = self.number or f"示住建罚〔2026〕{serial}号"
        if not self.subject.code:
            made = (
                make_resident_id("350524", date(1980, 1, 1), serial % 999)
                if self.subject.person
                else make_uscc("91350524", serial)
            )
            self.subject = Subject(self.subject.name, self.subject.person, made)

    def event(self, kind: str, at: datetime | None = None, **changes: Any) -> Event:
        """The next event of this listing; `changes` overwrite parts of the data."""
        self.sequence += 1
        now = at or datetime.now(UTC)
        data = {**self._data(kind, now), **changes}
        return new_event(
            f"listing.{kind}", source="blacklist", subject=self.id, sequence=self.sequence, data=data, at=now
        )

    def _data(self, kind: str, now: datetime) -> dict[str, Any]:
        gone = OPERATIONS[kind] == "withdraw"
        return {
            "listing_id": self.id,
            "case_id": None,
            "sequence": self.sequence,
            "version": self.sequence,
            "operation": OPERATIONS[kind],
            "occurred_at": now,
            "recorded_at": now,
            "replay": self.replay,
            "migrated": self.migrated,
            "list": {
                "code": "public-resource-blacklist",
                "name": "公共资源配置领域黑名单",
                "class": self.list_class,
                "basis": "国办发〔2017〕97号",
                "rule_version": "1",
            },
            "domain": self.domain,
            "region": self.region,
            "department_id": "department-1",
            "subject": self._subject(),
            "organ": {"name": "示例住房和城乡建设局", "uscc": self.organ_uscc or make_uscc("11350524", 1)},
            "source": {"name": "示例住房和城乡建设局", "uscc": make_uscc("11350524", 1)},
            "document": {
                "kind": "penalty-decision",
                "number": self.number,
                "organ": "示例住房和城乡建设局",
                "date": "2026-11-02",
                "basis": "《中华人民共和国招标投标法》第五十四条",
                "content": "处罚款2.5万元",
                "fine_wan": "2.5",
                "confiscated_wan": None,
                "licence": None,
                "penalty_category": "罚款",
                "valid_until": None,
            },
            "misconduct": {
                "category": "fraudulent-obtaining",
                "facts": self.facts,
                "occurred_on": "2026-03-01",
            },
            "severity": "serious",
            "measures": [],
            "publicity": {
                "start": "2026-11-02",
                "min_end": None,
                "max_end": "2027-11-02",
                "actual_end": None,
            },
            "reason_code": "revoked" if gone else None,
            "reason": "原处罚决定被撤销" if gone else None,
        }

    def _subject(self) -> dict[str, Any]:
        party = self.subject
        return {
            "type": "individual" if party.person else "organization",
            "name": party.name,
            "former_names": [],
            "uscc": None if party.person else party.code,
            "codes": dict.fromkeys(("registration", "org_code", "tax", "institution", "social")),
            "legal_representative": None if party.person else "示例人",
            "legal_representative_id_type": None,
            "id_type": "resident-id" if party.person else None,
            "id_masked": party.code[:4] + "*" * 14 if party.person else None,
            "identity": [self._sealed("id_number", party.code)] if party.person else [],
        }

    def _sealed(self, name: str, value: str) -> dict[str, str]:
        key = self.keyring.recipients()["credit-push"][0]
        aad = f"{EXCHANGE}|{self.id}|{self.sequence}|{name}".encode()
        sealed = hpke_seal(key.public, value.encode(), aad, b"credit-blacklist exchange v1")
        return {
            "field": name,
            "recipient": "credit-push",
            "key_id": key.key_id,
            "sealed": base64.b64encode(sealed).decode(),
        }


@dataclass
class PushWorld:
    """The push service wired as in production, in this process, against the stand-ins."""

    settings: Settings
    deps: Deps
    log: EventLog
    transports: Mapping[str, Transport]
    loops: list[Loop]
    sandbox: str

    def publish(self, *events: Event) -> None:
        """As the register's relay would."""
        self.log.append([event.to_record(EXCHANGE) for event in events])

    def run(self) -> None:
        """Every loop until none has work left."""
        drain(self.loops)

    def listing(self, **given: Any) -> Listing:
        return Listing(self.deps.keyring, **given)

    def until(self, condition: Any, what: str = "", timeout: float = 20.0) -> Any:
        """Drain again and again until the condition holds."""

        def look() -> Any:
            self.run()
            return condition()

        return until(look, timeout, what)

    def deliveries(self, listing_id: str, platform: str | None = None) -> list[Any]:
        from services.credit_push import queries

        with self.deps.db.read() as session:
            rows = queries.deliveries(
                session, queries.Filter(listing_id=listing_id, platform=platform), None, 100
            )
        return sorted(rows, key=lambda row: (row.platform, row.sequence, row.id))

    def states(self, listing_id: str, platform: str | None = None) -> list[tuple[str, str, str]]:
        return [(row.platform, row.operation, row.state) for row in self.deliveries(listing_id, platform)]

    def records(self, platform: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = http_json("GET", f"{self.sandbox}/records?platform={platform}")[
            "records"
        ]
        return found

    def fault(self, platform: str, kind: str, **how: Any) -> None:
        http_json("POST", f"{self.sandbox}/faults", {"platform": platform, "kind": kind, **how})

    def clear_faults(self) -> None:
        http_json("DELETE", f"{self.sandbox}/faults")

    def token(self, *roles: str, region: str = "130102", name: str = "tester") -> str:
        who = Principal(
            new_id(),
            name,
            "测试",
            "department-1",
            "示例部门",
            region,
            frozenset(roles),
            session_id=new_id(),
        )
        return issue_token(self.deps.keyring, who, self.deps.clock.system_now())[0]

    def client(self, *roles: str, region: str = "130102", name: str = "tester") -> Any:
        app = wiring.create_app(self.settings, self.deps)
        client = app.test_client()
        if roles:
            client.environ_base["HTTP_AUTHORIZATION"] = (
                f"Bearer {self.token(*roles, region=region, name=name)}"
            )
        return client


def quick(profile: Profile) -> Profile:
    """The same platform with short waits, so that what takes minutes in life takes moments here."""
    return replace(
        profile,
        retry_seconds=(0.05, 0.1, 0.1, 0.1),
        receipts=replace(profile.receipts, wait_seconds=0.5),
        transport=replace(profile.transport, timeout_seconds=QUICK_SECONDS),
    )


@contextmanager
def push_world(
    data_dir: Path,
    *,
    db_url: str | None = None,
    events_url: str | None = None,
    api: bool = True,
    worker: bool = True,
    tune: Callable[[Profile], Profile] = quick,
) -> Iterator[PushWorld]:
    """Fresh databases, sandbox and (where callbacks are wanted) our API on ports of their own."""
    port, sandbox_port = free_ports(2)
    env = {
        **{name: value for name, value in os.environ.items() if name in ("PATH", "HOME")},
        "DATA_DIR": str(data_dir),
        "SANDBOX_URL": f"http://127.0.0.1:{sandbox_port}",
    }
    if db_url:
        env["CREDIT_PUSH_DB_URL"] = db_url
    if events_url:
        env["EVENTS_URL"] = events_url
    settings = read_settings(env)
    opened = wiring.open_deps(settings)
    deps = replace(opened, catalogue={name: tune(each) for name, each in opened.catalogue.items()})
    metadata.create_all(deps.db.engine)
    log = open_log(settings.common.events_url)
    with running_sandbox(data_dir, sandbox_port, port) as url, _api(settings, deps, port, wanted=api):
        transports = wiring.open_ways(settings, deps)
        posts = wiring.posts_of(settings, deps)
        loops = build_loops(deps, log, transports, settings.holder, posts=posts) if worker else []
        try:
            yield PushWorld(settings, deps, log, transports, loops, url)
        finally:
            for loop in loops:
                close = getattr(loop, "close", None)
                if close is not None:
                    close()
            log.close()
            deps.db.close()


@contextmanager
def _api(settings: Settings, deps: Deps, port: int, *, wanted: bool) -> Iterator[None]:
    if not wanted:
        yield
        return
    server = make_server("127.0.0.1", port, wiring.create_app(settings, deps), threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join(10 * PATIENCE)
        server.server_close()
