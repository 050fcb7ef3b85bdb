"""Trading data standard V2.0 over signed HTTP: one XML message a request, its receipt in the answer."""

from collections.abc import Sequence
from urllib.parse import quote
from xml.etree import ElementTree as ET

from defusedxml import ElementTree as SafeET
from defusedxml.common import DefusedXmlException

from services.credit_push.domain import WITHDRAW
from services.credit_push.formats import trade_v2
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
from services.credit_push.transports.http import REFUSING, HttpClient, Reply, Request, held_back
from services.credit_push.transports.http_ledger import HttpLedger

MEDIA_TYPE = "application/xml; charset=utf-8"
RESULTS = {"accepted": FILED, "rejected": REFUSED, "pending": TAKEN}


class HttpXml:
    """A trading platform."""

    def __init__(self, client: HttpClient, clock: Timing, sender: str) -> None:
        self._client, self._clock, self._sender = client, clock, sender

    def send(self, jobs: Sequence[Job]) -> list[Outcome]:
        return self._client.run(self._send(jobs))

    async def _send(self, jobs: Sequence[Job]) -> list[Outcome]:
        return await self._client.each(jobs, self._post, _filed, held_back, lambda job: job.stands())

    def _post(self, job: Job) -> Request:
        return Request("POST", "/messages", self._body(job), MEDIA_TYPE)

    def _body(self, job: Job) -> bytes:
        return trade_v2.to_xml(
            trade_v2.REVOCATION if job.operation == WITHDRAW else trade_v2.LISTING,
            job.content.row,
            message_id=job.key,
            sender=self._sender,
            sent_at=self._clock.system_now().isoformat(),
        )

    def query(self, jobs: Sequence[Job]) -> list[Outcome]:
        return self._client.run(self._query(jobs))

    async def _query(self, jobs: Sequence[Job]) -> list[Outcome]:
        return await self._client.each(jobs, _question, _known, held_back)

    def receipts(self, awaited: Sequence[str]) -> list[Receipt]:  # noqa: ARG002  they are in the answers
        return []

    def forget(self, receipts: Sequence[Receipt]) -> None:
        pass

    def ledger(self, run_id: str) -> Ledger | None:  # noqa: ARG002  answered on the spot
        return HttpLedger(self._client)

    def preview(self, job: Job) -> Preview:
        return self._client.preview(self._post(job))

    def close(self) -> None:
        self._client.close()


def _question(job: Job) -> Request:
    return Request("GET", f"/messages/{quote(job.key, safe='')}")


def _filed(job: Job, reply: Reply) -> Outcome:
    if reply.answered and (reply.status < 300 or reply.status in REFUSING):
        return _outcome(job, reply)
    return reply.failure(job.delivery_id)


def _known(job: Job, reply: Reply) -> Outcome:
    if reply.status == 404:
        return Outcome(job.delivery_id, ABSENT, http_status=404, milliseconds=reply.milliseconds)
    return _outcome(job, reply) if reply.status == 200 else _unknown(job, reply)


def _outcome(job: Job, reply: Reply) -> Outcome:
    receipt = _read(reply.body)
    result = RESULTS.get(_text(receipt, "Result")) if receipt is not None else None
    if receipt is None or result is None or _text(receipt, "MessageId") != job.key:
        return _unknown(job, reply)
    return Outcome(
        job.delivery_id,
        result,
        receipt_number=_text(receipt, "ReceiptNumber"),
        field=_text(receipt, "Field"),
        code=_text(receipt, "Code"),
        message=_text(receipt, "Message"),
        http_status=reply.status,
        milliseconds=reply.milliseconds,
        evidence=reply.body[:4000],
    )


def _unknown(job: Job, reply: Reply) -> Outcome:
    return Outcome(
        job.delivery_id,
        UNKNOWN,
        message=reply.problem or "回答中没有本报文的回执",
        http_status=reply.status or None,
        milliseconds=reply.milliseconds,
        evidence=reply.body[:4000],
    )


def _read(body: bytes) -> ET.Element | None:
    try:
        root: ET.Element = SafeET.fromstring(body)
    except (ET.ParseError, DefusedXmlException, ValueError):
        return None
    return root if root.tag == "Receipt" else None


def _text(receipt: ET.Element, name: str) -> str:
    return (receipt.findtext(name) or "").strip()
