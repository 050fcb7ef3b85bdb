"""Where the sample world's identity numbers are looked for: files, what is packed in them, topics, tables."""

import io
import shutil
import subprocess
import zipfile
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import psycopg
from kafka import KafkaAdminClient
from psycopg import sql

from services.blacklist.sample import canary_numbers
from shared.eventlog import open_log
from tests.harness.database import plain
from tests.harness.production import SERVICES

Found = Iterator[tuple[str, bytes]]


def holds_one(raw: bytes) -> bool:
    return any(number in raw for number in _numbers())


@cache
def _numbers() -> tuple[bytes, ...]:
    """In clear, and in the hexadecimal that PostgreSQL writes bytes in."""
    clear = [number.encode() for number in canary_numbers()]
    return (*clear, *(number.hex().encode() for number in clear))


def in_file(name: str, raw: bytes) -> Found:
    """The bytes as they are and what is packed in them: members of archives and workbooks, text of a PDF."""
    yield name, raw
    if raw.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            for member in archive.namelist():
                yield from in_file(f"{name}/{member}", archive.read(member))
    elif raw.startswith(b"%PDF-") and shutil.which("pdftotext"):
        shown = subprocess.run(["pdftotext", "-", "-"], input=raw, capture_output=True, check=True)
        yield f"{name}: its text", shown.stdout


def in_files(folder: Path) -> Found:
    """Everything but the sandbox's own, the only place with clear numbers."""
    for path in folder.rglob("*"):
        if path.is_file() and "sandbox" not in path.relative_to(folder).parts:
            yield from in_file(path.name, path.read_bytes())


def in_topics(url: str) -> Found:
    """Every record of every topic of the broker but its own."""
    log, admin = open_log(url), KafkaAdminClient(bootstrap_servers=[url.partition("://")[2]])
    try:
        for topic in sorted(name for name in admin.list_topics() if not name.startswith("__")):
            for record in log.read_back(topic):
                yield topic, repr((record.key, record.headers)).encode() + record.value
    finally:
        admin.close()
        log.close()


def in_tables(url: str) -> Found:
    """Every row of every table, as PostgreSQL writes it out. Sealed columns show nothing."""
    with psycopg.connect(plain(url)) as connection:
        connection.execute("SET row_security = off")  # refused, rather than fewer rows
        names = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        for (name,) in names:
            command = sql.SQL("COPY {} TO STDOUT").format(sql.Identifier(name))
            with connection.cursor().copy(command) as rows:
                yield name, b"".join(map(bytes, rows))


def in_production(addresses: Mapping[str, str]) -> Found:
    yield from in_topics(addresses["EVENTS_URL"])
    for service in SERVICES:
        yield from in_tables(addresses[f"{service}_DB_URL"])
