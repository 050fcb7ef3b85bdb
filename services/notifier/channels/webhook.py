"""Channel Webhook: one signed HTTPS POST per message, as Standard Webhooks (v1, HMAC-SHA256) says.

A repeat carries the same `webhook-id`; during a rotation every valid secret signs. Addresses are checked and
pinned (see `wired`); hosts in WEBHOOK_ALLOWED_HOSTS (own network, tests) are trusted.
"""

import base64
import hmac
import json
import ssl
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from hashlib import sha256
from http import HTTPStatus
from typing import Any

from marshmallow import Schema

from services.notifier.channels.base import Channel, Gone, Message, Ports, Sent, Target
from services.notifier.channels.pinned import TIMEOUT_SECONDS, Answer, Hosts, refusal
from services.notifier.channels.receiving import REQUIRED, Receiver
from services.notifier.channels.wired import WiredHttp
from services.notifier.domain import one_line
from shared.clock import Clock
from shared.http import Resolver
from shared.web.schemas import Text

NAME = "webhook"
GONE = "接收端已停用（410）"


class Settings(Schema):
    allowed_hosts = Hosts(data_key="WEBHOOK_ALLOWED_HOSTS", load_default=frozenset())


class Endpoint(Receiver):
    """A system of the receiver's own."""

    url = Text(
        500,
        required=True,
        error_messages=REQUIRED,
        metadata={"label": "地址", "hint": "公网上的 https 地址", "type": "url"},
    )


SETTINGS = Settings()
RECEIVER = Endpoint()


def sign(secrets: Sequence[bytes], message_id: str, timestamp: int, body: bytes) -> str:
    """The `webhook-signature` header: one `v1,…` per secret."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    digests = (hmac.digest(secret, signed, sha256) for secret in secrets)
    return " ".join(f"v1,{base64.b64encode(digest).decode()}" for digest in digests)


class WebhookChannel:
    name = NAME
    retries = (5, 300, 1800, 7200, 18000, 36000, 36000)  # the schedule Standard Webhooks recommends
    concurrency = 256
    per_target = 32

    def __init__(
        self,
        clock: Clock,
        *,
        allowed_hosts: frozenset[str] = frozenset(),
        resolve: Resolver | None = None,
        timeout: float = TIMEOUT_SECONDS,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self._clock = clock
        self._http = WiredHttp(trusted=allowed_hosts, resolve=resolve, timeout=timeout, context=context)

    def send(self, message: Message, target: Target) -> Sent:
        return self.start(message, target).result()

    def start(self, message: Message, target: Target) -> Future[Sent]:
        """Send it without a thread of its own; what `send` would raise comes out of the future."""
        body = payload(message)
        timestamp = int(self._clock.system_now().timestamp())
        headers = {
            "Content-Type": "application/json",
            "webhook-id": message.id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": sign(target.secrets, message.id, timestamp, body),
        }
        return self._http.start(target.address, body, headers, self._judge)

    def _judge(self, answer: Answer) -> Sent:
        if 200 <= answer.status < 300:
            return Sent(_receipt(answer))
        if answer.status == HTTPStatus.GONE:
            raise Gone(GONE)
        raise refusal(answer, self._clock.system_now())


def payload(message: Message) -> bytes:
    """The JSON body: type, time and the message; ids only, never an identity number."""
    document = {
        "type": message.event_type,
        "timestamp": message.occurred_at.isoformat(),
        "data": _outside(message.public, message)
        if message.public is not None
        else {
            "notice_id": message.notice_id,
            "subject_id": message.subject_id,
            "case_id": message.case_id,
            "listing_id": message.listing_id,
            "department_id": message.department_id,
            "department_name": message.department_name,
            "severity": message.severity,
            "title": message.title,
            "body": message.body,
            "document_number": message.document_number or None,
        },
    }
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def _outside(public: Mapping[str, Any], message: Message) -> dict[str, Any]:
    """For a webhook that is no department's: nothing of how we work inside."""
    return {**public, "notice_id": message.notice_id, "title": message.title, "body": message.body}


def _receipt(answer: Answer) -> str | None:
    """A number of the receiver's own, if it gave one in a header or as `id` of a JSON object."""
    stated = answer.headers.get("x-request-id")
    if stated is None:
        with suppress(ValueError, RecursionError):
            document = json.loads(answer.body)
            stated = document.get("id") if isinstance(document, dict) else None
    return one_line(str(stated), 200) if stated else None


def open_channel(settings: Mapping[str, Any], ports: Ports) -> Channel | None:
    return WebhookChannel(ports.clock, allowed_hosts=settings["allowed_hosts"], resolve=ports.resolve)
