"""One HTTP POST to an address that was checked before, for every channel that calls out by HTTP.

The name is resolved once, checked, and the connection made to that very address (no rebinding); redirects are
never followed; the whole exchange and the size of the answer are bounded. Trusted hosts (own networks, tests)
skip the address check and may be http.
"""

import http.client
import socket
import ssl
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from threading import Timer
from typing import Any
from urllib.parse import SplitResult, urlsplit

from marshmallow import fields

from shared.errors import DeliveryError
from shared.http import BlockedAddress, Resolver, Unresolved, resolve_public, system_resolver

TIMEOUT_SECONDS = 10.0
AGENT = "credit-blacklist-notifier/1"
MOST_ANSWER_BYTES = 16_384
LONGEST_WAIT = 86_400.0
BLOCKED = "地址不允许：只能是公网上的 https 地址"
PERMANENT = frozenset({400, 404, 405, 410, 413, 414, 415, 422})


class Hosts(fields.String):
    """host[:port], separated by commas."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kw: Any) -> Any:
        text = super()._deserialize(value, attr, data, **kw)
        return frozenset(host.strip().lower() for host in text.split(",") if host.strip())


@dataclass(frozen=True)
class Answer:
    """What the other side said: header names in lower case, only the beginning of the body."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


class Cord:
    """Ends an exchange from another thread, however slowly the other side drips and whatever wraps it."""

    def __init__(self, seconds: float) -> None:
        self._held: socket.socket | None = None
        self._deadline = Timer(seconds, self._cut)
        self._deadline.daemon = True
        self.was_cut = False

    def hold(self, raw: socket.socket) -> None:
        """Take a second handle on a fresh connection: TLS takes the first away, http.client closes it."""
        self._held = raw.dup()

    def _cut(self) -> None:
        self.was_cut = True
        if self._held is not None:
            with suppress(OSError):
                self._held.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> "Cord":
        self._deadline.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._deadline.cancel()
        if self._held is not None:
            self._held.close()


class PinnedConnection(http.client.HTTPSConnection):
    """HTTP(S) to one address that was checked before, under the host's own name (SNI, certificate, Host)."""

    def __init__(
        self, parts: SplitResult, address: str, timeout: float, context: ssl.SSLContext, cord: Cord
    ) -> None:
        port = parts.port or (443 if parts.scheme == "https" else 80)
        super().__init__(parts.hostname or "", port, timeout=timeout, context=context)
        self._plain = parts.scheme != "https"
        self._address, self._tls, self._cord = address, context, cord

    def connect(self) -> None:
        raw = socket.create_connection((self._address, self.port), self.timeout)
        self._cord.hold(raw)
        self.sock = raw if self._plain else self._tls.wrap_socket(raw, server_hostname=self.host)


class PinnedHttp:
    """Posts a body; what cannot be carried is a DeliveryError that quotes no address."""

    def __init__(
        self,
        *,
        trusted: frozenset[str] = frozenset(),
        resolve: Resolver | None = None,
        timeout: float = TIMEOUT_SECONDS,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self._trusted = trusted
        self._resolve = resolve or system_resolver
        self._timeout = timeout
        self._context = context or ssl.create_default_context()

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        address, parts = checked_address(url, self._trusted, self._resolve), urlsplit(url)
        with Cord(self._timeout) as cord:
            connection = PinnedConnection(parts, address, self._timeout, self._context, cord)
            try:
                return _exchange(connection, parts, body, headers, cord)
            except (OSError, http.client.HTTPException, ValueError) as error:
                reason = f"接收端无法连接、超时或答复无法读取（{type(error).__name__}）"
                raise DeliveryError(reason) from error
            finally:
                connection.close()


def checked_address(url: str, trusted: frozenset[str], resolve: Resolver) -> str:
    """Where the name leads now, if it may be gone to; DeliveryError otherwise."""
    try:
        return resolve_public(url, allowed_hosts=trusted, https_only=True, resolver=resolve)[0]
    except Unresolved as error:
        raise DeliveryError("域名无法解析") from error
    except BlockedAddress as error:
        raise DeliveryError(BLOCKED, permanent=True) from error


def _exchange(
    connection: PinnedConnection, parts: SplitResult, body: bytes, headers: Mapping[str, str], cord: Cord
) -> Answer:
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    connection.request("POST", path, body, {"User-Agent": AGENT, **headers})
    answer = connection.getresponse()
    if cord.was_cut:
        raise TimeoutError("the answer's head did not come in time")
    stated = {name.lower(): value for name, value in answer.headers.items()}
    return Answer(answer.status, stated, _body(answer))


def _body(answer: http.client.HTTPResponse) -> bytes:
    """The beginning of the body, empty where it broke off: whoever needs it judges an empty one."""
    try:
        return answer.read(MOST_ANSWER_BYTES)
    except (OSError, http.client.HTTPException, ValueError):
        return b""


def refusal(answer: Answer, now: datetime) -> DeliveryError:
    """What an HTTP status other than 2xx means for the delivery."""
    if 300 <= answer.status < 400:
        return DeliveryError(f"接收端要求跳转（{answer.status}），不予跟随", permanent=True)
    wait = retry_after(answer.headers.get("retry-after"), now)
    return DeliveryError(
        f"接收端答复 {answer.status}", permanent=answer.status in PERMANENT, retry_after=wait
    )


def retry_after(value: str | None, now: datetime) -> float | None:
    """Seconds to wait, from `Retry-After` as seconds or as a date; a day at most."""
    if not value:
        return None
    if value.strip().isdecimal():
        return min(float(value), LONGEST_WAIT)
    with suppress(ValueError, TypeError):
        return min(max((parsedate_to_datetime(value) - now).total_seconds(), 0.0), LONGEST_WAIT)
    return None
