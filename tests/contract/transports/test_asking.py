"""A site's answer: one row that cannot be read does not cost the others."""

import json

import pytest

from services.credit_push.transports import AsyncRunner
from services.credit_push.transports.asking import HttpSite, Sight
from services.credit_push.transports.base import TransportDown
from services.credit_push.transports.http import HttpClient
from shared.clock import SystemClock
from shared.platform_keys import PlatformKey
from tests.contract.transports.test_failures import answering

GOOD = {"match_key": "a", "displayed": True, "since": None, "url": None}
WRONG: tuple[object, ...] = ({"rows": {"a": 1}}, {}, [])
BAD = ({"match_key": "b", "displayed": "yes"}, {"displayed": True}, {**GOOD, "since": "gestern"}, 7, None)


def ask(told: object) -> dict[str, Sight]:
    body = json.dumps(told).encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    with answering(head.encode() + body) as url:
        site = HttpSite(HttpClient(AsyncRunner(), url, PlatformKey("k", b"secret"), SystemClock(), 1, 2))
        try:
            return site.ask(["a", "b"])
        finally:
            site.close()


def test_only_the_row_that_cannot_be_read_is_left_out() -> None:
    assert ask({"rows": [*BAD, GOOD]}) == {"a": Sight(True)}
    for wrong in WRONG:
        with pytest.raises(TransportDown):
            ask(wrong)
