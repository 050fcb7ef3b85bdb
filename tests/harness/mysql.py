"""A MySQL-compatible server: MYSQL_URL, else Docker, else the machine's own MariaDB (mariadb-server-core)."""

import os
import shutil
import tempfile
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pymysql

from tests.harness.broker import NotAvailable, has_docker
from tests.harness.ports import free_port
from tests.harness.process import Program
from tests.harness.wait import until

DRIVER = "mysql+pymysql://"


@dataclass(frozen=True)
class MySql:
    """A running server, by its URL without a database, and how to speak to it."""

    url: str
    close: Callable[[], None]
    connect: Callable[[], "pymysql.Connection"]

    def fresh(self, *names: str) -> str:
        """Made-up databases of these names below the URL that is answered."""
        place = f"t_{uuid.uuid4().hex[:12]}"
        for name in names:
            self._run(f"CREATE DATABASE `{place}/{name}` CHARACTER SET utf8mb4")
        return f"{self.url}/{place}"

    def drop(self, base: str, *names: str) -> None:
        for name in names:
            self._run(f"DROP DATABASE IF EXISTS `{base.rpartition('/')[2]}/{name}`")

    def _run(self, statement: str) -> None:
        with self.connect() as connection, connection.cursor() as cursor:
            cursor.execute(statement)


def find_mysql() -> MySql:
    tried: list[str] = []
    for way in (_from_environment, _from_docker, _from_program):
        try:
            return way()
        except NotAvailable as error:
            tried.append(str(error))
    raise NotAvailable("no MySQL server: " + "; ".join(tried))


def _at(host: str, port: int, user: str, password: str, close: Callable[[], None]) -> MySql:
    def connect() -> "pymysql.Connection":
        return pymysql.connect(host=host, port=port, user=user, password=password, connect_timeout=5)

    secret = f":{password}" if password else ""
    return MySql(f"{DRIVER}{user}{secret}@{host}:{port}", close, connect)


def _from_environment() -> MySql:
    from sqlalchemy import make_url

    given = os.environ.get("MYSQL_URL", "")
    if not given:
        raise NotAvailable("MYSQL_URL is not set")
    url = make_url(given)
    return _at(
        url.host or "127.0.0.1", url.port or 3306, url.username or "root", url.password or "", _nothing
    )


def _nothing() -> None:
    pass


def _from_docker() -> MySql:
    if not has_docker():
        raise NotAvailable("no Docker engine answers")
    from testcontainers.community.mysql import MySqlContainer

    container = MySqlContainer("mysql:8.4", root_password="secret")
    container.start()
    host, port = container.get_container_host_ip(), int(container.get_exposed_port(3306))
    return _at(host, port, "root", "secret", container.stop)


def _from_program() -> MySql:
    """Without accounts and without tables of its own: it answers within a second or two."""
    program = shutil.which("mariadbd") or shutil.which("mariadbd", path="/usr/sbin:/usr/local/sbin")
    if program is None:
        raise NotAvailable("no mariadbd (Debian: mariadb-server-core)")
    folder = Path(tempfile.mkdtemp(prefix="mysql-"))
    port = free_port()
    running = Program([program, *_options(folder, port)], log=folder / "log", port=port)
    running.start(30.0)

    def close() -> None:
        running.kill()  # nothing of it is kept
        shutil.rmtree(folder, ignore_errors=True)

    server = _at("127.0.0.1", port, "root", "", close)
    until(lambda: _answers(server), 30.0, "MariaDB to answer")
    return server


def _options(folder: Path, port: int) -> list[str]:
    data = folder / "data"
    data.mkdir()
    told = {
        "datadir": data,
        "socket": folder / "s",
        "pid-file": folder / "pid",
        "bind-address": "127.0.0.1",
        "port": port,
        "character-set-server": "utf8mb4",
        "innodb-buffer-pool-size": "16M",
        "innodb-log-file-size": "8M",
        "innodb-flush-log-at-trx-commit": 0,
        "innodb-doublewrite": 0,
        "performance-schema": "off",
        "key-buffer-size": "1M",
        "aria-pagecache-buffer-size": "1M",
    }
    as_root = ["--user=root"] if os.geteuid() == 0 else []
    options = [f"--{name}={value}" for name, value in told.items()]
    return ["--no-defaults", "--skip-grant-tables", *options, *as_root]


def _answers(server: MySql) -> bool:
    try:
        server.connect().close()
    except pymysql.MySQLError:
        return False
    return True
