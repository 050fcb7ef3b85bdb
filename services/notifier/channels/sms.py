"""Channel 短信: a short text to an officer's phone, through the gateway that SMS_PROVIDER names.

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
from typing import Any, Protocol
from urllib.parse import urlsplit

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from services.notifier.channels.base import Channel, Message, Ports, Postponed, Sent, Target
from services.notifier.channels.pinned import TIMEOUT_SECONDS, Answer, PinnedHttp, refusal
from services.notifier.channels.rates import Limit, block, take
from services.notifier.channels.sms_aliyun import Aliyun
from services.notifier.channels.sms_tencent import Tencent
from services.notifier.domain import PHONE, one_line
from services.notifier.routing import routing
from shared.errors import DeliveryError

NAME = "sms"
UNREADABLE = "短信网关答复无法读取"
LONGEST_KIND = 20


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


class Settings(Schema):
    provider = fields.String(
        data_key="SMS_PROVIDER", load_default="", validate=validate.OneOf(("", *PROVIDERS))
    )
    endpoint = fields.Url(data_key="SMS_ENDPOINT", load_default="", require_tld=False)
    key_id = fields.String(data_key="SMS_KEY_ID", load_default="")
    secret = fields.String(data_key="SMS_KEY_SECRET", load_default="")
    sign_name = fields.String(data_key="SMS_SIGN_NAME", load_default="")
    template = fields.String(data_key="SMS_TEMPLATE", load_default="")
    app_id = fields.String(data_key="SMS_APP_ID", load_default="")
    region = fields.String(data_key="SMS_REGION", load_default="")

    @validates_schema
    def _complete(self, data: Mapping[str, Any], **_kwargs: Any) -> None:
        if not data["provider"]:
            return
        needed = {"key_id": "SMS_KEY_ID", "secret": "SMS_KEY_SECRET", "sign_name": "SMS_SIGN_NAME"}
        needed["template"] = "SMS_TEMPLATE"
        if data["provider"] == "tencent":
            needed["app_id"] = "SMS_APP_ID"
        missing = {name: ["使用短信网关时必填"] for key, name in needed.items() if not data[key]}
        if missing:
            raise ValidationError(missing)


SETTINGS = Settings()


class SmsChannel:
    name = NAME
    retries: Sequence[float] = (30, 120, 600, 1800, 7200)
    concurrency = 4
    per_target = 2

    def __init__(
        self,
        gateway: Gateway,
        url: str,
        ports: Ports,
        *,
        trusted: frozenset[str] = frozenset(),
        timeout: float = TIMEOUT_SECONDS,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self._gateway, self._url, self._ports = gateway, url, ports
        self._http = PinnedHttp(trusted=trusted, resolve=ports.resolve, timeout=timeout, context=context)

    def send(self, message: Message, target: Target) -> Sent:
        if not re.fullmatch(PHONE, target.address):
            raise DeliveryError("手机号码无效", permanent=True)
        now = self._ports.clock.system_now()
        wait = take(self._ports.db, f"sms:{target.ref}", self._gateway.limits, now)
        if wait:
            raise Postponed("已达该号码的短信条数上限，稍后发送", wait)
        route = routing().route(message.event_type)
        kind = one_line(route.label if route else "测试消息", LONGEST_KIND)
        body, headers = self._gateway.request(target.address, kind, message.id, now)
        return self._judge(self._http.post(self._url, body, headers), target, now)

    def _judge(self, answer: Answer, target: Target, now: datetime) -> Sent:
        document = _document(answer.body)
        if document is None:
            raise DeliveryError(UNREADABLE) if answer.status == 200 else refusal(answer, now)
        verdict, said = self._gateway.judge(document)
        said = one_line(said, 100)
        if verdict == "ok":
            return Sent(said or None)
        if verdict == "busy":
            block(self._ports.db, f"sms:{target.ref}", now, 60)
            raise Postponed(f"短信网关限流（{said}）", 60)
        raise DeliveryError(f"短信网关拒收（{said}）", permanent=verdict == "refused")


def _document(body: bytes) -> Mapping[str, Any] | None:
    with suppress(ValueError, RecursionError):
        document = json.loads(body)
        return document if isinstance(document, dict) else None
    return None


def open_channel(settings: Mapping[str, Any], ports: Ports) -> Channel | None:
    if not settings["provider"]:
        return None
    usual, gateway = PROVIDERS[settings["provider"]]
    url = settings["endpoint"] or usual
    host = urlsplit(url).netloc.lower()
    account = Account(**{key: settings[key] for key in Account.__dataclass_fields__})
    trusted = frozenset({host}) if settings["endpoint"] else frozenset[str]()
    return SmsChannel(gateway(account, host), url, ports, trusted=trusted)
