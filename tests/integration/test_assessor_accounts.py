"""Outside assessors (第三方评估) read a region's figures until a day fixed beforehand, and nothing more."""

from datetime import timedelta

import pytest

ADMIN, SECURITY = "changan-system-admin", "changan-security-admin"


@pytest.fixture
def region(new_region):
    made = new_region()
    yield made
    made.deps.db.close()


def open_account(region, until="2026-11-10"):
    office = region.who(ADMIN).department_id
    body = {
        "username": "assessor",
        "display_name": "外部评估员",
        "department_id": office,
        "valid_until": until,
    }
    made = region.call("POST", "/api/v1/users", ADMIN, body)
    assert made.status_code == 201, made.text
    return made.json


def assessor(region, until="2026-11-10"):
    """An account with the role, given by two administrators, and a password of its own."""
    made = open_account(region, until)
    user = made["user"]["id"]
    asked = {"roles": ["assessor"], "reason": "委托第三方评估"}
    change = region.call("POST", f"/api/v1/users/{user}/roles", ADMIN, asked)
    assert change.status_code == 201, change.text
    place = f"/api/v1/role-changes/{change.json['id']}/decision"
    assert region.call("POST", place, SECURITY, {"approve": True}).status_code == 200
    region.accounts["assessor"] = {"username": "assessor", "password": made["password"]}
    fresh = {"current_password": made["password"], "new_password": "Outside-eyes-2026"}
    assert region.call("POST", "/api/v1/session/password", "assessor", fresh).status_code == 204
    region.accounts["assessor"]["password"] = fresh["new_password"]
    return user


def test_an_assessor_reads_figures_and_changes_nothing(region):
    assessor(region)
    for path in ("/indicators", "/overdue", "/assessment", "/annual-report", "/gaps", "/inspections"):
        assert region.call("GET", path, "assessor").status_code == 200, path
    assert region.call("GET", "/indicators?region=350524", "assessor").status_code == 422
    for method, path in (("POST", "/inspections"), ("POST", "/decisions"), ("POST", "/explanations")):
        assert region.call(method, path, "assessor", {}).status_code == 403, path
    for path in ("/api/v1/cases", "/api/v1/audit", "/api/v1/users"):
        assert region.call("GET", path, "assessor").status_code == 403, path


def test_the_account_ends_with_its_last_day(region):
    assessor(region, "2026-11-04")
    token = region.token("assessor")
    region.clock.set(region.clock.now() + timedelta(minutes=10))
    assert region.call("GET", "/indicators", "assessor").status_code == 200
    region.clock.advance(timedelta(days=1, hours=13, minutes=45))  # 2026-11-04 23:55 in Shanghai
    given = {name: region.accounts["assessor"][name] for name in ("username", "password")}
    signed = region.client.post("/api/v1/session", json=given)
    assert signed.status_code == 200
    assert signed.json["expires_at"].startswith("2026-11-04T16:00:00"), "no token outlives the account"
    region.tokens["assessor"] = signed.json["token"]
    region.clock.advance(timedelta(minutes=4))
    assert region.call("GET", "/indicators", "assessor").status_code == 200
    region.clock.advance(timedelta(minutes=2))
    assert region.call("GET", "/indicators", "assessor").status_code == 401
    assert region.client.post("/api/v1/session", json=given).status_code == 401
    header = {"Authorization": f"Bearer {token}"}
    assert region.client.post("/api/v1/session/refresh", headers=header).status_code == 401


def test_an_assessor_must_have_a_last_day_and_no_other_role(region):
    made = open_account(region)["user"]["id"]
    mixed = {"roles": ["assessor", "clerk"], "reason": "x"}
    assert (
        region.call("POST", f"/api/v1/users/{made}/roles", ADMIN, mixed).json["slug"] == "roles-incompatible"
    )
    lifted = {"valid_until": None, "reason": "转正"}
    assert region.call("POST", f"/api/v1/users/{made}/validity", ADMIN, lifted).json["valid_until"] is None
    alone = {"roles": ["assessor"], "reason": "x"}
    assert region.call("POST", f"/api/v1/users/{made}/roles", ADMIN, alone).json["slug"] == "account-validity"


def test_a_last_day_is_within_a_year_and_set_by_the_system_administrator(region):
    user = assessor(region)
    place = f"/api/v1/users/{user}/validity"
    assert (
        region.call("POST", place, SECURITY, {"valid_until": "2026-12-01", "reason": "x"}).status_code == 403
    )
    for day in ("2026-11-02", "2028-01-01"):
        refused = region.call("POST", place, ADMIN, {"valid_until": day, "reason": "x"})
        assert (refused.status_code, refused.json["fields"][0]["pointer"]) == (422, "/valid_until")
    before = region.token("assessor")
    assert (
        region.call("POST", place, ADMIN, {"valid_until": "2026-12-01", "reason": "延期"}).status_code == 200
    )
    header = {"Authorization": f"Bearer {before}"}
    assert region.client.get("/api/v1/session", headers=header).status_code == 401, "sessions begin anew"
