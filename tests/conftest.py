"""Fixtures all tests share. What cannot be had for real is skipped loudly, or fails under REQUIRE_REAL=1."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import pytest
from argon2 import PasswordHasher
from flask import Flask, Response, request, request_finished
from hypothesis import HealthCheck, settings

from shared.clock import FixedClock
from shared.contracts.topics import Topic
from shared.db import Database, engine, open_database
from shared.eventlog import EventLog, open_log
from shared.web.openapi import possible_problems
from tests.harness.broker import Broker, NotAvailable, find_broker
from tests.harness.database import Server, find_server
from tests.harness.mysql import MySql, find_mysql
from tests.harness.order import ByFile, longest_first
from tests.harness.process import end_orderly
from tests.harness.rubbish import look_no_more, look_seldom
from tests.harness.tables import ReadyTables

# A method the path does not have; a fault, which other tests look for; a database that is away.
FRAMEWORKS_OWN = {405, 500, 503}
Program = TypeVar("Program", Broker, Server, MySql)
_missing: set[str] = set()
# How long an example takes says something of the machine, nothing of the code.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--run-soak", action="store_true", help="also run tests marked soak (SOAK_SECONDS)")


def pytest_configure(config: pytest.Config) -> None:
    look_no_more()
    end_orderly()
    engine.SYNCHRONOUS = "OFF"  # in this process; those that tests kill write as in production
    config.addinivalue_line("markers", "tables(package, migrated=False): any_db begins with its empty tables")
    config.addinivalue_line("markers", "soak: runs as long as SOAK_SECONDS says; needs --run-soak")
    config.addinivalue_line("markers", "longer: of the suite, and for SOAK_SECONDS under make soak")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if hasattr(config, "workerinput"):
        longest_first(items)
    if config.getoption("--run-soak"):
        return
    for item in items:
        if item.get_closest_marker("soak"):
            item.add_marker(pytest.mark.skip(reason="runs under make soak"))


def pytest_collection_finish() -> None:
    look_seldom()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    return ByFile(config, log) if config.getoption("dist") == "loadfile" else None


def unavailable(reason: str) -> None:
    """Skips the test, unless the run promises to test against real programs."""
    if os.environ.get("REQUIRE_REAL") == "1":
        pytest.fail(f"REQUIRE_REAL=1 but {reason}", pytrace=False)
    _missing.add(reason)
    pytest.skip(reason)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for reason in sorted(_missing):
        terminalreporter.write_line(f"NOT TESTED FOR REAL: {reason}", red=True, bold=True)


@pytest.fixture(autouse=True)
def _every_answer_is_documented() -> Iterator[None]:
    """No in-process application answers a refusal that its OpenAPI document does not name for the route."""
    surprises: list[str] = []

    def look(app: Flask, response: Response, **_: object) -> None:
        rule, status = request.url_rule, response.status_code
        if rule is None or "/api/" not in rule.rule or status < 400 or status in FRAMEWORKS_OWN:
            return
        view, path = app.view_functions[rule.endpoint], rule.rule.replace("<", "{")
        if status not in possible_problems(request.method.lower(), path, view):
            surprises.append(f"{request.method} {rule.rule} answered {status}, undocumented (@problems)")

    with request_finished.connected_to(look):
        yield
    assert not surprises, "\n".join(surprises)


@pytest.fixture(scope="session", autouse=True)
def production_hasher() -> Iterator[PasswordHasher | None]:
    """What hashes passwords in production; tests, whose worlds have dozens of accounts, hash cheaply."""
    passwords = sys.modules.get("services.blacklist.identity.usecases.passwords")
    if passwords is None:
        yield None
        return
    real = passwords.HASHER
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        yield real


def _while_wanted(find: Callable[[], Program]) -> Iterator[Program | NotAvailable]:
    """The real program until the last test that asks for it is over, or why there is none."""
    try:
        program = find()
    except NotAvailable as error:
        yield error
        return
    yield program
    program.close()


@pytest.fixture(scope="session")
def _broker() -> Iterator[Broker | NotAvailable]:
    yield from _while_wanted(find_broker)


@pytest.fixture(scope="session")
def kafka_url(_broker: Broker | NotAvailable) -> str:
    """EVENTS_URL of a real broker without any topic of the contract: call ensure_topics(kafka_url)."""
    if isinstance(_broker, NotAvailable):
        unavailable(str(_broker))
    assert isinstance(_broker, Broker)
    return _broker.url


@pytest.fixture(scope="session")
def _server() -> Iterator[Server | NotAvailable]:
    yield from _while_wanted(find_server)


@pytest.fixture(scope="session")
def _mysql() -> Iterator[MySql | NotAvailable]:
    yield from _while_wanted(find_mysql)


@pytest.fixture(scope="session")
def mysql_server(_mysql: MySql | NotAvailable) -> MySql:
    """A server that speaks MySQL's protocol, as exchange databases of platforms do."""
    if isinstance(_mysql, NotAvailable):
        unavailable(str(_mysql))
    assert isinstance(_mysql, MySql)
    return _mysql


@contextmanager
def fresh_databases(server: Server | NotAvailable) -> Iterator[Callable[[], str]]:
    """Makes fresh PostgreSQL databases, dropped in the end."""
    if isinstance(server, NotAvailable):
        unavailable(str(server))
    assert isinstance(server, Server)
    made: list[str] = []

    def make() -> str:
        made.append(server.fresh())
        return made[-1]

    yield make
    for url in made:
        server.drop(url)


@pytest.fixture
def new_postgres(_server: Server | NotAvailable) -> Iterator[Callable[[], str]]:
    """Makes fresh PostgreSQL databases, dropped after the test."""
    with fresh_databases(_server) as make:
        yield make


@pytest.fixture(scope="module")
def module_postgres(_server: Server | NotAvailable) -> Iterator[Callable[[], str]]:
    """The same, dropped after the file's last test."""
    with fresh_databases(_server) as make:
        yield make


@pytest.fixture
def postgres_url(new_postgres: Callable[[], str]) -> str:
    """A fresh PostgreSQL database for this test."""
    return new_postgres()


@pytest.fixture(scope="session")
def _ready_tables(tmp_path_factory: pytest.TempPathFactory) -> ReadyTables:
    return ReadyTables(tmp_path_factory.mktemp("tables"))


@pytest.fixture(params=["sqlite", "postgres"])
def any_db_url(request: pytest.FixtureRequest, tmp_path: Path, _ready_tables: ReadyTables) -> Iterator[str]:
    """An empty database; under the mark `tables`, with a service's empty tables in it."""
    mark, file = request.node.get_closest_marker("tables"), tmp_path / "test.db"
    package, migrated = (mark.args[0], mark.kwargs.get("migrated", False)) if mark else ("", False)
    if request.param == "sqlite":
        yield _ready_tables.on_sqlite(file, package, migrated=migrated) if package else f"sqlite:///{file}"
    elif package:
        server = request.getfixturevalue("_server")
        if isinstance(server, NotAvailable):
            unavailable(str(server))
        with _ready_tables.on_postgres(server, package, migrated=migrated) as url:
            yield url
    else:
        yield str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def any_db(any_db_url: str) -> Iterator[Database]:
    """An empty database, once on SQLite and once on PostgreSQL."""
    db = open_database(any_db_url)
    yield db
    db.close()


@pytest.fixture(params=["sql", "kafka"])
def any_log_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sql":
        return f"sqlite:///{tmp_path}/events.db"
    return str(request.getfixturevalue("kafka_url"))


@pytest.fixture
def any_log(any_log_url: str) -> Iterator[EventLog]:
    """An event log, once as SQLite file and once on Kafka."""
    event_log = open_log(any_log_url)
    yield event_log
    event_log.close()


@pytest.fixture
def new_topic(any_log_url: str, request: pytest.FixtureRequest) -> Callable[..., str]:
    """Makes topics of this test's own in `any_log`, so that tests sharing a broker do not meet."""
    return lambda partitions=4: make_topic(any_log_url, partitions)


def make_topic(url: str, partitions: int = 4) -> str:
    from shared.ids import new_id

    topic = Topic(f"test.{new_id()}", "test", ("test",), (), "id", partitions=partitions)
    if url.startswith("kafka://"):
        from shared.eventlog.kafka import create_topics

        create_topics(url.removeprefix("kafka://").split(","), [topic])
    return topic.name


@pytest.fixture
def clock() -> FixedClock:
    """Monday 2 November 2026, 10:00 in Shanghai; moved by hand."""
    return FixedClock(datetime(2026, 11, 2, 2, 0, tzinfo=UTC))
