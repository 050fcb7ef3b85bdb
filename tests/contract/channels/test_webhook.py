"""Webhooks: signatures others verify, one pinned connection, nothing followed, nothing endless."""

import base64
import json
import socket
import ssl
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from services.notifier.channels import Target
from services.notifier.channels.webhook import GONE, WebhookChannel
from shared.clock import FixedClock, SystemClock
from shared.errors import DeliveryError
from shared.wire import Pool
from tests.contract.channels.benches import AT_MOST, SECRET, TIMEOUT, message
from tests.harness.certificates import self_signed
from tests.harness.notices import webhook_receiver
from tests.unit.shared.test_public_addresses import BLOCKED

OLD = b"the secret before the rotation!!"
HERE = frozenset({"127.0.0.1"})


def channel(**options: object) -> WebhookChannel:
    return WebhookChannel(SystemClock(), **{"allowed_hosts": HERE, "timeout": 10.0, **options})  # type: ignore[arg-type]


def whsec(secret: bytes) -> str:
    return "whsec_" + base64.b64encode(secret).decode()


def test_the_published_library_verifies_our_signature():
    with webhook_receiver() as receiver:
        channel().send(message(), Target("webhook:1", receiver.url, (SECRET,)))
    headers, body = receiver.requests[0]
    document = Webhook(whsec(SECRET)).verify(body, headers)
    assert document["type"] == "case.published"
    assert document["data"]["document_number"] == "长住建罚〔2026〕12号"
    assert headers["content-type"] == "application/json"
    with pytest.raises(WebhookVerificationError):
        Webhook(whsec(OLD)).verify(body, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(whsec(SECRET)).verify(body + b" ", headers)


def test_during_a_rotation_both_secrets_verify():
    with webhook_receiver() as receiver:
        channel().send(message(), Target("webhook:1", receiver.url, (SECRET, OLD)))
    headers, body = receiver.requests[0]
    for secret in (SECRET, OLD):
        assert Webhook(whsec(secret)).verify(body, headers)


def test_an_old_request_is_refused_by_the_receiver():
    with webhook_receiver() as receiver:
        clock = FixedClock(datetime.now(UTC) - timedelta(minutes=6))
        WebhookChannel(clock, allowed_hosts=HERE).send(
            message(), Target("webhook:1", receiver.url, (SECRET,))
        )
    headers, body = receiver.requests[0]
    with pytest.raises(WebhookVerificationError):
        Webhook(whsec(SECRET)).verify(body, headers)


@pytest.mark.parametrize(
    ("status", "permanent"),
    [(201, None), (204, None), (301, True), (307, True), (400, True), (401, False), (404, True), (408, False),
     (409, False), (410, True), (413, True), (425, False), (429, False), (500, False), (503, False)],
)  # fmt: skip
def test_answers_are_judged(status, permanent):
    with webhook_receiver() as receiver:
        receiver.answer = lambda _n: (status, {"Location": "http://169.254.169.254/"}, b"")
        target = Target("webhook:1", receiver.url, (SECRET,))
        if permanent is None:
            channel().send(message(), target)
            return
        with pytest.raises(DeliveryError) as caught:
            channel().send(message(), target)
        assert caught.value.permanent is permanent
        assert (caught.value.reason == GONE) is (status == 410)
        assert len(receiver.requests) == 1


@pytest.mark.parametrize(
    ("value", "seconds"), [("7", 7.0), ("999999", 86400.0), ("soon", None), ("-5", None)]
)
def test_the_receivers_wish_to_wait_is_heard(value, seconds):
    with webhook_receiver() as receiver:
        receiver.answer = lambda _n: (429, {"Retry-After": value}, b"")
        with pytest.raises(DeliveryError) as caught:
            channel().send(message(), Target("webhook:1", receiver.url, (SECRET,)))
    assert caught.value.retry_after == seconds


def test_the_receivers_own_number_is_kept():
    with webhook_receiver() as receiver:
        receiver.answer = lambda _n: (200, {}, json.dumps({"id": "R-17\n"}).encode())
        sent = channel().send(message(), Target("webhook:1", receiver.url, (SECRET,)))
    assert sent.provider_id == "R-17"


def test_forbidden_addresses_are_refused_and_never_connected(monkeypatch):
    connected: list[object] = []
    monkeypatch.setattr(Pool, "connect", connected.append)
    strict = WebhookChannel(SystemClock(), timeout=5.0)
    assert len(BLOCKED) >= 60
    for url in [*BLOCKED, "http://8.8.8.8/"]:
        with pytest.raises(DeliveryError) as caught:
            strict.send(message(), Target("webhook:1", url, (SECRET,)))
        assert caught.value.permanent or "无法解析" in caught.value.reason, url
    assert connected == []


def test_a_name_that_does_not_resolve_is_passing():
    def nowhere(_host: str, _port: int) -> list[str]:
        raise socket.gaierror

    with pytest.raises(DeliveryError) as caught:
        channel(resolve=nowhere).send(message(), Target("webhook:1", "https://hooks.example.com/", (SECRET,)))
    assert not caught.value.permanent


def test_the_connection_goes_to_the_address_that_was_checked(tmp_path):
    """Rebinding: the name answers a good address once and a bad one ever after; only the first is used."""
    certificate, trust = self_signed(tmp_path, "hooks.example.com")
    asked: list[str] = []

    def resolve(host: str, _port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

    with webhook_receiver(certificate, "hooks.example.com") as receiver:
        pinned = channel(resolve=resolve, allowed_hosts=frozenset({"hooks.example.com"}), context=trust)
        pinned.send(message(), Target("webhook:1", receiver.url, (SECRET,)))
    assert asked == ["hooks.example.com"]
    assert receiver.requests[0][0]["host"].startswith("hooks.example.com:")


def test_every_new_connection_is_checked_anew(tmp_path):
    """Rebinding between two messages: the second connection is refused, however often it is tried."""
    certificate, trust = self_signed(tmp_path, "hooks.example.com")
    answers = iter([["127.0.0.1"], ["10.0.0.1"], ["169.254.169.254"]])
    with webhook_receiver(certificate, "hooks.example.com") as receiver:
        pinned = channel(resolve=lambda _h, _p: next(answers), context=trust, timeout=5.0)
        target = Target("webhook:1", receiver.url, (SECRET,))
        pinned._http._trusted = frozenset({"hooks.example.com"})
        pinned.send(message(), target)
        pinned._http._trusted = frozenset()
        for _ in range(2):
            with pytest.raises(DeliveryError) as caught:
                pinned.send(message(), target)
            assert caught.value.permanent
    assert len(receiver.requests) == 1


def test_a_certificate_for_another_name_is_refused(tmp_path):
    certificate, trust = self_signed(tmp_path, "elsewhere.example.com")
    with webhook_receiver(certificate, "hooks.example.com") as receiver:
        wrong = channel(
            resolve=lambda _h, _p: ["127.0.0.1"],
            allowed_hosts=frozenset({"hooks.example.com"}),
            context=trust,
        )
        with pytest.raises(DeliveryError) as caught:
            wrong.send(message(), Target("webhook:1", receiver.url, (SECRET,)))
    assert not caught.value.permanent
    assert receiver.requests == []


HEAD = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    ("flood", "taken"),
    [
        (b"", False),
        (HEAD + b"X: ", False),
        (HEAD + b"Content-Length: 9999999\r\n\r\n", True),
        (HEAD + b"Connection: close\r\n\r\n", True),
    ],
)
def test_a_dripping_answer_is_cut_off(flood, taken):
    with socket.create_server(("127.0.0.1", 0)) as server:
        stop = threading.Event()

        def drip() -> None:
            connection, _ = server.accept()
            with connection:
                try:
                    connection.sendall(flood)
                    while not stop.wait(0.05):
                        connection.sendall(b"x")
                except OSError:
                    return

        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
        started = time.monotonic()
        outcome: list[bool] = []
        with suppress(DeliveryError):
            channel(timeout=TIMEOUT).send(message(), Target("webhook:1", url, (SECRET,)))
            outcome.append(True)
        stop.set()
        assert time.monotonic() - started < AT_MOST
        assert bool(outcome) is taken


def test_an_endless_answer_is_read_only_so_far():
    with webhook_receiver() as receiver:
        receiver.answer = lambda _n: (200, {}, b"x" * 5_000_000)
        assert channel(timeout=5.0).send(message(), Target("webhook:1", receiver.url, (SECRET,)))


def test_default_context_verifies_certificates():
    assert channel()._http._context.verify_mode == ssl.CERT_REQUIRED


def test_a_connection_is_kept_and_one_that_was_closed_meanwhile_is_replaced():
    closed = threading.Event()
    seen: list[bytes] = []

    def serve() -> None:
        for stays in (2, 1):  # requests on this connection before it is closed
            connection, _ = server.accept()
            with connection:
                for _ in range(stays):
                    seen.append(connection.recv(65536))
                    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
            closed.set()

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=serve, daemon=True).start()
        target = Target("webhook:1", f"http://127.0.0.1:{server.getsockname()[1]}/", (SECRET,))
        kept = channel(timeout=5.0)
        for _ in range(2):
            kept.send(message(), target)
        closed.wait(5)
        kept.send(message(), target)
    assert len(seen) == 3


def test_many_under_way_need_no_thread_each():
    with webhook_receiver() as receiver:
        busy = channel(timeout=5.0)
        target = Target("webhook:1", receiver.url, (SECRET,))
        futures = [busy.start(message(str(number)), target) for number in range(20)]
        assert all(future.result(10) for future in futures)
    assert sorted(receiver.ids()) == sorted(str(number) for number in range(20))
