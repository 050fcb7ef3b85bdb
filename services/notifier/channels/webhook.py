"""Channel Webhook: one signed HTTPS POST per message, as Standard Webhooks (v1, HMAC-SHA256) says.

A repeat carries the same `webhook-id`; during a rotation every valid secret signs. The name is resolved once,
checked, and the connection made to that very address (no rebinding); redirects are refused; time and answer
size are bounded. Hosts in WEBHOOK_ALLOWED_HOSTS (own network, tests) skip the address check and may be http.
"""

import base64
import hmac
import http.client
import json
import socket
import ssl
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from email.utils import parsedate_to_datetime
from hashlib import sha256
from threading import Timer
from typing import Any
from urllib.parse import SplitResult, urlsplit

from marshmallow import Schema, fields

from services.notifier.channels.base import Channel, Message, Ports, Sent, Target
from services.notifier.domain import one_line
from shared.clock import Clock
from shared.errors import DeliveryError
from shared.http import BlockedAddress, Resolver, Unresolved, resolve_public, system_resolver

NAME = "webhook"
TIMEOUT_SECONDS = 10.0
MOST_ANSWER_BYTES = 16_384
GONE = "接收端已停用（410）"
BLOCKED = "地址不允许：只能是公网上的 https 地址"
PERMANENT = frozenset({400, 404, 405, 410, 413, 414, 415, 422})


class Hosts(fields.String):
    """host[:port], separated by commas."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kw: Any) -> Any:
        text = super()._deserialize(value, attr, data, **kw)
        return frozenset(host.strip().lower() for host in text.split(",") if host.strip())


class Settings(Schema):
    allowed_hosts = Hosts(data_key="WEBHOOK_ALLOWED_HOSTS", load_default=frozenset())


SETTINGS = Settings()


def sign(secrets: Sequence[bytes], message_id: str, timestamp: int, body: bytes) -> str:
    """The `webhook-signature` header: one `v1,…` per secret."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    digests = (hmac.new(secret, signed, sha256).digest() for secret in secrets)
    return " ".join(f"v1,{base64.b64encode(digest).decode()}" for digest in digests)


class PinnedConnection(http.client.HTTPSConnection):
    """HTTP(S) to one address that was checked before, under the host's own name (SNI, certificate, Host)."""

    def __init__(self, parts: SplitResult, address: str, timeout: float, context: ssl.SSLContext) -> None:
        port = parts.port or (443 if parts.scheme == "https" else 80)
        super().__init__(parts.hostname or "", port, timeout=timeout, context=context)
        self._plain = parts.scheme != "https"
        self._address = address
        self._tls = context
        self._held: socket.socket | None = None  # http.client lets go of its own before the body is read
        self.was_cut = False

    def connect(self) -> None:
        self._held = raw = socket.create_connection((self._address, self.port), self.timeout)
        self.sock = raw if self._plain else self._tls.wrap_socket(raw, server_hostname=self.host)
        self._held = self.sock

    def cut(self) -> None:
        """End the exchange from another thread, however slowly the other side drips."""
        self.was_cut = True
        if self._held is not None:
            with suppress(OSError):
                self._held.shutdown(socket.SHUT_RDWR)


class WebhookChannel:
    name = NAME
    retries = (5, 300, 1800, 7200, 18000, 36000, 36000)  # the schedule Standard Webhooks recommends
    concurrency = 8

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
        self._allowed = allowed_hosts
        self._resolve = resolve or system_resolver
        self._timeout = timeout
        self._context = context or ssl.create_default_context()

    def send(self, message: Message, target: Target) -> Sent:
        address = self._check(target.address)
        parts = urlsplit(target.address)
        connection = PinnedConnection(parts, address, self._timeout, self._context)
        deadline = Timer(self._timeout, connection.cut)
        deadline.daemon = True
        deadline.start()
        try:
            status, headers, answer = self._exchange(connection, parts, message, target.secrets)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise DeliveryError(f"接收端无法连接、超时或答复无法读取（{type(error).__name__}）") from error
        finally:
            deadline.cancel()
            connection.close()
        return self._judge(status, headers, answer)

    def _check(self, url: str) -> str:
        try:
            found = resolve_public(url, allowed_hosts=self._allowed, https_only=True, resolver=self._resolve)
        except Unresolved as error:
            raise DeliveryError("域名无法解析") from error
        except BlockedAddress as error:
            raise DeliveryError(BLOCKED, permanent=True) from error
        return found[0]

    def _exchange(
        self, connection: PinnedConnection, parts: SplitResult, message: Message, secrets: Sequence[bytes]
    ) -> tuple[int, Mapping[str, str], bytes]:
        body = payload(message)
        timestamp = int(self._clock.system_now().timestamp())
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "credit-blacklist-notifier/1",
            "webhook-id": message.id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": sign(secrets, message.id, timestamp, body),
        }
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", path, body, headers)
        answer = connection.getresponse()
        if connection.was_cut:
            raise TimeoutError("the answer's head did not come in time")
        stated = {name.lower(): value for name, value in answer.headers.items()}
        return answer.status, stated, _body(answer)

    def _judge(self, status: int, headers: Mapping[str, str], answer: bytes) -> Sent:
        if 200 <= status < 300:
            return Sent(_receipt(headers, answer))
        if status == http.HTTPStatus.GONE:
            raise DeliveryError(GONE, permanent=True)
        if 300 <= status < 400:
            raise DeliveryError(f"接收端要求跳转（{status}），不予跟随", permanent=True)
        wait = _retry_after(headers.get("retry-after"), self._clock.system_now())
        raise DeliveryError(f"接收端答复 {status}", permanent=status in PERMANENT, retry_after=wait)


def payload(message: Message) -> bytes:
    """The JSON body: type, time and the message; ids only, never an identity number."""
    document = {
        "type": message.event_type,
        "timestamp": message.occurred_at.isoformat(),
        "data": {
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


def _body(answer: http.client.HTTPResponse) -> bytes:
    """The beginning of the body; the verdict stands in the head already, so a broken body is an empty one."""
    try:
        return answer.read(MOST_ANSWER_BYTES)
    except (OSError, http.client.HTTPException, ValueError):
        return b""


def _receipt(headers: Mapping[str, str], answer: bytes) -> str | None:
    """A number of the receiver's own, if it gave one in a header or as `id` of a JSON object."""
    stated = headers.get("x-request-id")
    if stated is None:
        with suppress(ValueError, RecursionError):
            document = json.loads(answer)
            stated = document.get("id") if isinstance(document, dict) else None
    return one_line(str(stated), 200) if stated else None


def _retry_after(value: str | None, now: datetime) -> float | None:
    """Seconds to wait, from `Retry-After` as seconds or as a date; a day at most."""
    if not value:
        return None
    if value.strip().isdecimal():
        return min(float(value), 86_400.0)
    with suppress(ValueError, TypeError):
        return min(max((parsedate_to_datetime(value) - now).total_seconds(), 0.0), 86_400.0)
    return None


def open_channel(settings: Mapping[str, Any], ports: Ports) -> Channel | None:
    return WebhookChannel(ports.clock, allowed_hosts=settings["allowed_hosts"], resolve=ports.resolve)
