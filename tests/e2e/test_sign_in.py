"""One sign-in for three services: ends everywhere at once, and nothing forged is let in."""

from datetime import UTC, datetime, timedelta

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.demo import Caller, HttpFailure
from tests.harness.wait import until

DOORS = ("/api/v1/cases", "/push/api/v1/deliveries", "/notices/api/v1/inbox")


def status(caller, path):
    return caller.status(path)


def test_one_token_opens_all_three(world, signed_in):
    operator = signed_in("supervisor")
    assert [status(operator, door) for door in DOORS] == [200, 200, 200]


def test_signing_out_ends_access_everywhere(world, signed_in):
    supervisor = signed_in("supervisor")
    assert [status(supervisor, door) for door in DOORS] == [200, 200, 200]
    supervisor.call("DELETE", "/api/v1/session")
    assert status(supervisor, DOORS[0]) == 401
    until(lambda: all(status(supervisor, door) == 401 for door in DOORS), 1)


def test_disabling_a_user_ends_access_everywhere(world, signed_in):
    admin, clerk = signed_in("system-admin"), signed_in("reviewer", "210000")
    assert status(clerk, DOORS[0]) == 200
    users = admin.get("/api/v1/users", limit="200")["items"]
    name = next(
        a["username"] for a in world.accounts if a["roles"] == ["reviewer"] and a["region"] == "210000"
    )
    user = next(u for u in users if u["username"] == name)
    admin.call("POST", f"/api/v1/users/{user['id']}/disable", {"reason": "测试停用"})
    try:
        assert status(clerk, DOORS[0]) == 401
        until(lambda: all(status(clerk, door) == 401 for door in DOORS[1:]), 1)
    finally:
        admin.call("POST", f"/api/v1/users/{user['id']}/enable", {"reason": "测试恢复"})


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize(
    "flaw", ["expired", "foreign-key", "altered", "none-algorithm", "empty", "not-a-token"]
)
def test_a_bad_token_is_refused(world, signed_in, door, flaw):
    good = signed_in("supervisor").token
    assert status(Caller(world.base, spoil(good, flaw)), door) == 401


def spoil(good, flaw):
    claims = jwt.decode(good, options={"verify_signature": False})
    header = jwt.get_unverified_header(good)
    if flaw == "none-algorithm":
        return jwt.encode(claims, None, algorithm="none", headers={"kid": header["kid"]})
    if flaw == "altered":
        head, body, signature = good.split(".")
        return ".".join([head, body[:-3] + ("AAA" if body[-3:] != "AAA" else "BBB"), signature])
    if flaw in {"empty", "not-a-token"}:
        return "" if flaw == "empty" else "x.y.z"
    if flaw == "expired":
        claims["exp"] = int((datetime.now(UTC) - timedelta(hours=1)).timestamp())
    # A key of the attacker's under the real key id: both flaws are wrong here, the second only by its key.
    return jwt.encode(claims, Ed25519PrivateKey.generate(), algorithm="EdDSA", headers={"kid": header["kid"]})


def test_public_pages_need_no_token(world):
    public = Caller(world.base)
    assert public.get("/api/v1/lists")["items"]
    with pytest.raises(HttpFailure):
        public.get("/api/v1/cases")
