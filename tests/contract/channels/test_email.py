"""Mail: what it looks like, that nothing can be injected into it, and that a password needs TLS."""

import ssl
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest

from services.notifier.channels import Ports, read_settings
from services.notifier.channels.email import EmailChannel, Relay, SmtpServer, open_channel
from services.notifier.channels.webhook import SETTINGS as WEBHOOK_SETTINGS
from shared.clock import SystemClock
from shared.errors import DeliveryError
from shared.settings import SettingsError
from tests.contract.channels.benches import message
from tests.harness.certificates import self_signed
from tests.harness.notices import mail_server

SENDER = "no-reply@example.gov.cn"
PORTS = Ports(None, SystemClock())  # type: ignore[arg-type]  mail needs no database


def parsed(raw: bytes) -> EmailMessage:
    found = message_from_bytes(raw, policy=policy.default)
    assert isinstance(found, EmailMessage)
    return found


def send(url: str, mail: object = None, to: str = "clerk@example.gov.cn", **options: object) -> object:
    from services.notifier.channels import Target

    relay = Relay(SmtpServer.parse(url), SENDER, "https://credit.example.gov.cn", 3.0)
    channel = EmailChannel([relay], SystemClock())
    return channel.send(mail or message(), Target("user:1", to))  # type: ignore[arg-type]


def test_a_mail_has_text_and_page_and_a_stable_id():
    with mail_server() as (mailbox, url):
        sent = send(url)
    mail = parsed(mailbox.mails[0][2])
    assert mail["Message-ID"] == f"<{message().id}@example.gov.cn>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["List-Id"] == "<notices.example.gov.cn>"
    assert mail["List-Unsubscribe"] == "<https://credit.example.gov.cn/notices/subscriptions>"
    assert mail["List-Unsubscribe-Post"] is None
    assert "华景建设工程有限公司" in mail["Subject"]
    text, page = mail.get_body(("plain",)).get_content(), mail.get_body(("html",)).get_content()
    assert "长住建罚〔2026〕12号" in text
    assert "https://credit.example.gov.cn/cases/case-1" in text
    assert '<a href="https://credit.example.gov.cn/cases/case-1">' in page
    assert sent.provider_id == "OK queued as Q1"


@pytest.mark.parametrize("break_", ["\r\n", "\n", "\r", "\u2028", "\x0b"])
def test_headers_cannot_be_injected_through_a_title(break_):
    with mail_server() as (mailbox, url):
        send(url, message(title=f"标题{break_}Bcc: all@example.gov.cn{break_}{break_}<script>"))
    _, recipients, raw = mailbox.mails[0]
    assert recipients == ["clerk@example.gov.cn"]
    assert parsed(raw)["Bcc"] is None
    assert "Bcc: all" in parsed(raw)["Subject"]


@pytest.mark.parametrize(
    "address",
    [
        "",
        "clerk",
        "a b@example.gov.cn",
        "a@b\r\nRCPT TO:<x@y>",
        "a@b>,<c@d",
        "甲@example.gov.cn",
        "a@",
        "@b",
        "a@b@c",
    ],
)
def test_an_address_that_is_none_is_refused_before_connecting(address):
    with pytest.raises(DeliveryError) as caught:
        send("smtp://127.0.0.1:1", to=address)
    assert caught.value.permanent


def test_a_refused_text_is_permanent_and_a_refused_sender_is_not():
    with mail_server() as (mailbox, url):
        mailbox.refuse_data = "554 looks like spam"
        with pytest.raises(DeliveryError) as caught:
            send(url)
        assert caught.value.permanent
        mailbox.refuse_data = "451 busy"
        with pytest.raises(DeliveryError) as caught:
            send(url)
        assert not caught.value.permanent


def test_a_server_that_is_away_is_passing():
    with pytest.raises(DeliveryError) as caught:
        send("smtp://127.0.0.1:1")
    assert not caught.value.permanent


def test_a_password_is_never_sent_in_the_clear():
    with mail_server(auth_require_tls=False) as (mailbox, url):
        with pytest.raises(DeliveryError) as caught:
            send(url.replace("://", "://sender:geheim@"))
        assert not caught.value.permanent
        assert mailbox.mails == []


def test_starttls_protects_the_password(tmp_path):
    certificate, trust = self_signed(tmp_path, "127.0.0.1")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    seen: list[tuple[str, str]] = []

    def login(_server: object, _session: object, _envelope: object, _mechanism: str, data: object) -> object:
        from aiosmtpd.smtp import AuthResult

        seen.append((data.login.decode(), data.password.decode()))  # type: ignore[attr-defined]
        return AuthResult(success=True)

    from services.notifier.channels import Target

    with mail_server(tls_context=context, require_starttls=True, authenticator=login) as (mailbox, url):
        server = SmtpServer.parse(url.replace("://", "://sender:p%40ss@"))
        channel = Relay(server, SENDER, timeout=3.0)
        with pytest.raises(DeliveryError):  # the certificate is not trusted yet
            channel.send(message(), Target("user:1", "clerk@example.gov.cn"))
        channel._context = trust
        channel.send(message(), Target("user:1", "clerk@example.gov.cn"))
    assert seen == [("sender", "p@ss")]
    assert len(mailbox.mails) == 1


@pytest.mark.parametrize(
    "url", ["http://x", "smtp://", "smtp://u:p@h?tls=off", "smtp://h?tls=maybe", "smtp://h:port"]
)
def test_a_wrong_smtp_url_is_named_without_being_quoted(url):
    with pytest.raises(ValueError, match=r"SMTP_URL|Port|tls") as caught:
        SmtpServer.parse(url)
    assert ":p@" not in str(caught.value)


def test_without_smtp_url_the_channel_is_off():
    assert open_channel(read_settings({})["email"], PORTS) is None
    assert open_channel(read_settings({"SMTP_URL": "smtp://mail:25"})["email"], PORTS) is not None


def test_settings_are_read_by_name():
    assert WEBHOOK_SETTINGS.load({"WEBHOOK_ALLOWED_HOSTS": " A.example , b:8443,"})["allowed_hosts"] == {
        "a.example",
        "b:8443",
    }
    from services.notifier.settings import read_settings as read_all

    with pytest.raises(SettingsError, match="SMTP_URL"):
        read_all({"SMTP_URL": "smtp://u:p@h?tls=off"})


def test_one_click_ends_a_mail_that_says_so():
    with mail_server() as (mailbox, url):
        send(url, message(unsubscribe="https://credit.example.gov.cn/u/1\r\nBcc: x@example.gov.cn"))
    mail = parsed(mailbox.mails[0][2])
    assert mail["List-Unsubscribe"] == "<https://credit.example.gov.cn/u/1 Bcc: x@example.gov.cn>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail["Bcc"] is None


def test_a_long_link_to_unsubscribe_goes_out_bare_and_long_subjects_stay_folded():
    link = f"https://credit.example.gov.cn/notices/watches/{'Aa0-_' * 24}/removal"
    with mail_server() as (mailbox, url):
        send(url, message(unsubscribe=link, title="石家庄虚构建筑工程有限公司" * 12))
    head = mailbox.mails[0][2].partition(b"\r\n\r\n")[0].split(b"\r\n")
    assert f"List-Unsubscribe: <{link}>".encode() in head
    assert max(len(line) for line in head if not line.startswith(b"List-Unsubscribe:")) <= 78
