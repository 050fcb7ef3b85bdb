"""What the chat robots (群机器人) have in common: one JSON POST, a code in the body, a rate per robot.

HTTP 200 with an error code is a failure. The message goes to a company's servers, so by default it says only
what kind of matter waits and where (ROBOT_CONTENT=title adds the title). Robots know no message ids: a repeat
shows the same message number.
"""

import json
import ssl
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from marshmallow import Schema, fields, validate

from services.notifier.channels.base import Gone, Message, Ports, Postponed, Sent, Target
from services.notifier.channels.pinned import TIMEOUT_SECONDS, Answer, Hosts, PinnedHttp, refusal
from services.notifier.channels.rates import Limit, block, take
from services.notifier.domain import SEVERITY_NAMES, chinese_date, one_line
from services.notifier.routing import routing
from shared.errors import DeliveryError

FOREIGN_HOST = "机器人地址不属于该平台"
UNREADABLE = "机器人答复无法读取"
Document = dict[str, Any]


@dataclass(frozen=True)
class Request:
    """What is posted where."""

    url: str = field(repr=False)
    document: Document


@dataclass(frozen=True)
class Vendor:
    """One vendor's robots: how a text is put, signed and answered."""

    name: str
    host: str
    path: str
    code_fields: tuple[str, ...]
    limits: tuple[Limit, ...]
    compose: Callable[[str, Target, datetime], Request]
    gone: frozenset[int]
    permanent: frozenset[int]
    too_fast: Mapping[int, float]  # codes that say so, and the seconds after which it works again


def settings_of(vendor: str, host: str) -> Schema:
    """Hosts a robot's address may have; others than the vendor's are trusted (private editions)."""
    declared: dict[str, Any] = {
        "hosts": Hosts(data_key=f"{vendor.upper()}_HOSTS", load_default=frozenset({host})),
        "content": fields.String(
            data_key="ROBOT_CONTENT", load_default="brief", validate=validate.OneOf(("brief", "title"))
        ),
        "public_url": fields.Url(data_key="PUBLIC_URL", load_default="", require_tld=False),
    }
    return Schema.from_dict(declared)()


class RobotChannel:
    retries: Sequence[float] = (10, 60, 300, 1800, 7200, 21600)
    concurrency = 4
    per_target = 2

    def __init__(
        self,
        vendor: Vendor,
        ports: Ports,
        settings: Mapping[str, Any],
        timeout: float = TIMEOUT_SECONDS,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self.name = vendor.name
        self._vendor, self._ports = vendor, ports
        self._hosts, self._content = settings["hosts"], settings["content"]
        self._public_url = settings["public_url"].rstrip("/")
        trusted = self._hosts - {vendor.host}
        self._http = PinnedHttp(trusted=trusted, resolve=ports.resolve, timeout=timeout, context=context)

    def send(self, message: Message, target: Target) -> Sent:
        if not is_of(target.address, self._hosts):
            raise Gone(FOREIGN_HOST)
        now = self._ports.clock.system_now()
        wait = take(self._ports.db, target.ref, self._vendor.limits, now)
        if wait:
            raise Postponed("已达机器人每分钟条数上限，稍后发送", wait)
        request = self._vendor.compose(self._text(message), target, now)
        body = json.dumps(request.document, ensure_ascii=False).encode()
        answer = self._http.post(request.url, body, {"Content-Type": "application/json; charset=utf-8"})
        return self._judge(answer, target)

    def _text(self, message: Message) -> str:
        return text_of(message, self._public_url, titled=self._content == "title")

    def _judge(self, answer: Answer, target: Target) -> Sent:
        now = self._ports.clock.system_now()
        if answer.status != 200:
            raise refusal(answer, now)
        code = _code(answer.body, self._vendor.code_fields)
        if code == 0:
            return Sent(None)
        if code in self._vendor.too_fast:
            wait = self._vendor.too_fast[code]
            block(self._ports.db, target.ref, now, wait)
            raise Postponed(f"机器人限流（{code}）", wait)
        if code in self._vendor.gone:
            raise Gone(f"机器人已停用或不存在（{code}）")
        raise DeliveryError(f"机器人拒收（{code}）", permanent=code in self._vendor.permanent)


def is_of(url: str, hosts: frozenset[str]) -> bool:
    """Whether an address leads to one of the hosts ("host" or "host:port")."""
    with suppress(ValueError):
        parts = urlsplit(url)
        return parts.hostname in hosts or f"{parts.hostname}:{parts.port}" in hosts
    return False


def text_of(message: Message, public_url: str, *, titled: bool) -> str:
    """The message as plain text; angle brackets are widened, so that nobody is mentioned by it."""
    route = routing().route(message.event_type)
    kind = route.label if route else "测试消息"
    lines = [f"【{SEVERITY_NAMES[message.severity]}】{kind}", message.department_name]
    if titled:
        lines.append(message.title)
    lines += [f"日期：{chinese_date(message.occurred_at)}", "请登录系统查看和办理。"]
    if public_url and message.link:
        lines.append(f"{public_url}{message.link}")
    lines.append(f"消息编号：{message.id}")
    return "\n".join(one_line(line, 300) for line in lines if line).replace("<", "＜").replace(">", "＞")


def _code(body: bytes, names: Sequence[str]) -> int:
    """The code in the answer's body; an answer that does not say is a passing failure."""
    with suppress(ValueError, RecursionError):
        document = json.loads(body)
        found = [document[name] for name in names if name in document] if isinstance(document, dict) else []
        if found and type(found[0]) is int:
            return found[0]
    raise DeliveryError(UNREADABLE)
