"""One stand-in per kind of transport, and a bench that speaks to it through our transport alone."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from services.credit_push import app as wiring
from services.credit_push.catalogue import Profile, load_catalogue
from services.credit_push.domain import LIST, WITHDRAW, Record, idempotency_key
from services.credit_push.formats import encode
from services.credit_push.sandbox import intake_exchange, intake_outcomes, intake_packet, intake_topic
from services.credit_push.settings import read_settings
from services.credit_push.transports import KINDS, Transport
from services.credit_push.transports.base import TAKEN, Job, Outcome
from shared.ids import new_id
from tests.conftest import unavailable
from tests.harness.broker import NotAvailable
from tests.harness.database import Server, plain
from tests.harness.mysql import MySql
from tests.harness.platforms import http_json, quick, running_sandbox
from tests.harness.ports import free_port
from tests.harness.sftp import SftpPlace, by_sftp, sftp_server
from tests.harness.wait import until
from tests.unit.credit_push.records import COMPANY, DOCUMENT, PERSON, record

PLATFORMS = {
    "http": ("credit-quanzhou", "trade-quanzhou", "sm3-sample", "sm2-sample"),
    "exchange_db": (
        *("credit-liaoning", "trade-shijiazhuang"),
        *("credit-liaoning on mysql", "trade-shijiazhuang on postgres"),
    ),
    "packet": (
        *("credit-shijiazhuang", "credit-hebei", "credit-hebei by sftp", "gsxt-liaoning"),
        *("packet-xml-sample", "packet-json-sample"),
    ),
    "kafka": ("mirror-sample",),
}

"""Each kind with its variants. Rows carried by a person or fetched by a platform: see tests/integration."""
PROFILES = Path(__file__).parent / "profiles"
NOT_SENT = {"manual", "pull"}
assert set(PLATFORMS) | NOT_SENT == set(KINDS)


@dataclass
class Bench:
    """One platform reached through our own transport."""

    profile: Profile
    transport: Transport
    sandbox: str
    shown: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What was last filed per listing, as a sender would remember it."""

    def record(self, version: int = 1, *, person: bool = False, **changes: Any) -> Record:
        listing_id = changes.pop("listing_id", new_id())
        number = f"示〔2026〕{listing_id[-12:]}号"
        subject = PERSON if person else COMPANY
        changes.setdefault("document", replace(DOCUMENT, number=number))
        changes.setdefault("region", self.profile.takes.regions[0])
        return record(listing_id=listing_id, version=version, sequence=version, subject=subject, **changes)

    def job(self, made: Record, operation: str = LIST, *, batch: str = "", resent: int = 0) -> Job:
        key = idempotency_key(self.profile.id, made.listing_id, made.version, operation, resent)
        content = encode(self.profile, made, operation)
        shown = self.shown.get(made.listing_id)
        return Job(
            new_id(),
            key,
            made.listing_id,
            made.version,
            operation,
            batch or new_id(),
            content,
            (shown,) if shown else (),
        )

    def send(self, *jobs: Job) -> list[Outcome]:
        """Send and, where receipts come later, wait for them."""
        outcomes = {outcome.delivery_id: outcome for outcome in self.transport.send(jobs)}
        assert set(outcomes) == {job.delivery_id for job in jobs}
        settled = [
            self.receipt(job) if outcomes[job.delivery_id].result == TAKEN else outcomes[job.delivery_id]
            for job in jobs
        ]
        for job, outcome in zip(jobs, settled, strict=True):
            if outcome.result == "filed":
                self._remember(job)
        return settled

    def _remember(self, job: Job) -> None:
        if job.operation == WITHDRAW:
            self.shown.pop(job.listing_id, None)
        else:
            self.shown[job.listing_id] = job.content.row

    def receipt(self, job: Job) -> Outcome:
        found = until(
            lambda: [r for r in self.transport.receipts([job.key]) if r.key == job.key],
            15,
            f"receipt {job.key}",
        )
        one = found[0]
        return Outcome(job.delivery_id, one.result, one.receipt_number, one.field, one.code, one.message)

    def records(self, made: Record) -> list[dict[str, Any]]:
        found = http_json("GET", f"{self.sandbox}/records?platform={self.profile.id}")["records"]
        return [one for one in found if one["document_number"] == made.document.number]

    def fault(self, kind: str, count: int = 1) -> None:
        http_json(
            "POST", f"{self.sandbox}/faults", {"platform": self.profile.id, "kind": kind, "count": count}
        )


@pytest.fixture(scope="module", autouse=True)
def _soon() -> Iterator[None]:
    """What the stand-ins do late they do less late here: that it is later is the point, not when."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (intake_exchange, intake_outcomes):
            patch.setattr(module, "RESWEEP_SECONDS", 1.5)
        for module in (intake_exchange, intake_outcomes, intake_packet, intake_topic):
            patch.setattr(module, "LATE_SECONDS", 1.0)
            patch.setattr(module, "CRASHED_SECONDS", 0.5)
        yield


@pytest.fixture(scope="module")
def stand_ins(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    folder, port = tmp_path_factory.mktemp("platforms"), free_port()
    with running_sandbox(folder, port) as url:
        yield folder, url


@pytest.fixture(scope="module")
def sftp_place(stand_ins: tuple[Path, str]) -> Iterator[SftpPlace]:
    """The packet platform's folder behind SFTP."""
    with sftp_server(stand_ins[0] / "sandbox/packets/credit-hebei") as place:
        yield place


EXCHANGES = ("credit-liaoning.db", "trade-shijiazhuang.db")


@pytest.fixture(scope="module")
def exchange_on_mysql(
    mysql_server: MySql, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Path, str, str]]:
    """Stand-ins whose exchange databases lie on MySQL: their folder, address, and the databases' URL."""
    base, folder = mysql_server.fresh(*EXCHANGES), tmp_path_factory.mktemp("on-mysql")
    with running_sandbox(folder, free_port(), exchange=base) as url:
        yield folder, url, base
    mysql_server.drop(base, *EXCHANGES)


@pytest.fixture(scope="module")
def exchange_on_postgres(
    _server: Server | NotAvailable, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Path, str, str]]:
    """The same on PostgreSQL."""
    if isinstance(_server, NotAvailable):
        unavailable(str(_server))
    assert isinstance(_server, Server)
    place, folder = f"t_{new_id()[-12:]}", tmp_path_factory.mktemp("on-postgres")
    base = f"{_server.url.rpartition('/')[0]}/{place}"
    with psycopg.connect(plain(_server.url), autocommit=True) as connection:
        for name in EXCHANGES:
            connection.execute(f'CREATE DATABASE "{place}/{name}" TEMPLATE template0')
        with running_sandbox(folder, free_port(), exchange=base) as url:
            yield folder, url, base
        for name in EXCHANGES:
            connection.execute(f'DROP DATABASE "{place}/{name}" WITH (FORCE)')


@pytest.fixture(params=[name for names in PLATFORMS.values() for name in names])
def bench(request: pytest.FixtureRequest, stand_ins: tuple[Path, str]) -> Iterator[Bench]:
    """Once per kind of transport and variant."""
    (folder, url), exchange = stand_ins, ""
    platform, _, way = request.param.partition(" by ")
    platform, _, database = platform.partition(" on ")
    if database:
        folder, url, exchange = request.getfixturevalue(f"exchange_on_{database}")
    env = {"DATA_DIR": str(folder), "SANDBOX_URL": url, "PLATFORM_KEYS_FILE": str(folder / "sftp-keys.json")}
    env["SANDBOX_EXCHANGE"] = exchange
    settings = read_settings(env)
    deps = wiring.open_deps(settings)
    samples = load_catalogue(settings.catalogue_values(), PROFILES)
    catalogue = {name: quick(profile) for name, profile in {**deps.catalogue, **samples}.items()}
    if way:
        place = request.getfixturevalue("sftp_place")
        (folder / "sftp-keys.json").write_text(json.dumps(place.keys), "utf-8")
        catalogue[platform] = by_sftp(catalogue[platform], place.url)
    transports = wiring.open_ways(settings, replace(deps, catalogue=catalogue))
    yield Bench(catalogue[platform], transports[platform], url)
    http_json("DELETE", f"{url}/faults")
    for transport in transports.values():
        transport.close()
    deps.db.close()
