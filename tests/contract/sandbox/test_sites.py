"""Public sites of the stand-ins: they show what they hold, later what is relayed to them."""

import json
from datetime import datetime, timedelta

import pytest

from services.credit_push.sandbox.platforms import PLATFORMS
from services.credit_push.sandbox.sites import sources
from tests.contract.sandbox.conftest import canonical
from tests.harness.wait import until

CITY, PROVINCE = "credit-quanzhou", "credit-fujian"


def shown(bench, platform, *keys, **how):
    body = json.dumps({"match_keys": keys}).encode()
    return bench.call("POST", f"/sites/{platform}/appearances", body, "application/json", **how)


def test_displayed_here_at_once_and_above_later(bench):
    record = canonical()
    bench.send_json(CITY, record)
    key = record["listing_id"]
    here, other = shown(bench, CITY, key, "nothing").json["rows"]
    assert (here["match_key"], here["displayed"], other["displayed"]) == (key, True, False)
    assert here["url"].endswith(f"/platforms/{CITY}")
    assert shown(bench, PROVINCE, key).json["rows"][0]["displayed"] is False
    assert bench.client.post("/clock", json={"advance": "PT11M"}).status_code == 200
    above = until(
        lambda: next((row for row in shown(bench, PROVINCE, key).json["rows"] if row["displayed"]), None)
    )
    lag = datetime.fromisoformat(above["since"]) - datetime.fromisoformat(here["since"])
    assert lag == timedelta(minutes=10)


def test_a_site_may_stand_still(bench):
    record = canonical()
    bench.client.post("/faults", json={"platform": CITY, "kind": "stale_site", "count": 1})
    bench.send_json(CITY, record)
    asked = [shown(bench, CITY, record["listing_id"]).json["rows"][0]["displayed"] for _ in range(2)]
    assert asked == [False, True]


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"match_keys": [1]}', b"[" * 5000])
def test_odd_questions(bench, body):
    answer = bench.call("POST", f"/sites/{CITY}/appearances", body, "application/json")
    assert answer.status_code in (400, 422)
    assert shown(bench, CITY, key_of=PROVINCE).status_code == 401


def test_relays_end():
    for platform in PLATFORMS.values():
        assert all(hops < len(PLATFORMS) for _, hops in sources(platform))
