"""Sessions, accounts, departments, keys, rules and the trail over HTTP, in the service as it is wired."""

import json
import shutil
import time
from datetime import UTC, datetime, timedelta

import pytest

from services.blacklist.app import create_app, open_deps
from services.blacklist.sample import load_sample_world
from services.blacklist.settings import read_settings
from services.blacklist.store import Deps, metadata
from shared.clock import FixedClock
from shared.identifiers import make_uscc
from shared.ids import new_id

START = datetime(2026, 11, 2, 2, 0, tzinfo=UTC)


class Site:
    """The app on the sample world, and its people by role."""

    def __init__(self, folder, clock: FixedClock) -> None:
        settings = read_settings({"DATA_DIR": str(folder)})
        real = open_deps(settings)
        self.deps = Deps(real.db, clock, real.keyring, real.calendar, real.data_dir)
        self.app = create_app(settings, self.deps)
        self.client = self.app.test_client()
        self.accounts = {a["username"]: a for a in json.loads((folder / "accounts.json").read_text("utf-8"))}
        self.tokens: dict[str, str] = {}

    def sign_in(self, username, password=None):
        body = {"username": username, "password": password or self.accounts[username]["password"]}
        return self.client.post("/api/v1/session", json=body)

    def call(self, method, path, who=None, body=None, **headers):
        if who is not None:
            if who not in self.tokens:
                self.tokens[who] = self.sign_in(who).json["token"]
            headers["Authorization"] = f"Bearer {self.tokens[who]}"
        return self.client.open(f"/api/v1{path}", method=method, json=body, headers=headers)


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    """A folder with the sample world, made once: hashing fourteen passwords takes its time."""
    folder = tmp_path_factory.mktemp("loaded")
    deps = open_deps(read_settings({"DATA_DIR": str(folder)}))
    metadata.create_all(deps.db.engine)
    load_sample_world(deps.db, clock=FixedClock(START), data_dir=folder)
    deps.db.close()
    return folder


@pytest.fixture
def site(loaded, tmp_path):
    made = Site(shutil.copytree(loaded, tmp_path / "data"), FixedClock(START))
    yield made
    made.deps.db.close()


def test_the_contract_s_sign_in(site):
    answer = site.sign_in("changan-clerk")
    assert answer.status_code == 200
    assert set(answer.json) == {"token", "expires_at", "user"}
    assert answer.json["user"]["roles"] == ["clerk"]
    assert answer.json["user"]["region"] == "130102"
    shown = site.call("GET", "/session", "changan-clerk")
    assert shown.json["user"]["username"] == "changan-clerk"
    assert site.client.get("/api/v1/session").status_code == 401


def test_refusals_are_the_same_for_wrong_name_and_wrong_password(site):
    answers = [site.sign_in("changan-clerk", "wrong"), site.sign_in("no-such-clerk", "wrong")]
    told = [{k: v for k, v in a.json.items() if k != "request_id"} for a in answers]
    assert [a.status_code for a in answers] == [401, 401]
    assert told[0] == told[1]


def test_refusals_take_as_long_for_names_that_do_not_exist(site):
    def seconds(username):  # of this thread's work: other work on the machine says nothing of the code
        started = time.thread_time()
        site.sign_in(username, "wrong")
        return time.thread_time() - started

    site.sign_in("warm-up", "wrong")
    taken = [(seconds("changan-clerk"), seconds("no-such-clerk")) for _ in range(4)]
    known, unknown = zip(*taken, strict=True)
    ratio = min(known) / min(unknown)
    assert 0.4 < ratio < 2.5


def test_a_lock_says_when_to_come_back(site):
    for _ in range(5):
        site.sign_in("changan-clerk", "wrong")
    locked = site.sign_in("changan-clerk")
    assert locked.status_code == 429
    assert 0 < int(locked.headers["Retry-After"]) <= 15


def test_signing_out_and_disabling_count_from_the_next_request(site):
    assert site.call("DELETE", "/session", "changan-clerk").status_code == 204
    assert site.call("GET", "/session", "changan-clerk").status_code == 401
    user = site.call("GET", "/session", "changan-decider").json["user"]["id"]
    disabled = site.call("POST", f"/users/{user}/disable", "changan-system-admin", {"reason": "调离"})
    assert disabled.json["disabled"] is True
    assert site.call("GET", "/session", "changan-decider").status_code == 401
    assert site.sign_in("changan-decider").status_code == 401


def test_signing_out_everywhere_ends_one_s_own_sessions_only(site):
    other = site.sign_in("changan-clerk").json["token"]
    assert site.call("GET", "/session", "changan-decider").status_code == 200
    assert site.call("DELETE", "/sessions", "changan-clerk").status_code == 204
    assert site.client.get("/api/v1/session", headers={"Authorization": f"Bearer {other}"}).status_code == 401
    assert site.call("GET", "/session", "changan-decider").status_code == 200


def test_refreshing_keeps_the_session(site):
    token = site.sign_in("changan-clerk").json["token"]
    site.deps.clock.advance(timedelta(minutes=16))
    header = {"Authorization": f"Bearer {token}"}
    assert site.client.get("/api/v1/session", headers=header).status_code == 401
    fresh = site.client.post("/api/v1/session/refresh", headers=header)
    assert fresh.status_code == 200
    header = {"Authorization": f"Bearer {fresh.json['token']}"}
    assert site.client.get("/api/v1/session", headers=header).status_code == 200
    assert site.client.post("/api/v1/session/refresh").status_code == 401


def test_a_new_officer_needs_two_administrators_and_an_own_password(site):
    housing = site.call("GET", "/session", "changan-clerk").json["user"]["department_id"]
    body = {"username": "new-clerk", "display_name": "新经办员", "department_id": housing}
    assert site.call("POST", "/users", "changan-clerk", body).status_code == 403
    made = site.call("POST", "/users", "changan-system-admin", body)
    assert made.status_code == 201
    user, first = made.json["user"]["id"], made.json["password"]
    proposal = {"roles": ["clerk"], "reason": "新任"}
    change = site.call("POST", f"/users/{user}/roles", "changan-system-admin", proposal).json["id"]
    path = f"/role-changes/{change}/decision"
    assert site.call("POST", path, "changan-system-admin", {"approve": True}).status_code == 409
    assert site.call("POST", path, "changan-security-admin", {"approve": True}).json["state"] == "approved"
    site.accounts["new-clerk"] = {"password": first}
    assert site.sign_in("new-clerk").json["user"] | {"id": ""} == {
        "id": "", "username": "new-clerk", "display_name": "新经办员", "department_id": housing, "roles": [],
        "department": "石家庄市长安区住房和城乡建设局", "region": "130102", "must_change_password": True,
    }  # fmt: skip
    change = {"current_password": first, "new_password": "Fresh-words-2027"}
    assert site.call("POST", "/session/password", "new-clerk", change).status_code == 204
    assert site.call("GET", "/session", "new-clerk").json["user"]["roles"] == ["clerk"]


@pytest.mark.parametrize(
    ("roles", "pointer"),
    [(["system-admin", "auditor"], "/roles"), (["king"], "/roles/0"), ("clerk", "/roles")],
)
def test_bad_roles_are_named(site, roles, pointer):
    user = site.call("GET", "/session", "changan-clerk").json["user"]["id"]
    refused = site.call(
        "POST", f"/users/{user}/roles", "changan-system-admin", {"roles": roles, "reason": "x"}
    )
    assert refused.status_code == 422
    assert refused.json["fields"][0]["pointer"] == pointer


def test_departments_are_public_and_kept_by_the_system_administrator(site):
    listed = site.call("GET", "/departments?region=130102&on=2018-07-01&limit=200").json["items"]
    assert "长安国税分局" in {each["short_name"] for each in listed}
    assert "email" not in listed[0]
    body = {
        "code": "130102-new", "name": "长安区住房和城市更新局", "short_name": "长安区住更局",
        "kind": "housing", "region": "130102", "level": "county", "uscc": make_uscc("11130102", 9001),
        "valid_from": "2026-10-01",
    }  # fmt: skip
    assert site.call("POST", "/departments", "changan-security-admin", body).status_code == 403
    made = site.call("POST", "/departments", "changan-system-admin", body)
    assert made.status_code == 201
    assert site.call("POST", "/departments", "changan-system-admin", body).status_code == 409
    before = site.call("GET", "/session", "changan-clerk").json["user"]["department_id"]
    handover = {"successor_id": made.json["id"], "on": "2026-11-01"}
    moved = site.call("POST", f"/departments/{before}/transfer", "changan-system-admin", handover)
    assert (moved.status_code, moved.json["users"]) == (200, 4)
    again = site.call("POST", f"/departments/{before}/transfer", "changan-system-admin", handover)
    assert again.status_code == 422
    assert site.call("GET", "/session", "changan-clerk").status_code == 401
    site.tokens.pop("changan-clerk")
    assert site.call("GET", "/session", "changan-clerk").json["user"]["department"] == body["name"]
    assert site.call("GET", f"/departments/{before}").json["successor_id"] == made.json["id"]
    assert site.call("GET", f"/departments/{new_id()}").status_code == 404


def test_an_api_key_reaches_only_what_its_scopes_name(site):
    housing = site.call("GET", "/session", "changan-clerk").json["user"]["department_id"]
    body = {"name": "住建业务系统", "department_id": housing, "scopes": ["cases:read"]}
    issued = site.call("POST", "/api-keys", "changan-security-admin", body)
    assert issued.status_code == 201
    header = {"Authorization": f"ApiKey {issued.json['presented']}"}
    assert site.client.get("/api/v1/session", headers=header).status_code == 403, "no session behind a key"
    assert site.client.get("/api/v1/users", headers=header).status_code == 403
    listed = site.call("GET", "/api-keys", "changan-security-admin").get_data(as_text=True)
    assert issued.json["presented"].split(".")[1] not in listed
    revoked = site.call("DELETE", f"/api-keys/{issued.json['key']['id']}", "changan-security-admin")
    assert revoked.status_code == 200
    assert site.client.get("/api/v1/users", headers=header).status_code == 401


def test_lists_pages_of_users_and_departments_neither_skip_nor_repeat(site):
    for path, who, key in (("/users", "changan-auditor", "username"), ("/departments", None, "code")):
        seen, cursor = [], ""
        while cursor is not None:
            answer = site.call("GET", f"{path}?limit=9" + (f"&cursor={cursor}" if cursor else ""), who).json
            seen += [each[key] for each in answer["items"]]
            cursor = answer["next"]
        assert seen == sorted(set(seen))
        assert len(seen) >= 14


def test_the_rules_are_public(site):
    lists = {each["code"]: each for each in site.call("GET", "/lists").json["items"]}
    assert len(lists) == 8
    black = lists["public-resource-blacklist"]
    assert black["publicity"]["by_severity"]["serious"] == {"min_months": 12, "max_months": 36}
    assert black["legal_basis"][0]["document"] == "国办发〔2017〕97号"
    before = site.call("GET", "/lists?on=2018-06-01").json["items"]
    assert "wage-arrears" not in {each["code"] for each in before}
    assert len(site.call("GET", "/domains").json["items"]) == 15
    assert site.call("GET", "/measures").json["items"]
    due = site.call("GET", "/calendar/due?start=2026-12-04&working_days=20").json
    assert due["provisional"] is True
    assert site.call("GET", "/lists?on=yesterday").status_code == 422
    assert site.call("GET", "/lists?no_such=1").status_code == 422


def test_the_trail_is_for_the_auditor_and_tells_what_happened(site):
    site.sign_in("changan-clerk", "wrong")
    assert site.call("GET", "/audit", "changan-system-admin").status_code == 403
    seen = site.call("GET", "/audit?limit=200", "changan-auditor").json["items"]
    assert {"sign-in.refused", "session.opened", "user.created", "department.created"} <= {
        e["action"] for e in seen
    }
    assert site.call("GET", "/audit/chain", "changan-auditor").json["intact"] is True
