"""Channel 短信: a short text to an officer's phone, through the gateway that SMS_PROVIDER names, or a second.

The wording is a template approved at the provider with two variables, `kind` (what sort of matter) and
`number` (of the message): nothing about any party leaves by telephone. Off without SMS_PROVIDER.
"""

import json
import re
import ssl
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol
from urllib.parse import urlsplit

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from services.notifier.channels.base import Channel, Message, Ports, Postponed, Sent, Target
from services.notifier.channels.failover import Failover
from services.notifier.channels.pinned import TIMEOUT_SECONDS, Answer, PinnedHttp, refusal
from services.notifier.channels.rates import Limit, block, take
from services.notifier.channels.sms_aliyun import Aliyun
from services.notifier.channels.sms_tencent import Tencent
from services.notifier.domain import PARTY_LABEL, PARTY_LETTER, PHONE, one_line
from services.notifier.routing import routing
from shared.errors import DeliveryError

NAME = "sms"
UNREADABLE = "短信网关答复无法读取"
LONGEST_KIND = 20
BUSY_SECONDS = 60.0


@dataclass(frozen=True)
class Account:
    """What the operator has with the provider."""

    key_id: str
    secret: str = field(repr=False)
    sign_name: str
    template: str
    app_id: str = ""
    region: str = ""


class Gateway(Protocol):
    """One provider's way of taking a text."""

    limits: tuple[Limit, ...]

    def request(self, phone: str, kind: str, number: str, now: datetime) -> tuple[bytes, Mapping[str, str]]:
        """Body and signed headers of the POST."""
        ...

    def judge(self, document: Mapping[str, Any]) -> tuple[str, str]:
        """("ok", the provider's number), or ("busy" | "refused" | "failed", the provider's code)."""
        ...


PROVIDERS: Mapping[str, tuple[str, Callable[..., Gateway]]] = {
    "aliyun": ("https://dysmsapi.aliyuncs.com", Aliyun),
    "tencent": ("https://sms.tencentcloudapi.com", Tencent),
}
NEEDED = ("KEY_ID", "KEY_SECRET", "SIGN_NAME", "TEMPLATE")
ACCOUNT = (*NEEDED, "APP_ID", "REGION")
SETS: Mapping[str, tuple[str, ...]] = {
    "SMS_": (
        "SMS_PROVIDER", "SMS_ENDPOINT", "SMS_PRICE", "SMS_KEY_ID", "SMS_KEY_SECRET", "SMS_SIGN_NAME",
        "SMS_TEMPLATE", "SMS_APP_ID", "SMS_REGION",
    ),
    "SMS_2_": (
        "SMS_2_PROVIDER", "SMS_2_ENDPOINT", "SMS_2_PRICE", "SMS_2_KEY_ID", "SMS_2_KEY_SECRET",
        "SMS_2_SIGN_NAME", "SMS_2_TEMPLATE", "SMS_2_APP_ID", "SMS_2_REGION",
    ),
}  # fmt: skip
"""The settings of the first provider, and of the one asked where it fails."""


def _field(name: str) -> Any:
    if name.endswith("_PROVIDER"):
        return fields.String(load_default="", validate=validate.OneOf(("", *PROVIDERS)))
    if name.endswith("_ENDPOINT"):
        return fields.Url(load_default="", require_tld=False)
    if name.endswith("_PRICE"):
        return fields.Decimal(load_default=None, places=3, validate=validate.Range(0, 100))
    return fields.String(load_default="")


class _Complete(Schema):
    @validates_schema
    def _complete(self, data: Mapping[str, Any], **_kwargs: Any) -> None:
        missing: dict[str, list[str]] = {}
        for prefix in SETS:
            provider = data[f"{prefix}PROVIDER"]
            needed = (*NEEDED, "APP_ID") if provider == "tencent" else NEEDED if provider else ()
            names = [prefix + key for key in needed if not data[prefix + key]]
            missing |= {name: ["使用短信网关时必填"] for name in names}
        if data["SMS_2_PROVIDER"] and not data["SMS_PROVIDER"]:
            missing["SMS_PROVIDER"] = ["填写第二家之前须填写第一家"]
        if missing:
            raise ValidationError(missing)


SETTINGS = _Complete.from_dict(
    {name: _field(name) for names in SETS.values() for name in names}, name="SmsSettings"
)()


class Gate:
    """One provider as asked by HTTP; a busy one is left alone for a minute."""

    def __init__(
        self,
        name: str,
        gateway: Gateway,
        url: str,
        ports: Ports,
        *,
        cost: int | None = None,
        trusted: frozenset[str] = frozenset(),
        timeout: float = TIMEOUT_SECONDS,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self.name, self.gateway, self.cost = name, gateway, cost
        self._url, self._ports = url, ports
        self._http = PinnedHttp(trusted=trusted, resolve=ports.resolve, timeout=timeout, context=context)

    def send(self, message: Message, target: Target) -> Sent:
        now = self._ports.clock.system_now()
        route = routing().route(message.event_type)
        own = PARTY_LABEL if message.event_type == PARTY_LETTER else "测试消息"
        kind = one_line(message.kind or (route.label if route else own), LONGEST_KIND)
        body, headers = self.gateway.request(target.address, kind, message.id, now)
        return self._judge(self._http.post(self._url, body, headers), now)

    def _judge(self, answer: Answer, now: datetime) -> Sent:
        document = _document(answer.body)
        if document is None:
            raise DeliveryError(UNREADABLE) if answer.status == 200 else refusal(answer, now)
        verdict, said = self.gateway.judge(document)
        said = one_line(said, 100)
        if verdict == "ok":
            return Sent(said or None)
        if verdict == "busy":
            raise Postponed(f"短信网关限流（{said}）", BUSY_SECONDS)
        raise DeliveryError(f"短信网关拒收（{said}）", permanent=verdict == "refused")


class SmsChannel:
    """Holds to what one number may get, whichever provider carries it."""

    name = NAME
    retries: Sequence[float] = (30, 120, 600, 1800, 7200)
    concurrency = 4
    per_target = 2

    def __init__(self, gates: Sequence[Gate], ports: Ports) -> None:
        self._ways, self._ports = Failover(gates, ports.clock), ports
        self._limits = tuple(limit for gate in gates for limit in gate.gateway.limits)

    def send(self, message: Message, target: Target) -> Sent:
        if not re.fullmatch(PHONE, target.address):
            raise DeliveryError("手机号码无效", permanent=True)
        now, budget = self._ports.clock.system_now(), f"sms:{target.counted_as or target.ref}"
        wait = take(self._ports.db, budget, self._limits, now)
        if wait:
            raise Postponed("已达该号码的短信条数上限，稍后发送", wait)
        try:
            return self._ways.send(message, target)
        except Postponed as busy:
            block(self._ports.db, budget, now, busy.wait)
            raise


def _document(body: bytes) -> Mapping[str, Any] | None:
    with suppress(ValueError, RecursionError):
        document = json.loads(body)
        return document if isinstance(document, dict) else None
    return None


def open_channel(settings: Mapping[str, Any], ports: Ports) -> Channel | None:
    gates = [_gate(settings, prefix, ports) for prefix in SETS if settings[f"{prefix}PROVIDER"]]
    return SmsChannel(gates, ports) if gates else None


def _gate(settings: Mapping[str, Any], prefix: str, ports: Ports) -> Gate:
    given = {key: settings[prefix + key] for key in ("PROVIDER", "ENDPOINT", "PRICE", *ACCOUNT)}
    provider, endpoint = given["PROVIDER"], given["ENDPOINT"]
    usual, gateway = PROVIDERS[provider]
    host = urlsplit(endpoint or usual).netloc.lower()
    stated = (given[key] for key in ACCOUNT)
    second = prefix == "SMS_2_" and settings["SMS_PROVIDER"] == provider
    price: Decimal | None = given["PRICE"]
    return Gate(
        f"{provider}-2" if second else provider,
        gateway(Account(*stated), host),
        endpoint or usual,
        ports,
        cost=None if price is None else int(price * 1000),
        trusted=frozenset({host}) if endpoint else frozenset[str](),
    )
