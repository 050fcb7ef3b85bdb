"""Outcomes as rows of a table of the platform's exchange database, which it answers in the same row.

The row is looked for by its key before it is written, in one transaction: after a kill it is there or not.
"""

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import column, insert, select, table
from sqlalchemy.exc import DataError, IntegrityError, SQLAlchemyError
from sqlalchemy.orm import Session

from services.credit_push.catalogue.outcome_columns import TOLD, codes
from services.credit_push.formats.outcomes import Message
from services.credit_push.transports.base import Preview, Timing
from services.credit_push.transports.foreign import dialect_named, open_foreign
from services.credit_push.transports.told import LAID, REFUSED, SILENT, TAKEN, WAITS, Told
from shared.db import Database


class TablePost:
    """The table, with the columns as the platform calls them."""

    def __init__(self, database: str, name: str, columns: Mapping[str, str], clock: Timing) -> None:
        self._url, self._clock = database, clock
        self._codes = codes(columns, "exchange_db")
        self._table: Any = table(name, *(column(code) for code in self._codes.values()))
        self._db: Database | None = None

    def _opened(self) -> Database:
        if self._db is None:
            self._db = open_foreign(self._url)
        return self._db

    def tell(self, body: bytes) -> Told:
        told = json.loads(body)
        try:
            with self._opened().write() as session:
                held = self._held(session, told)
                if held is None:
                    session.execute(self._row(told))
                return held or Told(LAID, problem=WAITS)
        except (DataError, IntegrityError):
            return self._look(told)
        except (SQLAlchemyError, OSError) as error:
            return Told(SILENT, problem=type(error).__name__)

    def _look(self, told: Message) -> Told:
        """The table did not take the row: somebody else has written it meanwhile, or it does not fit."""
        try:
            with self._opened().read() as session:
                held = self._held(session, told)
        except (SQLAlchemyError, OSError) as error:
            return Told(SILENT, problem=type(error).__name__)
        return held or Told(REFUSED, problem="前置库的表不接受该行的内容（长度、类型或约束不符）")

    def _is(self, told: Message) -> Any:
        return self._table.c[self._codes["idempotency_key"]] == told["idempotency_key"]

    def _held(self, session: Session, told: Message) -> Told | None:
        names = ("result", "receipt_number", "message")
        wanted = [self._table.c[self._codes[name]] for name in names]
        row = session.execute(select(*wanted).where(self._is(told))).first()
        if row is None:
            return None
        result, number, why = (str(value or "") for value in row)
        if result == "accepted":
            return Told(TAKEN, number[:100])
        return Told(REFUSED, problem=why) if result == "rejected" else Told(LAID, problem=WAITS)

    def _row(self, told: Message) -> Any:
        values = {self._codes[name]: told[name] for name in TOLD}
        values[self._codes["submitted_at"]] = self._clock.system_now().isoformat()
        return insert(self._table).values(values)

    def preview(self, body: bytes) -> Preview:
        made = self._row(json.loads(body)).compile(dialect=dialect_named(self._url))
        told = {"sql": str(made), "parameters": dict(made.params)}
        return Preview(self._table.name, json.dumps([told], ensure_ascii=False, indent=1).encode())

    def close(self) -> None:
        if self._db is not None:
            self._db.close()
