"""Idempotency-Key on routes that create: the answer is stored, sealed, in the transaction of the effect.

So there is no moment with an effect and no remembered answer: a repeat gets the first answer, a different
body under the same key is refused, and two at once are put in order by the database's unique key.
"""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, Protocol, TypeVar

from flask import Response, json, request
from marshmallow import Schema
from sqlalchemy import Column, Integer, MetaData, String, Table, Text, delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from shared.clock import Clock
from shared.db import Database, UtcDateTime
from shared.errors import FieldError, Invalid
from shared.web.access import current_principal

KEPT_FOR = timedelta(days=7)
_KEY = re.compile(r"[A-Za-z0-9._:-]{1,128}")
View = TypeVar("View", bound=Callable[..., Any])


class Sealer(Protocol):
    """The part of the key ring that seals stored answers."""

    def seal(self, plain: bytes | str, aad: str) -> str:
        """Seal for storage."""
        ...

    def unseal(self, token: str, aad: str) -> bytes:
        """Open what was sealed."""
        ...


def idempotency_table(metadata: MetaData) -> Table:
    """The table a service keeps its answers in."""
    return Table(
        "idempotency_keys",
        metadata,
        Column("key", String(64), primary_key=True),
        Column("request_digest", String(64), nullable=False),
        Column("status", Integer, nullable=False),
        Column("answer", Text, nullable=False),
        Column("created_at", UtcDateTime, nullable=False, index=True),
    )


@dataclass(frozen=True)
class Once:
    """Runs an effect once per caller, route and key."""

    db: Database
    table: Table
    sealer: Sealer
    clock: Clock

    def write(self, schema: type[Schema] | Schema, status: int = 201) -> Callable[[View], View]:
        """Decorate `view(session, **inputs) -> object`: opens the write transaction, dumps by the schema.

        Put it directly above the view function, below `input` and `output`.
        """
        dumper = schema() if isinstance(schema, type) else schema

        def decorate(view: View) -> View:
            @wraps(view)
            def once(*args: Any, **kwargs: Any) -> Response:
                return self.answer(lambda session: dumper.dump(view(session, *args, **kwargs)), status)

            once.__idempotent__ = True  # type: ignore[attr-defined]
            return once  # type: ignore[return-value]

        return decorate

    def answer(self, effect: Callable[[Session], Any], status: int = 201) -> Response:
        """The JSON answer of the effect, or the remembered one; refusals are not remembered."""
        key = given_key()
        if key is None:
            with self.db.write() as session:
                return _response(_encode(effect(session)), status)
        row_key = hashlib.sha256(f"{_caller()}|{request.method} {request.path}|{key}".encode()).hexdigest()
        digest = _body_digest()
        try:
            with self.db.write() as session:
                return self._run(session, row_key, digest, effect, status)
        except IntegrityError:
            with self.db.read() as session:
                found = self._find(session, row_key, digest)
            if found is None:
                raise
            return found

    def _run(
        self, session: Session, row_key: str, digest: str, effect: Callable[[Session], Any], status: int
    ) -> Response:
        found = self._find(session, row_key, digest)
        if found is not None:
            return found
        body = _encode(effect(session))
        session.flush()
        session.execute(
            self.table.insert().values(
                key=row_key,
                request_digest=digest,
                status=status,
                answer=self.sealer.seal(body, _place(row_key)),
                created_at=self.clock.system_now(),
            )
        )
        return _response(body, status)

    def _find(self, session: Session, row_key: str, digest: str) -> Response | None:
        row = session.execute(select(self.table).where(self.table.c.key == row_key)).first()
        if row is None:
            return None
        if row.request_digest != digest:
            raise Invalid(
                "idempotency-key-reused", "幂等键已被使用", "同一幂等键已用于另一份内容，请换用新的键。"
            )
        answer = _response(self.sealer.unseal(row.answer, _place(row_key)), row.status)
        answer.headers["Idempotent-Replayed"] = "true"
        return answer

    def prune(self, session: Session, now: datetime) -> None:
        """Forget answers older than a week. `now` is system time."""
        session.execute(delete(self.table).where(self.table.c.created_at < now - KEPT_FOR))


def given_key() -> str | None:
    """The request's Idempotency-Key; raises Invalid if it is not one."""
    key = request.headers.get("Idempotency-Key")
    if key is not None and not _KEY.fullmatch(key):
        wrong = FieldError("/Idempotency-Key", "应为 1 至 128 位字母、数字或 . _ : -。")
        raise Invalid("validation-failed", "幂等键格式不符", fields=[wrong])
    return key


def _body_digest() -> str:
    if request.mimetype != "multipart/form-data":
        return hashlib.sha256(request.get_data(cache=True)).hexdigest()
    total = hashlib.sha256()
    for name, value in sorted(request.form.items(multi=True)):
        total.update(f"{len(name)}:{name}={len(value)}:{value};".encode())
    for name, upload in sorted(request.files.items(multi=True), key=lambda item: item[0]):
        content = hashlib.file_digest(upload.stream, "sha256")  # type: ignore[arg-type]
        upload.stream.seek(0)
        total.update(f"{name}={upload.filename}={content.hexdigest()};".encode())
    return total.hexdigest()


def _caller() -> str:
    who = current_principal()
    return "" if who is None else f"{who.user_id}|{who.key_id or ''}"


def _place(row_key: str) -> str:
    return f"idempotency_keys.answer.{row_key}"


def _encode(answer: Any) -> bytes:
    return json.dumps(answer, ensure_ascii=False).encode()


def _response(body: bytes, status: int) -> Response:
    return Response(body, status, mimetype="application/json")
