"""Canonical records over signed HTTP: several rows a request, a receipt per row, at once or by callback."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from services.credit_push.transports.base import (
    ABSENT,
    FILED,
    REFUSED,
    TAKEN,
    UNKNOWN,
    Job,
    Ledger,
    Outcome,
    Preview,
    Receipt,
    Timing,
)
from services.credit_push.transports.http import REFUSING, HttpClient, Reply, Request, chunks, held_back
from services.credit_push.transports.http_ledger import HttpLedger
from shared.json_text import writer

_json = writer()
RESULTS = {"accepted": FILED, "rejected": REFUSED, "pending": TAKEN}


class HttpJson:
    """A platform that takes canonical JSON."""

    def __init__(
        self, client: HttpClient, clock: Timing, sender: str, rows_per_request: int, *, later: bool
    ) -> None:
        self._client, self._clock, self._sender = client, clock, sender
        self._rows, self._later = rows_per_request, later

    def send(self, jobs: Sequence[Job]) -> list[Outcome]:
        return self._client.run(self._send(jobs))

    async def _send(self, jobs: Sequence[Job]) -> list[Outcome]:
        parts = chunks(jobs, self._rows)
        answers = await self._client.each(parts, self._post, self._outcomes, _held, _stand)
        return [outcome for part in answers for outcome in part]

    def _post(self, jobs: Sequence[Job]) -> Request:
        return Request("POST", "/records", self._body(jobs), "application/json")

    def _outcomes(self, jobs: Sequence[Job], reply: Reply) -> list[Outcome]:
        if not reply.answered or (reply.status >= 300 and reply.status not in REFUSING):
            return [reply.failure(job.delivery_id) for job in jobs]
        answer = _read(reply)
        if answer is None:
            return [reply.failure(job.delivery_id) for job in jobs]
        if reply.status in REFUSING:
            return [_refused(job.delivery_id, reply, answer) for job in jobs]
        if self._later and reply.status == 202:
            return [
                Outcome(job.delivery_id, TAKEN, http_status=202, milliseconds=reply.milliseconds)
                for job in jobs
            ]
        receipts = _by_key(answer)
        return [_outcome(job.delivery_id, receipts.get(job.key), reply) for job in jobs]

    def _body(self, jobs: Sequence[Job]) -> bytes:
        head = {
            "batch_id": jobs[0].batch_id,
            "sender": self._sender,
            "count": len(jobs),
            "sent_at": self._clock.system_now().isoformat(),
        }
        keys = (_json(job.key).encode() for job in jobs)
        rows = (
            b'{"idempotency_key": %b, %b' % (key, job.content.json[1:])
            for key, job in zip(keys, jobs, strict=True)
        )
        told = _json(head).encode()
        return b'{"head": %b, "records": [%b]}' % (told, b", ".join(rows))

    def query(self, jobs: Sequence[Job]) -> list[Outcome]:
        return self._client.run(self._query(jobs))

    async def _query(self, jobs: Sequence[Job]) -> list[Outcome]:
        return await self._client.each(jobs, _question, _known, held_back)

    def receipts(self, awaited: Sequence[str]) -> list[Receipt]:  # noqa: ARG002  they come by answer or callback
        return []

    def forget(self, receipts: Sequence[Receipt]) -> None:
        pass

    def ledger(self, run_id: str) -> Ledger | None:  # noqa: ARG002  answered on the spot
        return HttpLedger(self._client)

    def preview(self, job: Job) -> Preview:
        return self._client.preview(self._post([job]))

    def close(self) -> None:
        self._client.close()


def _question(job: Job) -> Request:
    return Request("GET", f"/records/{quote(job.key, safe='')}")


def _known(job: Job, reply: Reply) -> Outcome:
    if reply.status == 404:
        return Outcome(job.delivery_id, ABSENT, http_status=404, milliseconds=reply.milliseconds)
    answer = _read(reply) if reply.status == 200 else None
    return _outcome(job.delivery_id, answer, reply)


def _stand(jobs: Sequence[Job]) -> bool:
    return all(job.stands() for job in jobs)


def _held(jobs: Sequence[Job]) -> list[Outcome]:
    return [held_back(job) for job in jobs]


def _read(reply: Reply) -> dict[str, Any] | None:
    try:
        answer = json.loads(reply.body)
    except (ValueError, RecursionError):
        return None
    return answer if isinstance(answer, dict) else None


def _by_key(answer: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    rows = answer.get("receipts")
    if not isinstance(rows, list):
        return {}
    return {str(row.get("idempotency_key")): row for row in rows if isinstance(row, dict)}


def _outcome(delivery_id: str, receipt: Mapping[str, Any] | None, reply: Reply) -> Outcome:
    result = RESULTS.get(str((receipt or {}).get("result")))
    if receipt is None or result is None:
        message = reply.problem or "回答中没有本行的回执"
        return replace(reply.failure(delivery_id), result=UNKNOWN, message=message)
    return _told(delivery_id, result, receipt, reply)


def _refused(delivery_id: str, reply: Reply, answer: Mapping[str, Any]) -> Outcome:
    told = _told(delivery_id, REFUSED, answer, reply)
    return replace(told, code=told.code or f"HTTP_{reply.status}")


def _told(delivery_id: str, result: str, answer: Mapping[str, Any], reply: Reply) -> Outcome:
    return Outcome(
        delivery_id,
        result,
        receipt_number=str(answer.get("receipt_number") or ""),
        field=str(answer.get("field") or ""),
        code=str(answer.get("code") or ""),
        message=str(answer.get("message") or ""),
        http_status=reply.status,
        milliseconds=reply.milliseconds,
        evidence=_evidence(answer, reply),
    )


def _evidence(answer: Mapping[str, Any], reply: Reply) -> bytes:
    """The answer as it came where it is about one row only, else the row's part of it."""
    if reply.body.count(b'"idempotency_key"') <= 1:
        return reply.body[:4000]
    return json.dumps(dict(answer), ensure_ascii=False).encode("utf-8", "replace")[:4000]
