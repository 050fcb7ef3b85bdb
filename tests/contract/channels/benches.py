"""One bench per channel: the real adapter against a receiver that can be told to behave in each way."""

import base64
import json
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from email import message_from_bytes
from pathlib import Path
from urllib.parse import parse_qs

from sqlalchemy import select, text

from services.notifier.channels import Channel, Message, Ports, Target, dingtalk, feishu, wecom
from services.notifier.channels.email import EmailChannel, Relay, SmtpServer
from services.notifier.channels.inbox import InboxChannel
from services.notifier.channels.robot import RobotChannel, Vendor
from services.notifier.channels.sms import Account, Gate, SmsChannel
from services.notifier.channels.sms_aliyun import Aliyun
from services.notifier.channels.webhook import WebhookChannel
from services.notifier.models import Base, Notice
from shared.clock import SystemClock
from shared.db import Database, open_database
from tests.harness.notices import AT, HOUSING, mail_server, webhook_receiver
from tests.harness.wait import PATIENCE

TIMEOUT = (
    0.6 if PATIENCE == 1 else 1.5
)  # also bounds sends that must succeed, on a machine that may stand still
BRIEF = 0.3
"""For what must time out: however slow the machine, that is what comes of it."""
AT_MOST = TIMEOUT * 8 * PATIENCE
"""How long a channel may take over an answer that never ends: a bound, not a figure."""
SECRET = b"a webhook's signing secret, 32 by"
PASSWORD = "smtp-pass-canary"


@dataclass
class Bench:
    """A channel with its target, and the levers of the other side."""

    channel: Channel
    target: Target
    received: Callable[[], list[str]]  # the ids under which messages arrived, repeats included
    hang: Callable[[], None]
    fail_passing: Callable[[], None]
    fail_permanent: Callable[[], None]
    secrets: tuple[str, ...]
    too_fast: Callable[[], None] | None = None  # "you ask too often"
    aim: Callable[[str, int, str], Target] | None = None  # points it at (host, port), http or https


def message(message_id: str = "0192f000-0000-7000-8000-000000000001", **changes: str) -> Message:
    values = {
        "id": message_id,
        "notice_id": "notice-1",
        "event_type": "case.published",
        "severity": "notice",
        "title": "已公示：华景建设工程有限公司列入公共资源配置领域黑名单",
        "body": "列入信息已向社会公布。\n文书号：长住建罚〔2026〕12号",
        "link": "/cases/case-1",
        "subject_id": "case-1",
        "case_id": "case-1",
        "listing_id": "listing-1",
        "document_number": "长住建罚〔2026〕12号",
        "department_id": HOUSING,
        "department_name": "长安区住房和城乡建设局",
        "occurred_at": AT,
        "created_at": AT,
    }
    return Message(**{**values, **changes})  # type: ignore[arg-type]


@contextmanager
def webhook_bench(_tmp: Path) -> Iterator[Bench]:
    with webhook_receiver() as receiver:
        channel = WebhookChannel(SystemClock(), allowed_hosts=frozenset({"127.0.0.1"}), timeout=TIMEOUT)

        def answer(status: int) -> Callable[[], None]:
            return lambda: setattr(receiver, "answer", lambda _n: (status, {"Retry-After": "7"}, b"no"))

        def aim(host: str, port: int, scheme: str) -> Target:
            return Target("webhook:1", f"{scheme}://{host}:{port}/", (SECRET,))

        url = receiver.url + "&token=url-canary"
        yield Bench(
            channel,
            Target("webhook:1", url, (SECRET,)),
            receiver.ids,
            receiver.gate.clear,
            answer(503),
            answer(422),
            (base64.b64encode(SECRET).decode(), SECRET.decode(), "url-canary"),
            answer(429),
            aim,
        )


def robot_bench(vendor: Vendor) -> Callable[[Path], AbstractContextManager[Bench]]:
    """A robot of the vendor at a receiver that answers as the vendor does."""

    @contextmanager
    def made(tmp: Path) -> Iterator[Bench]:
        db = open_database(f"sqlite:///{tmp}/robots.db")
        Base.metadata.create_all(db.engine)
        settings = {"hosts": frozenset({"127.0.0.1"}), "content": "brief", "public_url": ""}
        code = vendor.code_fields[0]

        def answer(value: int) -> Callable[[], None]:
            body = json.dumps({code: value, "errmsg": "words"}).encode()
            return lambda: setattr(receiver, "answer", lambda _n: (200, {}, body))

        def numbers() -> list[str]:
            return [re.findall("消息编号：([0-9a-f-]+)", json_text(body))[0] for _, body in receiver.requests]

        def aim(host: str, port: int, scheme: str) -> Target:
            return Target("robot:1", f"{scheme}://{host}:{port}{vendor.path}?key=1", (SECRET,))

        with webhook_receiver() as receiver:
            answer(0)()
            yield Bench(
                RobotChannel(vendor, Ports(db, SystemClock()), settings, TIMEOUT),
                Target("robot:1", receiver.url + "&key=url-canary", (SECRET,)),
                numbers,
                receiver.gate.clear,
                answer(-1),
                answer(min(vendor.permanent)),
                (base64.b64encode(SECRET).decode(), SECRET.decode(), "url-canary"),
                answer(min(vendor.too_fast)),
                aim,
            )
        db.close()

    return made


@contextmanager
def sms_bench(tmp: Path) -> Iterator[Bench]:
    db = open_database(f"sqlite:///{tmp}/sms.db")
    Base.metadata.create_all(db.engine)
    account = Account("key", PASSWORD, "示例签名", "SMS_1")

    def answer(code: str) -> Callable[[], None]:
        body = json.dumps({"Code": code, "BizId": "biz-1"}).encode()
        return lambda: setattr(receiver, "answer", lambda _n: (200, {}, body))

    def build(url: str) -> SmsChannel:
        trusted = frozenset({"127.0.0.1"})
        gateway = Aliyun(account, "127.0.0.1")
        gateway.limits = ()
        ports = Ports(db, SystemClock())
        return SmsChannel([Gate("aliyun", gateway, url, ports, trusted=trusted, timeout=TIMEOUT)], ports)

    def aim(host: str, port: int, scheme: str) -> Target:
        gate = channel._ways.providers[0]
        assert isinstance(gate, Gate)
        gate._url = f"{scheme}://{host}:{port}/"
        return Target("user:1", "13800000000")

    with webhook_receiver() as receiver:
        answer("OK")()
        channel = build(receiver.url)
        yield Bench(
            channel,
            Target("user:1", "13800000000"),
            lambda: [parse_qs(body.decode())["OutId"][0] for _, body in receiver.requests],
            receiver.gate.clear,
            answer("isp.SYSTEM_ERROR"),
            answer("isv.MOBILE_NUMBER_ILLEGAL"),
            (PASSWORD, "13800000000"),
            answer("isv.BUSINESS_LIMIT_CONTROL"),
            aim,
        )
    db.close()


def json_text(body: bytes) -> str:
    document = json.loads(body)
    content = document.get("content") or document["text"]
    return str(content.get("text") or content["content"])


@contextmanager
def email_bench(_tmp: Path) -> Iterator[Bench]:
    with mail_server() as (mailbox, url), silent_server() as dead_port:
        server = SmtpServer.parse(url)
        relay = Relay(server, "no-reply@example.gov.cn", "https://credit.example.gov.cn", TIMEOUT)
        channel = EmailChannel([relay], SystemClock())

        def aim(host: str, port: int, scheme: str) -> Target:
            relay._server = SmtpServer(host, port, "implicit" if scheme == "https" else "off")
            return Target("user:1", "clerk@example.gov.cn")

        def hang() -> None:
            relay._server = SmtpServer("127.0.0.1", dead_port, "offered", "sender", PASSWORD)

        yield Bench(
            channel,
            Target("user:1", "clerk@example.gov.cn"),
            lambda: [str(message_from_bytes(raw)["Message-ID"]) for _, _, raw in mailbox.mails],
            hang,
            lambda: setattr(mailbox, "refuse_recipient", "451 try again later"),
            lambda: setattr(mailbox, "refuse_recipient", "550 no such user"),
            (PASSWORD,),
            lambda: setattr(mailbox, "refuse_recipient", "452 too many mails from you"),
            aim,
        )


@contextmanager
def silent_server() -> Iterator[int]:
    """Accepts connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        kept: list[socket.socket] = []

        def accept() -> None:
            while True:
                try:
                    kept.append(listening.accept()[0])
                except OSError:
                    return

        threading.Thread(target=accept, daemon=True).start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)
    for each in kept:
        each.close()


@contextmanager
def inbox_bench(tmp: Path) -> Iterator[Bench]:
    db = open_database(f"sqlite:///{tmp}/inbox.db")
    Base.metadata.create_all(db.engine)
    with db.write() as session:
        session.add(a_notice())
    target = Target(f"department:{HOUSING}", HOUSING)

    def lose_table() -> None:
        with db.write() as session:
            session.execute(text("ALTER TABLE notices RENAME TO away"))

    def forget() -> None:
        with db.write() as session:
            session.execute(text("DELETE FROM notices"))

    yield Bench(
        InboxChannel(Ports(db, SystemClock())),
        target,
        lambda: shown_ids(db),
        lose_table,
        lose_table,
        forget,
        (),
    )
    db.close()


def shown_ids(db: Database) -> list[str]:
    with db.read() as session:
        return list(session.scalars(select(Notice.id).where(Notice.shown_at.is_not(None))))


def a_notice() -> Notice:
    return Notice(
        id="notice-1",
        dedupe_key="e",
        event_id="e",
        event_type="case.published",
        subject_id="case-1",
        department_id=HOUSING,
        audience=["clerk"],
        severity="notice",
        title="标题",
        body="正文",
        link="",
        facts={},
        occurred_at=AT,
        created_at=AT,
    )


BENCHES: dict[str, Callable[[Path], AbstractContextManager[Bench]]] = {
    "inbox": inbox_bench,
    "email": email_bench,
    "webhook": webhook_bench,
    "wecom": robot_bench(wecom.VENDOR),
    "dingtalk": robot_bench(dingtalk.VENDOR),
    "feishu": robot_bench(feishu.VENDOR),
    "sms": sms_bench,
}
