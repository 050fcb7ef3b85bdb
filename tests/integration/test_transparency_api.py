"""The log and certificates over HTTP: a whole walk as an outsider does it, with a witness beside."""

import base64
import json
import re
from dataclasses import replace
from hashlib import sha256
from types import SimpleNamespace

import pytest

from services.blacklist.app import create_app, open_deps
from services.blacklist.register.usecases import correct_listing, remove_listing
from services.blacklist.settings import read_settings
from services.blacklist.transparency.domain.certificates import check_certificate
from services.blacklist.transparency.usecases.appending import LogSequencer
from services.blacklist.transparency.usecases.witness import WitnessError, WitnessKey, witness_once
from services.blacklist.transparency.usecases.witnessing import add_witness
from shared.crypto import KeyRing
from shared.db import migrate
from shared.identifiers import make_uscc
from shared.loops import drain
from shared.tlog import tree
from shared.tlog.notes import Checkpoint, Note, NoteKey
from shared.tlog.tiles import unbundle
from shared.web.place import NOBODY_ELSE
from tests.integration.register_world import PUBLICITY, TERMS, World, organisation, person

pytestmark = pytest.mark.tables("services.blacklist", migrated=True)

LOG = "/api/v1/log"
NAME = "石家庄示例建设有限公司"


@pytest.fixture
def site(any_db_url, tmp_path):
    """An application on a migrated database and the sequencer of its log."""
    given = {"DATA_DIR": str(tmp_path), "BLACKLIST_DB_URL": any_db_url, "PERSON_LOOKUPS_PER_ADDRESS": "5"}
    settings = read_settings(given)
    deps = open_deps(settings)
    migrate(any_db_url, "services.blacklist")
    app = create_app(settings, deps)
    sequencer = LogSequencer(deps, settings.log_origin, "test")
    drain([sequencer])
    yield SimpleNamespace(
        client=app.test_client(), deps=deps, world=World(deps, deps.clock), sequencer=sequencer
    )
    sequencer.close()
    deps.db.close()


def publish(site, *cases):
    found = [site.world.publish(case) for case in cases]
    drain([site.sequencer])
    return found


def fetch(site, path):
    answer = site.client.get(f"{LOG}/{path}")
    assert answer.status_code == 200, answer.text
    return answer.data


def log_key(site):
    return NoteKey.parse(json.loads(fetch(site, "keys"))["log"][0])


def test_an_outsider_reads_the_log_and_proves_a_listing(site):
    listing, *_ = publish(site, *(organisation(f"石家庄样例{n}有限公司", n) for n in range(1, 40)))
    note = Note.parse(fetch(site, "checkpoint"))
    note.require([log_key(site)])
    checkpoint = Checkpoint.parse(note.text)
    assert checkpoint.size == 39
    entries = unbundle(fetch(site, "tile/entries/000.p/39"))
    assert tree.root_of_entries(entries) == checkpoint.root
    row = fetch(site, "tile/0/000.p/39")
    assert row == b"".join(map(tree.leaf_hash, entries))
    shown = site.client.get(f"/api/v1/register/{listing}/proof").json
    (leaf,) = shown["leaves"]
    lines = "".join(f"{name} {leaf['parts'][name]['digest']}\n" for name in sorted(leaf["parts"]))
    assert sha256(lines.encode()).hexdigest() == leaf["commitment"]
    assert entries[leaf["index"]] == bytes([leaf["kind"]]) + bytes.fromhex(leaf["commitment"])


def test_what_a_correction_covered_is_opened_from_no_leaf(site):
    case = organisation(
        NAME, 1, misconduct={"category": "fraudulent-obtaining", "facts": "骗取中标，报价三千万。"}
    )
    (listing,) = publish(site, case)
    covered = replace(case, misconduct=case.misconduct | {"facts": "骗取中标，***。"})
    given = {"terms": TERMS, "publicity": PUBLICITY, "reason": "更正，联系13812345678"}
    with site.world.write() as session:
        correct_listing(session, site.deps.keyring, listing, case=covered, at=site.deps.clock.now(), **given)
    drain([site.sequencer])
    answer = site.client.get(f"/api/v1/register/{listing}/proof")
    assert "三千万" not in answer.text
    assert "13812345678" not in answer.text
    former, now = answer.json["leaves"]
    assert set(former["parts"]["misconduct.facts"]) == set(now["parts"]["reason"]) == {"digest"}
    assert now["parts"]["misconduct.facts"]["value"] == {"facts": "骗取中标，***。"}
    assert former["parts"]["misconduct"]["value"]["category"] == "fraudulent-obtaining"


def test_proofs_by_number(site):
    publish(site, *(organisation(f"石家庄样例{n}有限公司", n) for n in range(1, 12)))
    got = site.client.get(f"{LOG}/proof/inclusion?index=3&size=7").json
    steps = [bytes.fromhex(step) for step in got["proof"]]
    tree.verify_inclusion(bytes.fromhex(got["leaf_hash"]), 3, 7, steps, bytes.fromhex(got["root"]))
    grown = site.client.get(f"{LOG}/proof/consistency?from=7").json
    assert (grown["from"], grown["to"]) == (7, 11)
    steps = [bytes.fromhex(step) for step in grown["proof"]]
    tree.verify_consistency(7, 11, bytes.fromhex(got["root"]), bytes.fromhex(grown["to_root"]), steps)


ABSENT = (
    ("tile/0/000", 404), ("tile/0/000.p/3", 404), ("tile/9/000.p/1", 404), ("tile/1/000.p/1", 404),
    (f"tile/{10**30}/000.p/1", 404), ("tile/0/x999/x999/x999/x999/x999/x999/x999/999", 404),
    ("tile/entries/000.p/3", 404), ("tile/entries/abc", 404), ("checkpoint/witnessed", 404),
    ("proof/inclusion?index=2", 422), ("proof/inclusion?index=0&size=9", 422),
    ("proof/inclusion?index=-1", 422), ("proof/consistency?from=3", 422),
    ("proof/consistency?from=2&to=1", 422), (f"proof/inclusion?index={2**60}", 422),
)  # fmt: skip


def test_what_the_log_does_not_have_is_a_clear_refusal(site):
    publish(site, organisation(NAME, 1), organisation("石家庄样例有限公司", 2))
    for path, status in ABSENT:
        assert site.client.get(f"{LOG}/{path}").status_code == status, path


def test_nothing_public_reveals_whom_a_leaf_is_about(site):
    made = organisation(NAME, 1)
    publish(site, made, person(site.deps.keyring, "欧阳示例"))
    raw = b"".join(fetch(site, path) for path in ("checkpoint", "tile/entries/000.p/2", "tile/0/000.p/2"))
    for secret in (NAME, str(made.subject.uscc), "欧阳示例"):
        assert secret.encode() not in raw
        for guess in (secret, json.dumps({"name": secret, "former_names": []}, ensure_ascii=False)):
            assert sha256(guess.encode()).digest() not in raw


def test_a_witness_cosigns_what_continues_and_nothing_else(site, tmp_path):
    key, state = WitnessKey.create("witness.example", tmp_path / "witness.json"), tmp_path / "seen"
    publish(site, organisation(NAME, 1))
    at = 1_790_000_000
    note = witness_once(lambda path: fetch(site, path), log_key(site), key, state, at)
    refused = site.client.post(f"{LOG}/cosignatures", json={"note": note})
    assert refused.status_code == 403
    with site.deps.db.write() as session:
        add_witness(session, str(key.public), site.deps.clock.system_now())
    assert site.client.post(f"{LOG}/cosignatures", json={"note": note}).json == {"taken": 1}
    served = Note.parse(fetch(site, "checkpoint"))
    assert [each.name for each, _ in served.signed_by([key.public])] == ["witness.example"]
    publish(site, *(organisation(f"石家庄样例{n}有限公司", n) for n in range(2, 300)))
    assert Note.parse(fetch(site, "checkpoint")).signed_by([key.public]) == []
    assert Note.parse(fetch(site, "checkpoint/witnessed")) == served
    note = witness_once(lambda path: fetch(site, path), log_key(site), key, state, at + 60)
    assert site.client.post(f"{LOG}/cosignatures", json={"note": note}).json == {"taken": 1}
    assert fetch(site, "checkpoint/witnessed") == fetch(site, "checkpoint")


def test_a_witness_refuses_a_log_that_was_rewritten(site, tmp_path):
    key, state = WitnessKey.create("witness.example", tmp_path / "witness.json"), tmp_path / "seen"
    publish(site, *(organisation(f"石家庄样例{n}有限公司", n) for n in range(1, 5)))
    own = log_key(site)
    witness_once(lambda path: fetch(site, path), own, key, state, 1)
    before = Checkpoint.parse(state.read_text("utf-8"))
    state.write_text(Checkpoint(before.origin, 3, bytes(32)).text, "utf-8")
    with pytest.raises(WitnessError, match="没有延续"):
        witness_once(lambda path: fetch(site, path), own, key, state, 1)
    state.write_text(Checkpoint(before.origin, 9, bytes(32)).text, "utf-8")
    with pytest.raises(WitnessError, match="变小"):
        witness_once(lambda path: fetch(site, path), own, key, state, 1)
    strange = KeyRing.create(tmp_path / "other.json").signer("log").private
    other = NoteKey(own.name, own.kind, strange.public_key().public_bytes_raw())
    with pytest.raises(WitnessError, match="检查点无效"):
        witness_once(lambda path: fetch(site, path), other, key, state, 1)


def test_what_is_no_cosigned_checkpoint_is_refused(site):
    for note in ("x", "a\n1\nAAAA\n\n— a AAAAAAAAAA==\n"):
        assert site.client.post(f"{LOG}/cosignatures", json={"note": note}).status_code in (404, 422), note


def test_a_certificate_by_http_and_its_verification_by_people_and_machines(site):
    (listing,) = publish(site, organisation(NAME, 1))
    asked = {"Host": "forged.example"}
    answer = site.client.post("/api/v1/register/certificates", json={"name": NAME}, headers=asked)
    assert "forged.example" not in answer.text
    assert answer.json["verify_at"] == f"{NOBODY_ELSE}/verify/{answer.json['code']}"
    assert answer.status_code == 201
    made = answer.json
    keys = json.loads(fetch(site, "keys"))
    trusted = [each["key"] for each in keys["certificates"]]
    assert check_certificate(made, trusted, [NoteKey.parse(each) for each in keys["log"]]).bad == []
    code = made["code"]
    files = f"/api/v1/register/certificates/{code}"
    assert site.client.get(f"{files}.pdf").data.startswith(b"%PDF")
    assert site.client.get(f"{files}.json").json["payload"] == made["payload"]
    assert site.client.get(files).json["status"] == "current"
    assert site.client.get(f"/verify/{code}").json["status"] == "current"
    page = site.client.get(f"/verify/{code}", headers={"Accept": "text/html"})
    assert NAME in page.text
    with site.world.write() as session:
        now = site.deps.clock.now()
        remove_listing(session, site.deps.keyring, listing, reason_code="repair", reason="修复", at=now)
    page = site.client.get(f"/verify/{code}", headers={"Accept": "text/html"})
    assert "状态已经变化" in page.text
    assert NAME not in page.text
    assert set(site.client.get(f"/verify/{code}").json) == {"genuine", "status", "statement"}
    assert site.client.get(f"{files}.pdf").status_code == 404


def test_a_certificate_needs_to_know_whom(site):
    for given in (
        {}, {"uscc": "91130102MA0000000X"}, {"subject_type": "individual", "name": "张三"},
        {"id_number": "130102"}, {"name": NAME, "id_number": "130102198504120017"},
    ):  # fmt: skip
        assert site.client.post("/api/v1/register/certificates", json=given).status_code == 422, given


def test_persons_certificates_cost_a_persons_lookup(site):
    asked = {"subject_type": "individual", "name": "欧阳示例", "id_number": "13010219850412017X"}
    statuses = [site.client.post("/api/v1/register/certificates", json=asked).status_code for _ in range(6)]
    assert statuses == [201] * 5 + [429]


def test_the_pages_of_proof(site):
    (listing,) = publish(site, organisation(NAME, 1))
    html = {"Accept": "text/html"}
    shown = site.client.get(f"/listings/{listing}", headers=html).text
    for link in (f"/api/v1/register/{listing}/proof", f"/certificates?uscc={make_uscc('91130102', 1)}"):
        assert f'href="{link}"' in shown
        assert site.client.get(link).status_code == 200
    assert make_uscc("91130102", 1) in site.client.get(link, headers=html).text
    page = site.client.get("/log", headers=html).text
    assert re.search(r"1 条", page)
    assert (
        base64.b64encode(Checkpoint.parse(Note.parse(fetch(site, "checkpoint")).text).root).decode() in page
    )
    assert site.client.get("/verify", headers=html).status_code == 200
    assert site.client.get("/certificates", headers=html).status_code == 200
    made = site.client.post(
        "/certificates", data={"subject_type": "organization", "name": NAME}, headers=html
    )
    assert made.status_code == 200
    code = re.search(r"/verify/([0-9A-Z]{20})", made.text)[1]
    assert site.client.get(f"/verify?code={code.lower()}", headers=html).location.endswith(f"/verify/{code}")
    refused = site.client.post(
        "/certificates", data={"subject_type": "individual", "name": "张三"}, headers=html
    )
    assert refused.status_code == 422
    assert "证件号码" in refused.text
