"""Channel 电子邮件: one mail per officer or department mailbox, over SMTP, text and HTML.

A repeat carries the same Message-ID, by which mail systems and people recognise it. A password is sent only
over TLS. SMTP_URL: smtp://[user:password@]host[:25] (STARTTLS where offered, required with a password),
smtps://… for TLS from the start; `?tls=off` for a local mail catcher. Without it the channel is off. What
fails for now at SMTP_URL goes to SMTP_2_URL.
"""

import re
import smtplib
import socket
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from marshmallow import Schema, ValidationError, fields

from services.notifier.channels.base import Attachment, Channel, Message, Ports, Sent, Target
from services.notifier.channels.failover import Failover
from services.notifier.channels.pinned import Cord
from services.notifier.domain import MAIL_ADDRESS, one_line
from services.notifier.templates import render_mail
from shared.clock import Clock
from shared.errors import DeliveryError
from shared.logs import get_log

NAME = "email"
TIMEOUT_SECONDS = 10.0
LONGEST_TALK = 4  # times the timeout of a single answer
SERVICE_READY = 220
log = get_log(__name__)
ATTACHABLE = {"application/pdf": "pdf", "text/calendar": "ics", "text/csv": "csv"}
"""Kinds of files that are mailed, by the ending of their names."""
MOST_ATTACHED = 5 * 2**20  # bytes of all of a mail
FOOTER = "本邮件由系统自动发送，请勿回复。办理请登录系统。"
_ADDRESS = re.compile(MAIL_ADDRESS)


@dataclass(frozen=True)
class SmtpServer:
    """Where mail is handed over. `tls`: implicit, required, offered or off."""

    host: str
    port: int
    tls: str
    user: str = ""
    password: str = field(default="", repr=False)

    @classmethod
    def parse(cls, url: str) -> "SmtpServer":
        """Reads SMTP_URL; ValueError without quoting it, for it holds the password."""
        parts = urlsplit(url)
        if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
            raise ValueError("SMTP_URL 应形如 smtp://用户:口令@主机:端口")
        implicit = parts.scheme == "smtps"
        default = "implicit" if implicit else "required" if parts.username else "offered"
        tls = parse_qs(parts.query).get("tls", [default])[0]
        if tls not in {"implicit", "required", "offered", "off"} or (tls == "off" and parts.username):
            raise ValueError("SMTP_URL 的 tls 应为 required、offered 或 off；有口令时不得为 off")
        port = parts.port or (465 if implicit else 25)
        return cls(parts.hostname, port, tls, unquote(parts.username or ""), unquote(parts.password or ""))


class SmtpUrl(fields.String):
    """SMTP_URL, read into an SmtpServer."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kw: Any) -> Any:
        try:
            return SmtpServer.parse(super()._deserialize(value, attr, data, **kw))
        except ValueError as error:
            raise ValidationError(str(error)) from None


class Settings(Schema):
    server = SmtpUrl(data_key="SMTP_URL", load_default=None)
    second = SmtpUrl(data_key="SMTP_2_URL", load_default=None)
    sender = fields.Email(data_key="MAIL_FROM", load_default="no-reply@localhost.localdomain")
    public_url = fields.Url(data_key="PUBLIC_URL", load_default="", require_tld=False)
    bounces = fields.String(data_key="MAIL_BOUNCES", load_default="")
    prefix = fields.String(data_key="NOTIFIER_URL_PREFIX", load_default="/notices")


SETTINGS = Settings()


class Talk(smtplib.SMTP):
    """An SMTP session whose whole length can be cut."""

    def __init__(self, server: SmtpServer, timeout: float, context: ssl.SSLContext, cord: Cord) -> None:
        super().__init__(timeout=timeout)
        self._host = server.host  # the name STARTTLS holds the certificate against
        self._implicit = context if server.tls == "implicit" else None
        self._cord = cord

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        raw = socket.create_connection((host, port), timeout)
        self._cord.hold(raw)
        return self._implicit.wrap_socket(raw, server_hostname=host) if self._implicit else raw


class MailPolicy(EmailPolicy):
    """Links in headers stay whole: nobody can follow them as encoded words (RFC 2369, RFC 8058)."""

    def fold_binary(self, name: str, value: str) -> bytes:
        if name.lower() == "list-unsubscribe" and value.isascii():
            return f"{name}: {value}{self.linesep}".encode("ascii")
        return super().fold_binary(name, value)


POLICY = MailPolicy(linesep="\r\n")


class Relay:
    """One mail server that takes our mails."""

    cost = None

    def __init__(
        self,
        server: SmtpServer,
        sender: str,
        public_url: str = "",
        timeout: float = TIMEOUT_SECONDS,
        prefix: str = "/notices",
    ) -> None:
        self.name = f"{server.host}:{server.port}"[-40:]
        self._server = server
        self._sender = sender
        self._public_url = public_url.rstrip("/")
        self._subscriptions = f"{self._public_url}{prefix}/subscriptions" if self._public_url else ""
        self._timeout = timeout
        self._context = ssl.create_default_context()

    def send(self, message: Message, target: Target) -> Sent:
        mail = self._compose(message, target)
        try:
            with Cord(self._timeout * LONGEST_TALK) as cord, self._connect(cord) as smtp:
                return self._hand_over(smtp, mail, target.address)
        except smtplib.SMTPNotSupportedError as error:
            raise DeliveryError("邮件服务器不支持所要求的加密或登录方式") from error
        except smtplib.SMTPDataError as error:
            raise DeliveryError(f"邮件被拒（{error.smtp_code}）", permanent=error.smtp_code >= 500) from error
        except smtplib.SMTPResponseException as error:
            raise DeliveryError(f"邮件服务器连接或登录失败（{error.smtp_code}）") from error
        except (smtplib.SMTPException, OSError) as error:
            raise DeliveryError("邮件服务器无法连接或超时") from error

    def _compose(self, message: Message, target: Target) -> EmailMessage:
        link = f"{self._public_url}{message.link}" if self._public_url and message.link else ""
        mail = EmailMessage(policy=POLICY)
        mail["Subject"] = one_line(message.title)
        mail["From"] = self._sender
        mail["To"] = target.address
        mail["Date"] = format_datetime(message.created_at)
        number = f"{message.id}.{message.proof}" if message.proof else message.id
        mail["Message-ID"] = f"<{number}@{self._sender.partition('@')[2]}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail["List-Id"] = f"<notices.{self._sender.partition('@')[2]}>"
        if message.unsubscribe:
            mail["List-Unsubscribe"] = f"<{one_line(message.unsubscribe, 900)}>"
            mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        elif self._subscriptions and target.ref.startswith("user:"):
            mail["List-Unsubscribe"] = f"<{self._subscriptions}>"
        footer = message.footer or FOOTER
        text = "\n\n".join(part for part in (message.body, link, footer) if part)
        mail.set_content(text, cte="base64")
        page = render_mail(message.title, message.body, link, footer)
        mail.add_alternative(page, subtype="html", cte="base64")
        for each in allowed(message.attachments):
            main, _, sub = each.media.partition("/")
            mail.add_attachment(each.content, maintype=main, subtype=sub, filename=each.name)
        return mail

    def _connect(self, cord: Cord) -> smtplib.SMTP:
        server = self._server
        smtp = Talk(server, self._timeout, self._context, cord)
        try:
            _greeted(smtp.connect(server.host, server.port))
            self._secure(smtp)
        except BaseException:
            smtp.close()
            raise
        return smtp

    def _secure(self, smtp: smtplib.SMTP) -> None:
        smtp.ehlo_or_helo_if_needed()
        tls = self._server.tls
        if tls == "required" or (tls == "offered" and smtp.has_extn("starttls")):
            smtp.starttls(context=self._context)
            smtp.ehlo()
        if self._server.user:
            smtp.login(self._server.user, self._server.password)

    def _hand_over(self, smtp: smtplib.SMTP, mail: EmailMessage, address: str) -> Sent:
        _expect(smtp.mail(self._sender), "发件地址被拒", own_fault=True)
        _expect(smtp.rcpt(address), "收件地址被拒")
        answer = _expect(smtp.data(mail.as_bytes()), "邮件被拒")
        return Sent(one_line(answer, 200))


def allowed(attachments: Sequence[Attachment]) -> list[Attachment]:
    """Those of a kind and size that may be mailed; the message itself goes out without the others."""
    kept: list[Attachment] = []
    room = MOST_ATTACHED
    for each in attachments:
        ending = ATTACHABLE.get(each.media)
        fits = ending and re.fullmatch(rf"[A-Za-z0-9._-]{{1,80}}\.{ending}", each.name)
        if not fits or len(each.content) > room:
            log.warning("attachment left out", media=each.media, size=len(each.content))
            continue
        room -= len(each.content)
        kept.append(each)
    return kept


def _greeted(answer: tuple[int, bytes]) -> None:
    if answer[0] != SERVICE_READY:
        raise smtplib.SMTPConnectError(answer[0], "")


def _expect(answer: tuple[int, bytes], problem: str, *, own_fault: bool = False) -> str:
    """The server's words where it agreed. A 5xx is final, unless our own settings are to blame."""
    code, words = answer
    if code in {250, 251}:
        return words.decode("ascii", "replace")
    raise DeliveryError(f"{problem}({code})", permanent=code >= 500 and not own_fault)


class EmailChannel:
    name = NAME
    retries = (10, 60, 300, 1800, 7200, 21600, 43200)
    concurrency = 4
    per_target = 2

    def __init__(self, relays: Sequence[Relay], clock: Clock) -> None:
        self._ways = Failover(relays, clock)

    def send(self, message: Message, target: Target) -> Sent:
        if not _ADDRESS.fullmatch(target.address):
            raise DeliveryError("收件地址不是有效的电子邮箱", permanent=True)
        return self._ways.send(message, target)


def open_channel(settings: Mapping[str, Any], ports: Ports) -> Channel | None:
    servers = [server for server in (settings["server"], settings["second"]) if server is not None]
    about = (settings["sender"], settings["public_url"], TIMEOUT_SECONDS, settings["prefix"])
    return EmailChannel([Relay(server, *about) for server in servers], ports.clock) if servers else None
