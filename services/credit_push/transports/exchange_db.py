"""前置库: rows in the platform's own tables, a feedback table beside them that we and the platform share.

Content row and feedback row are one transaction, so a key is there with its effect or not at all. The tables
carry no row id: change and withdrawal find the row by its whole former content and refuse unless one fits.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import column, delete, func, insert, select, table, update
from sqlalchemy.exc import DataError, IntegrityError, SQLAlchemyError
from sqlalchemy.orm import Session

from services.credit_push.catalogue import Profile
from services.credit_push.catalogue.tables import LAYOUT_OF
from services.credit_push.domain import CORRECT, LIST, WITHDRAW
from services.credit_push.formats import (
    columns_of,
    content_digest,
    match_key,
    number_and_name,
    number_and_name_columns,
    uscc_of,
)
from services.credit_push.transports.base import (
    ABSENT,
    ALREADY_GONE,
    FILED,
    REFUSED,
    TAKEN,
    UNKNOWN,
    Digest,
    Job,
    Ledger,
    LedgerRow,
    Outcome,
    Preview,
    Receipt,
    Timing,
    TransportDown,
    Within,
    not_ours,
)
from services.credit_push.transports.buckets import bucket_hash, digest_rows
from services.credit_push.transports.foreign import dialect_named, open_foreign, says
from shared.db import Database, dialect_of

ACTIONS = {LIST: "insert", CORRECT: "update", WITHDRAW: "delete"}
RESULTS = {None: TAKEN, "accepted": FILED, "rejected": REFUSED}
FEEDBACK_COLUMNS = "PCH JLBS BM CZ NRZY BBH JLH TJSJ JSJG HZH CWZD CWDM CWXX HZSJ"
FEEDBACK = table("jh_feedback", *(column(name) for name in FEEDBACK_COLUMNS.split()))


def content_table(name: str, layout: str, own: Mapping[str, str]) -> Any:
    """The platform's table, named by the profile, with the columns of the layout as it calls them."""
    return table(name, *(column(own.get(c.code, c.code)) for c in columns_of(layout)))


class ExchangeDb:
    """A platform reached through its exchange database."""

    def __init__(self, profile: Profile, clock: Timing) -> None:
        self._profile, self._clock = profile, clock
        self._db: Database | None = None

    def _opened(self) -> Database:
        if self._db is None:
            self._db = open_foreign(self._profile.transport.database)
        return self._db

    def send(self, jobs: Sequence[Job]) -> list[Outcome]:
        try:
            with self._opened().write() as session:
                known = _feedback(session, [job.key for job in jobs])
                if held := not_ours(jobs):
                    return held
                return [self._place(session, job, known.get(job.key)) for job in jobs]
        except (DataError, IntegrityError):
            return self._one_by_one(jobs)
        except (SQLAlchemyError, OSError) as error:
            return [Outcome(job.delivery_id, UNKNOWN, message=type(error).__name__) for job in jobs]

    def _one_by_one(self, jobs: Sequence[Job]) -> list[Outcome]:
        """The tables do not take one of the rows (too long, say, or there already): it keeps no other from
        going. A key that somebody placed at the same moment is there.
        """
        if len(jobs) > 1:
            return [outcome for job in jobs for outcome in self.send([job])]
        (known,) = self.query(jobs)
        refused = _refused(jobs[0], "FORMAT", "前置库的表不接受该行的内容（长度、类型或约束不符）")
        return [refused if known.result == ABSENT else known]

    def _place(self, session: Session, job: Job, known: Any) -> Outcome:
        if known is not None:
            return _outcome(job, known)
        target = self._target(job)
        former = job.content.row if job.operation == LIST else _standing(session, target, job)
        if isinstance(former, Outcome):
            return former
        for statement in self._writes(job, target, former, dialect_of(session)):
            session.execute(statement)
        return Outcome(job.delivery_id, TAKEN)

    def _target(self, job: Job) -> Any:
        return content_table(job.content.table, job.content.layout, self._profile.record.columns)

    def _writes(self, job: Job, target: Any, former: Mapping[str, str], dialect: str) -> list[Any]:
        """What is executed, in order: the change of the content row, and the feedback row beside it."""
        row, here = dict(job.content.row), says(target.c, former, dialect)
        change: Any = {
            LIST: insert(target).values(row),
            CORRECT: update(target).where(here).values(row),
            WITHDRAW: delete(target).where(here),
        }[job.operation]
        shown = former if job.operation == WITHDRAW else row
        told = {
            "PCH": job.batch_id,
            "JLBS": job.key,
            "BM": job.content.table,
            "CZ": ACTIONS[job.operation],
            "NRZY": content_digest(dict(shown), job.content.layout),
            "BBH": str(job.version),
            "JLH": job.listing_id,
            "TJSJ": self._clock.system_now().isoformat(),
        }
        return [change, insert(FEEDBACK).values(told)]

    def query(self, jobs: Sequence[Job]) -> list[Outcome]:
        try:
            with self._opened().read() as session:
                known = _feedback(session, [job.key for job in jobs])
        except (SQLAlchemyError, OSError) as error:
            return [Outcome(job.delivery_id, UNKNOWN, message=type(error).__name__) for job in jobs]
        return [
            _outcome(job, known[job.key]) if job.key in known else Outcome(job.delivery_id, ABSENT)
            for job in jobs
        ]

    def receipts(self, awaited: Sequence[str]) -> list[Receipt]:
        with self._opened().read() as session:
            known = _feedback(session, awaited)
        return [_receipt(row) for row in known.values() if row.JSJG in ("accepted", "rejected")]

    def forget(self, receipts: Sequence[Receipt]) -> None:
        pass  # the platform keeps its feedback table

    def ledger(self, run_id: str) -> Ledger | None:  # noqa: ARG002  read on the spot
        try:
            with self._opened().read() as session:
                return TableLedger(list(self._rows(session)))
        except (SQLAlchemyError, OSError) as error:
            raise TransportDown(type(error).__name__) from error

    def _rows(self, session: Session) -> Iterator[LedgerRow]:
        for kind, name in self._profile.record.tables.items():
            layout = LAYOUT_OF[kind]
            for row in session.execute(select(content_table(name, layout, self._profile.record.columns))):
                yield table_row({key: str(value or "") for key, value in row._mapping.items()}, layout)

    def preview(self, job: Job) -> Preview:
        target = f"{self._profile.id} {job.content.table}"
        if job.operation != LIST and not job.formers:
            return Preview(target, "平台上没有可变更或撤销的记录，不会执行任何语句".encode())
        former = job.content.row if job.operation == LIST else job.formers[0]
        dialect = dialect_named(self._profile.transport.database)
        writes = self._writes(job, self._target(job), former, dialect.name)
        made = [statement.compile(dialect=dialect) for statement in writes]
        told = [{"sql": str(one), "parameters": dict(one.params)} for one in made]
        return Preview(target, json.dumps(told, ensure_ascii=False, indent=1).encode())

    def close(self) -> None:
        if self._db is not None:
            self._db.close()


class TableLedger:
    """The rows of the platform's tables, read in one go."""

    def __init__(self, rows: list[LedgerRow]) -> None:
        self._rows = rows

    def digest(self, buckets: int, within: Within | None = None) -> Digest:
        return digest_rows(self._rows, buckets, within)

    def rows(self, bucket: int, buckets: int) -> Iterator[LedgerRow]:
        return (row for row in self._rows if bucket_hash(row.match_key) % buckets == bucket)


def table_row(row: Mapping[str, str], layout: str) -> LedgerRow:
    """A content row as a ledger row; only trade_v2 carries our listing id and version."""
    number, name = number_and_name(layout, row)
    listing_id, version = row.get("RecordId", ""), row.get("RecordVersion", "")
    return LedgerRow(
        match_key=match_key(layout, row, listing_id),
        listing_id=listing_id,
        document_number=number,
        subject_name=name,
        version=int(version) if version.isdigit() else None,
        content_digest=content_digest(dict(row), layout),
        uscc=uscc_of(layout, row),
        listed_in=layout,
        content=row,
    )


def _standing(session: Session, target: Any, job: Job) -> Mapping[str, str] | Outcome:
    """The one row to be changed, by its whole content; else why it cannot be told."""
    for former in job.formers:
        found = _count(session, target, former)
        if found == 1:
            return former
        if found:
            return _refused(job, "AMBIGUOUS", f"前置库中按内容找到 {found} 条记录，须恰好 1 条")
    places = number_and_name_columns(job.content.layout, job.content.row)
    same = {place: job.content.row[place] for place in places}
    if found := _count(session, target, same):
        told = f"前置库中同一文号、名称有 {found} 条记录，内容与推送的不同，须人工核对"
        return _refused(job, "ALTERED", told)
    return _refused(job, ALREADY_GONE, "平台上没有可变更或撤销的记录")


def _count(session: Session, target: Any, row: Mapping[str, str]) -> int:
    counted = select(func.count()).select_from(target).where(says(target.c, row, dialect_of(session)))
    return int(session.execute(counted).scalar_one())


def _refused(job: Job, code: str, message: str) -> Outcome:
    return Outcome(job.delivery_id, REFUSED, code=code, message=message)


def _feedback(session: Session, keys: Sequence[str]) -> dict[str, Any]:
    rows = session.execute(select(FEEDBACK).where(FEEDBACK.c.JLBS.in_(keys)))
    return {row.JLBS: row for row in rows}


def _outcome(job: Job, row: Any) -> Outcome:
    return Outcome(
        job.delivery_id,
        RESULTS.get(row.JSJG, UNKNOWN),
        receipt_number=row.HZH or "",
        field=row.CWZD or "",
        code=row.CWDM or "",
        message=row.CWXX or "",
    )


def _receipt(row: Any) -> Receipt:
    return Receipt(
        key=row.JLBS,
        result=RESULTS[row.JSJG],
        receipt_number=row.HZH or "",
        field=row.CWZD or "",
        code=row.CWDM or "",
        message=row.CWXX or "",
        batch_id=row.PCH or "",
    )
