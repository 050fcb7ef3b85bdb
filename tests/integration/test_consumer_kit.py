"""The trial passes a consumer that keeps the promises and names the one that another breaks."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from click.testing import CliRunner

from services.cli.push import consumer_kit
from services.credit_push.kit import Consumer, judge, lives
from shared.http import BadSignature, MemoryNonces, verify_request

SECRET = b"kit-secret"
KNOWN = ("published", "corrected", "annotated", "removed", "revoked", "restored", "shielded", "unshielded")


class Books:
    """A consumer's store; `fault` is what it does wrong."""

    def __init__(self, fault: str = "") -> None:
        self.fault, self.seen, self.nonces = fault, set[str](), MemoryNonces()
        self.rows: dict[str, tuple[int, bool]] = {}

    def take(self, event: dict[str, Any]) -> int:
        known = event["type"].removeprefix("listing.") in KNOWN
        if not known and self.fault != "shows strangers":
            return 400 if self.fault == "refuses strangers" else 204
        if event["id"] in self.seen and self.fault == "refuses doubles":
            return 409
        self.seen.add(event["id"])
        held = self.rows.get(event["subject"], (0, False))
        if event["sequence"] > held[0] or self.fault == "takes whatever came last":
            self.rows[event["subject"]] = (event["sequence"], event["data"]["operation"] != "withdraw")
        return 204


@contextmanager
def consumer(books: Books) -> Iterator[str]:
    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["Content-Length"]))
            try:
                verify_request(
                    "POST",
                    self.path,
                    raw,
                    dict(self.headers.items()),
                    secret_of=lambda _: SECRET,
                    now=datetime.now(UTC),
                    nonces=books.nonces,
                )
                status = books.take(json.loads(raw))
            except BadSignature:
                status = 204 if books.fault == "believes anyone" else 401
            self.send_response(status)
            self.end_headers()

        def do_GET(self) -> None:
            rows = [
                {"listing_id": id_, "version": version, "shown": shown}
                for id_, (version, shown) in books.rows.items()
            ]
            body = json.dumps({"listings": rows}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/events"
    finally:
        server.shutdown()
        server.server_close()


def test_every_kind_is_in_the_trial() -> None:
    kinds = {event.body["type"].removeprefix("listing.") for life in lives(5) for event in life}
    assert kinds == set(KNOWN)


def test_a_good_consumer_passes() -> None:
    with consumer(Books()) as address:
        judgement = judge(Consumer(address, "k", SECRET), listings=15)
    assert judgement.passed, judgement.findings
    assert len(judgement.findings) == 7


@pytest.mark.parametrize(
    ("fault", "place"),
    [
        ("refuses doubles", 0),
        ("takes whatever came last", 1),
        ("refuses strangers", 4),
        ("believes anyone", 5),
        ("shows strangers", 6),
    ],
)
def test_a_broken_promise_is_named(fault: str, place: int) -> None:
    with consumer(Books(fault)) as address:
        judgement = judge(Consumer(address, "k", SECRET), listings=15)
    first = next(at for at, one in enumerate(judgement.findings) if not one.kept)
    assert first == place, judgement.findings
    assert judgement.findings[place].detail


def test_the_tool_says_it_and_exits() -> None:
    with consumer(Books()) as address:
        options = [address, "--listings", "5", "--key-id", "k", "--secret", SECRET.decode()]
        good = CliRunner().invoke(consumer_kit, options)
        machine = CliRunner().invoke(consumer_kit, [*options, "--json"])
    assert (good.exit_code, "7/7 项通过" in good.output) == (0, True)
    assert json.loads(machine.output)["passed"]
    gone = CliRunner().invoke(consumer_kit, [address, "--listings", "1"])
    assert gone.exit_code == 1


def test_a_query_in_the_address_is_signed_and_stays_behind_the_state() -> None:
    with consumer(Books()) as address:
        assert judge(Consumer(f"{address}?tenant=7", "k", SECRET), listings=2).passed


@pytest.mark.parametrize("given", [["nowhere"], ["http://127.0.0.1:9", "--secret", "s"]])
def test_the_tool_says_what_it_was_not_told(given: list[str]) -> None:
    assert CliRunner().invoke(consumer_kit, given).exit_code == 2
