"""A PostgreSQL server: POSTGRES_URL, else Docker, else the machine's own binaries (not as root)."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from tests.harness.broker import NotAvailable, has_docker
from tests.harness.ports import free_port
from tests.harness.process import Program
from tests.harness.wait import until

DRIVER = "postgresql+psycopg://"


@dataclass
class Server:
    """A running server, by the URL of its maintenance database."""

    url: str
    close: Callable[[], None]
    how: str
    _made: list[str] = field(default_factory=list)

    def fresh(self) -> str:
        """The URL of a new, empty database."""
        name = f"t_{uuid.uuid4().hex[:16]}"
        self._run(f'CREATE DATABASE "{name}" TEMPLATE template0')
        self._made.append(name)
        return f"{self.url.rpartition('/')[0]}/{name}"

    def drop(self, url: str) -> None:
        name = url.rpartition("/")[2]
        if name in self._made:
            self._made.remove(name)
            self._run(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def _run(self, statement: str) -> None:
        with psycopg.connect(plain(self.url), autocommit=True) as connection:
            connection.execute(statement)


def plain(url: str) -> str:
    """The URL as PostgreSQL's own programs write it."""
    return url.replace(DRIVER, "postgresql://", 1)


def find_server() -> Server:
    tried: list[str] = []
    for way in (_from_environment, _from_docker, _from_binaries):
        try:
            return way()
        except NotAvailable as error:
            tried.append(str(error))
    raise NotAvailable("no PostgreSQL server: " + "; ".join(tried))


def _from_environment() -> Server:
    url = os.environ.get("POSTGRES_URL", "")
    if not url:
        raise NotAvailable("POSTGRES_URL is not set")
    url = DRIVER + url.removeprefix(DRIVER).removeprefix("postgresql://")
    return Server(url, lambda: None, "POSTGRES_URL")


def _from_docker() -> Server:
    if not has_docker():
        raise NotAvailable("no Docker engine answers")
    from testcontainers.community.postgres import PostgresContainer

    container = PostgresContainer("postgres:16-alpine", driver="psycopg")
    container.start()
    return Server(container.get_connection_url(), container.stop, "Docker")


def _from_binaries() -> Server:
    local = LocalPostgres()
    local.start()
    return Server(local.url, local.close, "local binaries")


class LocalPostgres:
    """One server on a free port. Commits survive kill -9 of the server; power cuts only if `durable`.

    `buffers` is its own cache, as PostgreSQL has it unless told otherwise.
    """

    def __init__(self, *, durable: bool = False, buffers: str = "128MB") -> None:
        self._bin, self._user = _binaries(), _other_user()
        self.directory = Path(tempfile.mkdtemp(prefix="postgres-"))
        self.directory.chmod(0o755)
        if self._user:
            shutil.chown(self.directory, self._user)
        self.port = free_port()
        self.url = f"{DRIVER}postgres@127.0.0.1:{self.port}/postgres"
        self._data = self.directory / "data"
        self._initialise()
        options = {
            "port": self.port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "max_connections": 200,
            "shared_buffers": buffers,
            "fsync": "on" if durable else "off",
        }
        settings = [f"--{name}={value}" for name, value in options.items()]
        self.program = Program(
            [str(self._bin / "postgres"), "-D", str(self._data), *settings],
            log=self.directory / "postgres.log",
            port=self.port,
            user=self._user,
            stop_signal=signal.SIGINT,  # "fast" shutdown
        )
        self.program.log.touch(mode=0o666)

    def _initialise(self) -> None:
        command = [
            str(self._bin / "initdb"),
            "-D",
            str(self._data),
            "-U",
            "postgres",
            "-A",
            "trust",
            "-E",
            "UTF8",
        ]
        command += ["--no-locale", "--no-sync"]
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            user=self._user,
            cwd=self.directory,
        )
        if done.returncode:
            raise NotAvailable(f"initdb failed: {done.stderr[-500:]}")

    def start(self, *, detached: bool = False) -> None:
        self.program.start(30.0, detached=detached)
        until(self._answers, 30.0, "PostgreSQL to answer")

    def _answers(self) -> bool:
        try:
            psycopg.connect(plain(self.url), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def kill(self) -> None:
        self.program.kill()

    def close(self) -> None:
        self.program.stop()
        shutil.rmtree(self.directory, ignore_errors=True)


def _binaries() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    on_path = shutil.which("postgres")
    if on_path is None:
        raise NotAvailable("no PostgreSQL binaries")
    return Path(on_path).resolve().parent


def _other_user() -> str | None:
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    raise NotAvailable("running as root and no other user to start PostgreSQL as")
