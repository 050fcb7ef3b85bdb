"""A platform that comes while the system runs: one data file, two persons, and its listings arrive."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from services.credit_push import app as wiring
from services.credit_push.models import ProfileDraft
from services.credit_push.usecases.profiles import faulty_releases
from shared.ids import new_id
from shared.loops import run
from tests.harness.platforms import PushWorld, push_world
from tests.harness.wait import PATIENCE, until

NEW = """# 新接入的平台
id = "credit-nanan"
name = "南安市信用平台"
level = "county"
region = "350583"

[takes]
regions = ["350583"]
department_levels = ["*"]
domains = ["*"]
list_classes = ["*"]
subject_types = ["organization", "individual"]

[record]
format = "canonical"

[transport]
kind = "http"
protocol = "json"
endpoint = "${SANDBOX_URL}/platforms/credit-china"
key = "sandbox:credit-china"
timeout_seconds = 2

[receipts]
by = "answer"
wait_seconds = 2

[withdrawal]
by = "message"

[deadline]
list_working_days = 1
withdraw_working_days = 0

[retry]
seconds = [0.1, 0.5, 1]

[source]
basis = "assumed"
text = "测试用"
"""
BY_PACKET = NEW.replace(
    """kind = "http"
protocol = "json"
endpoint = "${SANDBOX_URL}/platforms/credit-china"
key = "sandbox:credit-china"
timeout_seconds = 2
""",
    """kind = "packet"
directory = "${SANDBOX_DIR}/packets/packet-xml-sample"
file = "xml"
""",
).replace('by = "answer"', 'by = "feedback"')
STAND_INS = {"credit-china": NEW, "packet-xml-sample": BY_PACKET}
"""What plays the new platform, and its file: by requests, and by packets of XML."""
PROFILES = "/push/api/v1/profiles"


@pytest.fixture
def world(tmp_path: Any) -> Iterator[PushWorld]:
    """The worker's loops as its process builds them, running."""
    with push_world(tmp_path, worker=False, tune=lambda profile: profile) as made:
        settings = made.settings
        deps = wiring.open_deps(settings)
        loops = wiring.build_loops(settings, deps)
        stop = threading.Event()
        running = threading.Thread(target=run, args=(loops, stop), daemon=True)
        running.start()
        made.deps = deps
        yield made
        stop.set()
        running.join(20 * PATIENCE)


def test_a_platform_added_at_run_time_gets_its_listings(world: PushWorld) -> None:
    one, other = world.client("operator"), world.client("system-admin", name="other")
    bad = one.post(f"{PROFILES}/check", json={"text": NEW.replace('"http"', '"pigeon"')}).json
    assert ("transport.kind", 18) in [(told["field"], told["line"]) for told in bad["problems"]]
    refused = one.post(PROFILES, json={"text": NEW.replace('"http"', '"pigeon"'), "reason": "接入"})
    assert (refused.status_code, refused.json["type"].rpartition("/")[2]) == (422, "bad-profile")
    assert "第 18 行" in refused.text
    draft = one.post(PROFILES, json={"text": NEW, "reason": "接入"})
    assert (draft.status_code, draft.json["state"], draft.json["platform"]) == (
        201,
        "waiting",
        "credit-nanan",
    )
    assert one.post(PROFILES, json={"text": NEW, "reason": "又一次"}).status_code == 409
    decision = f"{PROFILES}/{draft.json['id']}/decision"
    assert one.post(decision, json={"agree": True}).status_code == 403
    assert other.post(decision, json={"agree": True}).json["number"] == 1
    assert other.post(decision, json={"agree": True}).status_code == 409
    until(lambda: "credit-nanan" in world.deps.catalogue, 5, "the release is in force")
    listing = world.listing(region="350583")
    world.publish(listing.event("published"))
    until(lambda: ("credit-nanan", "list", "acknowledged") in world.states(listing.id), 20, "it arrived")
    world.publish(listing.event("revoked"))
    until(lambda: ("credit-nanan", "withdraw", "acknowledged") in world.states(listing.id), 20, "it is gone")
    _changed(world, one, other)


def _come(world: PushWorld, text: str) -> None:
    """Proposed by one person and released by another: in force everywhere."""
    one, other = world.client("operator"), world.client("system-admin", name="other")
    draft = one.post(PROFILES, json={"text": text, "reason": "接入"}).json
    other.post(f"{PROFILES}/{draft['id']}/decision", json={"agree": True})
    until(lambda: "credit-nanan" in world.deps.catalogue, 5, "the release is in force")


def _told(world: PushWorld, listing: Any, kind: str, operation: str, **changes: Any) -> None:
    world.publish(listing.event(kind, **changes))
    settled = ("credit-nanan", operation, "acknowledged")
    until(lambda: world.states(listing.id).count(settled) == 1, 20, f"{operation} is confirmed")


def _reconciled(world: PushWorld) -> dict[str, Any]:
    client = world.client("operator")
    asked = client.post("/push/api/v1/reconciliations", json={"platform": "credit-nanan", "repair": True})
    where = f"/push/api/v1/reconciliations/{asked.json['id']}"
    until(lambda: client.get(where).json["state"] in ("done", "failed"), 20, "the run ends")
    run: dict[str, Any] = client.get(where).json
    assert run["state"] == "done", run["reason"]
    return run


@pytest.mark.parametrize("stand_in", STAND_INS)
def test_its_whole_life_needs_the_file_alone(world: PushWorld, stand_in: str) -> None:
    """Listed, corrected, a planted difference found and repaired, withdrawn, and nothing left to differ."""
    _come(world, STAND_INS[stand_in])
    listing, other = world.listing(region="350583"), world.listing(region="350583")
    _told(world, listing, "published", "list")
    misconduct = {"category": "fraudulent-obtaining", "occurred_on": "2026-03-01"}
    _told(world, listing, "corrected", "correct", misconduct=misconduct | {"facts": "更正后的事实"})
    shown = {one["listing_id"]: one for one in world.records(stand_in)}
    assert (shown[listing.id]["version"], "更正后的事实" in shown[listing.id]["raw"]) == (2, True)
    assert _reconciled(world)["differences"] == []
    world.fault(stand_in, "lose_record", count=1)
    _told(world, other, "published", "list")
    assert other.id not in {one["listing_id"] for one in world.records(stand_in)}, "confirmed and lost"
    (lost,) = _reconciled(world)["differences"]
    assert (lost["listing_id"], lost["kind"]) == (other.id, "missing")
    where = f"/push/api/v1/deliveries/{lost['repair_id']}"
    client = world.client("operator")
    until(lambda: client.get(where).json["state"] == "acknowledged", 20, "repaired")
    run = _reconciled(world)
    assert (run["ours"], run["theirs"], run["differences"]) == (2, 2, [])
    for gone in (listing, other):
        _told(world, gone, "revoked", "withdraw")
    assert {one["status"] for one in world.records(stand_in)} == {"withdrawn"}
    run = _reconciled(world)
    assert (run["ours"], run["theirs"], run["differences"]) == (0, 0, [])


def _changed(world: PushWorld, one: Any, other: Any) -> None:
    """A new release of the same platform takes the place of the old; one sent back does not."""
    for narrow, agree in (('["land-transfer"]', True), ('["tax"]', False)):
        text = NEW.replace('domains = ["*"]', f"domains = {narrow}")
        draft = other.post(PROFILES, json={"text": text, "reason": "缩小范围"}).json
        decided = one.post(f"{PROFILES}/{draft['id']}/decision", json={"agree": agree})
        assert decided.json["state"] == ("released" if agree else "refused")
    until(
        lambda: world.deps.catalogue["credit-nanan"].takes.domains == ("land-transfer",),
        5,
        "the second release",
    )
    states = [one["state"] for one in one.get(f"{PROFILES}?platform=credit-nanan").json["items"]]
    assert states == ["refused", "released", "released"]
    assert one.get("/push/platforms/credit-nanan").status_code == 200


def test_the_editor_names_lines_and_a_second_person_releases(world: PushWorld) -> None:
    one, other = world.client("operator"), world.client("system-admin", name="other")
    assert "需要改正" not in one.get("/push/profiles/credit-quanzhou").text
    checked = one.post(
        "/push/profiles/new", data={"text": NEW.replace("wait_seconds = 2", "wait_seconds = x")}
    )
    assert "第 26 行" in checked.text
    assert one.post("/push/profiles/new", data={"text": "\0", "do": "propose"}).status_code == 422
    proposed = one.post("/push/profiles/new", data={"text": NEW, "reason": "接入", "do": "propose"})
    assert proposed.status_code == 303, proposed.text
    draft = one.get(PROFILES).json["items"][0]["id"]
    where = f"/push/profile-decisions/{draft}"
    assert one.post(where, data={"agree": "true"}).status_code == 403
    assert other.post(where, data={"agree": "true"}).status_code == 303
    world.deps.catalogue.forget()  # type: ignore[attr-defined]
    assert "南安市信用平台" in other.get("/push/profiles").text


def test_a_release_that_has_become_faulty_is_told_at_the_next_start(tmp_path: Any, monkeypatch: Any) -> None:
    with push_world(tmp_path, worker=False, api=False) as made:
        texts = {
            1: NEW,
            2: NEW.replace('format = "canonical"', 'format = "by-class"'),
            3: NEW.replace("credit-nanan", "credit-other"),
            4: NEW.replace("credit-nanan", "credit-other").replace("timeout_seconds = 2", "timeout_secs = 2"),
        }
        with made.deps.db.write() as session:
            for number, text in texts.items():
                platform = "credit-nanan" if number < 3 else "credit-other"
                session.add(released(platform, number, text, made.deps.clock.now()))
        live = replace(made.deps, catalogue=wiring.open_deps(made.settings).catalogue)
        nanan, other = faulty_releases(live.catalogue, live.keys)
        assert (nanan.number, nanan.in_force) == (2, True)
        assert [one.field for one in nanan.problems] == ["record.format"]
        assert (other.number, other.in_force) == (4, False)
        assert live.catalogue["credit-other"].transport.timeout_seconds == 2
        app = wiring.create_app(made.settings, live).test_client()
        app.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {made.token('operator')}"
        board = app.get("/push/", headers={"Accept": "text/html"}).text
        assert "credit-nanan 的第 2 号配置已不合要求，仍在使用" in board
        assert "credit-other 的第 4 号配置已不合要求，没有生效" in board
        told = wiring.released_faults(made.settings)
        assert any("credit-nanan.toml:15: record.format" in line for line in told), told


def released(platform: str, number: int, text: str, at: Any) -> ProfileDraft:
    return ProfileDraft(
        id=new_id(),
        platform=platform,
        text=text,
        reason="接入",
        proposed_by="甲",
        proposed_at=at,
        decided_by="乙",
        decided_at=at,
        number=number,
    )
