"""Tables of batch checks and tender projects.

Whom somebody checked, and who bids, is nobody's business: names and answers are sealed, a link is kept as its
digest. Listing ids are public ones.
"""

from datetime import date, datetime
from typing import Any, cast

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, String, Table, Text, false
from sqlalchemy.orm import Mapped, mapped_column

from services.blacklist.store import Base
from shared.db import JsonDoc, UtcDateTime


class CheckJob(Base):
    """A table to be checked: received → running → done; or failed. All of it is gone at `expires_at`."""

    __tablename__ = "check_jobs"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    link: Mapped[str] = mapped_column(String(64), unique=True)
    """SHA-256 of the code in the link."""
    owner_id: Mapped[str | None] = mapped_column(String(36), index=True)
    state: Mapped[str] = mapped_column(String(10), index=True)
    file_name: Mapped[str] = mapped_column(String(200))
    size: Mapped[int]
    asked: Mapped[dict[str, Any]] = mapped_column(JsonDoc)
    """Purpose, day, whether names are looked for by likeness, and whose budget it costs (blind)."""
    expected_rows: Mapped[int | None] = mapped_column(Integer)
    done_rows: Mapped[int] = mapped_column(default=0)
    listed_rows: Mapped[int] = mapped_column(default=0)
    possible_rows: Mapped[int] = mapped_column(default=0)
    barred_rows: Mapped[int] = mapped_column(default=0)
    bad_rows: Mapped[int] = mapped_column(default=0)
    problem: Mapped[str | None] = mapped_column(Text)
    register: Mapped[dict[str, Any] | None] = mapped_column(JsonDoc)
    """The register's version when the work began."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When it ended; until it has ended again, when it was asked for again."""
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class CheckPart(Base):
    """Some hundred answers in the order of the rows: what is here need not be done again after a crash."""

    __tablename__ = "check_parts"

    job_id: Mapped[str] = mapped_column(ForeignKey("check_jobs.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    sealed: Mapped[str] = mapped_column(Text)
    found: Mapped[list[Any]] = mapped_column(JsonDoc)
    """[[listing id, version], …]: an answer is given out only while all of them are public as they were."""


class TenderProject(Base):
    """招标项目: its bidders are watched from entry until award; open → awarded or ended."""

    __tablename__ = "tender_projects"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    link: Mapped[str] = mapped_column(String(64), unique=True)
    owner_id: Mapped[str | None] = mapped_column(String(36))
    department_id: Mapped[str | None] = mapped_column(String(36), index=True)
    region: Mapped[str | None] = mapped_column(String(6))
    domain: Mapped[str | None] = mapped_column(String(40))
    action: Mapped[str | None] = mapped_column(String(60))
    number: Mapped[str] = mapped_column(String(100))
    name: Mapped[str] = mapped_column(String(200))
    operator: Mapped[str] = mapped_column(String(200))
    cutoff_at: Mapped[datetime] = mapped_column(UtcDateTime)
    state: Mapped[str] = mapped_column(String(10), index=True)
    sealed: Mapped[str] = mapped_column(Text)
    """Groups of bidders."""
    standing: Mapped[str] = mapped_column(Text)
    """What was last found of each, sealed: what the watch compares with."""
    answers: Mapped[str | None] = mapped_column(Text)
    """The whole answer of every group as it was last asked, sealed: what is shown without asking again."""
    sequence: Mapped[int] = mapped_column(default=0)
    """Of its events on the log."""
    winner: Mapped[int | None]
    """The group that won, by number."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    checked_on: Mapped[date]
    """The day on which it was last looked at as a whole."""
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)

    __table_args__ = (Index("ix_tender_projects_day", "state", "checked_on"),)


class TenderSheet(Base):
    """核查单: the signed document (sealed) and the listings it names."""

    __tablename__ = "tender_sheets"

    code: Mapped[str] = mapped_column(String(24), primary_key=True)
    project_id: Mapped[str] = mapped_column(ForeignKey("tender_projects.id"), index=True)
    sealed: Mapped[str] = mapped_column(Text)
    found: Mapped[list[Any]] = mapped_column(JsonDoc)
    issued_at: Mapped[datetime] = mapped_column(UtcDateTime)
    closed: Mapped[bool] = mapped_column(default=False, server_default=false())
    """False where an earlier release kept the proofs opened, until the worker has closed them."""
    changed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When the watch first found something else than it says."""


class TenderKey(Base):
    """What makes a change of the register a project's business: a code or name (blind), or a listing's id."""

    __tablename__ = "tender_keys"

    project_id: Mapped[str] = mapped_column(ForeignKey("tender_projects.id"), primary_key=True)
    key: Mapped[str] = mapped_column(String(120), primary_key=True, index=True)


class TenderNews(Base):
    """What changed for a bidder between entry and award."""

    __tablename__ = "tender_news"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    project_id: Mapped[str] = mapped_column(ForeignKey("tender_projects.id"), index=True)
    kind: Mapped[str] = mapped_column(String(10))
    sealed: Mapped[str] = mapped_column(Text)
    """Which bidder."""
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class WatchPlace(Base):
    """How far in the change feed the watch has come: one row."""

    __tablename__ = "tender_watch_place"

    name: Mapped[str] = mapped_column(String(20), primary_key=True)
    position: Mapped[int] = mapped_column(BigInteger)


KEYS = cast("Table", TenderKey.__table__)
