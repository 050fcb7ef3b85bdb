"""What we sign is signed as docs/platform-wire.md says: recomputed without any code of ours."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import gmssl_pyx
import pytest

from shared.http import sign_request
from tests.contract.transports.test_failures import HTTP, job, transport_to
from tests.harness.signature import is_signed, signature_of

SECRET = b"secret"
"""Of the key that `transport_to` signs with."""
Captured = tuple[str, str, Message, bytes]


@contextmanager
def stub() -> Iterator[tuple[str, list[Captured]]]:
    """A platform that keeps every request as it came and answers nothing of use."""
    captured: list[Captured] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            captured.append((self.command, self.path, self.headers, body))
            self.send_error(503)

        do_GET = do_POST  # noqa: N815  the name is the library's

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/platforms/stub", captured
    finally:
        server.shutdown()
        server.server_close()


def test_the_published_vector_is_what_the_words_give() -> None:
    text = Path("docs/platform-wire.md").read_text("utf-8")
    published = dict(zip(("hmac-sha256", "hmac-sm3"), re.findall(r"`([0-9a-f]{64})`", text), strict=True))
    target, body, nonce, secret = (
        "/exchange/v1/receipts",
        b'{"receipts":[]}',
        "0123456789abcdef",
        "not a real secret",
    )
    for told in (target, body.decode(), "1793581200", nonce, secret):
        assert f"`{told}`" in text
    for algorithm, told in published.items():
        by_others = signature_of("POST", target, body, "1793581200", nonce, secret.encode(), algorithm)
        signed = sign_request(
            "POST",
            target,
            body,
            key_id="k",
            secret=secret.encode(),
            now=datetime.fromtimestamp(1793581200, UTC),
            nonce=nonce,
            algorithm=algorithm,
        )
        assert by_others == signed["X-Signature"] == told


def sm2_key() -> tuple[str, bytes]:
    """A private key and its public point, both GmSSL's."""
    point, secret = gmssl_pyx.sm2_key_generate()
    return secret.hex(), point


@pytest.mark.parametrize("algorithm", ["hmac-sm3", "sm2"])
@pytest.mark.parametrize("platform", HTTP)
def test_a_platform_may_ask_for_the_national_algorithms(platform: str, algorithm: str) -> None:
    secret, public = sm2_key() if algorithm == "sm2" else (SECRET.decode(), SECRET)
    with stub() as (url, captured):
        transport = transport_to(platform, url, secret=secret.encode(), algorithm=algorithm)
        transport.send([job(platform)])
        transport.close()
    ((method, target, headers, body),) = captured
    assert is_signed(method, target, body, dict(headers), public, algorithm)
    assert not is_signed(method, target, body + b" ", dict(headers), public, algorithm)


@pytest.mark.parametrize("platform", HTTP)
def test_what_is_pushed_and_asked_carries_a_signature_anybody_can_check(platform: str) -> None:
    with stub() as (url, captured):
        transport = transport_to(platform, url)
        made = job(platform)
        transport.send([made])
        transport.query([made])
        transport.close()
    (posted, sent), (asked, question) = ((one[0], one) for one in captured)
    assert (posted, asked) == ("POST", "GET")
    assert sent[3] != b""
    assert "%3A" in question[1]
    for method, target, headers, body in captured:
        assert is_signed(method, target, body, dict(headers), SECRET)
        assert not is_signed(method, target, body + b" ", dict(headers), SECRET)
        assert not is_signed(method, target + "?x=1", body, dict(headers), SECRET)
