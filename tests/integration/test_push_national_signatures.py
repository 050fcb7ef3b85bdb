"""A platform that asks for HMAC-SM3 or SM2: all that is sent, called back or brought is signed so."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.error import HTTPError

import pytest

from services.credit_push.catalogue import Profile
from services.credit_push.sandbox import desk
from services.credit_push.sandbox.platforms import PLATFORMS
from shared.http import sign_request
from tests.harness.platforms import PushWorld, http_json, push_world, quick

NAMES = ("tender-shijiazhuang", "credit-china")


@pytest.fixture(params=["hmac-sm3", "sm2"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[PushWorld]:
    def tune(profile: Profile) -> Profile:
        known = quick(profile)
        return replace(known, signature=request.param) if known.id in NAMES else known

    with pytest.MonkeyPatch.context() as patch:
        for name in NAMES:
            patch.setitem(PLATFORMS, name, replace(PLATFORMS[name], signature=request.param))
        assert desk.PLATFORMS is PLATFORMS
        with push_world(tmp_path, tune=tune) as made:
            yield made


def test_receipts_and_requests_come_back_under_the_platforms_own_signature(world: PushWorld) -> None:
    called, nation = world.listing(region="130102"), world.listing(region="000000")
    world.publish(called.event("published"), nation.event("published"))
    filed = ("tender-shijiazhuang", "list", "acknowledged")
    world.until(lambda: filed in world.states(called.id), "the callback")
    world.until(lambda: ("credit-china", "list", "acknowledged") in world.states(nation.id), "the answer")
    asked = {"platform": "credit-china", "kind": "objection", "listing_id": nation.id, "evidence": "事实有误"}
    with pytest.raises(HTTPError) as told:  # believed; no case of ours stands behind it
        http_json("POST", f"{world.sandbox}/filings", asked)
    assert told.value.code == 409


def test_the_other_algorithm_is_not_believed(world: PushWorld) -> None:
    """A receipt signed as the profile does not say is refused and written down."""
    path, body = "/push/api/v1/receipts/tender-shijiazhuang", b'{"batch_id":"b","receipts":[]}'
    key, now = world.deps.keys["sandbox:tender-shijiazhuang"], world.deps.clock.system_now()
    headers = sign_request("POST", path, body, key_id=key.key_id, secret=key.secret, now=now)
    client = world.client("operator")
    answer = client.post(path, data=body, headers=headers, content_type="application/json")
    assert answer.status_code == 401
    (kept,) = client.get("/push/api/v1/refused-receipts").json["items"]
    assert (kept["platform"], kept["key_id"]) == ("tender-shijiazhuang", key.key_id)
