"""Certificates with a second signature by SM2: made, shown, checked offline, believed by OpenSSL."""

import base64
import copy
import json
import shutil
import subprocess
import sys

import pytest
from click.testing import CliRunner

from services.blacklist.transparency.domain.certificates import check_certificate
from services.blacklist.transparency.domain.commitments import canonical
from services.blacklist.transparency.domain.signatures import signed_document
from services.blacklist.transparency.queries.certificates import verification
from services.blacklist.transparency.queries.keys import certificate_keys
from services.blacklist.transparency.usecases.appending import LogSequencer
from services.blacklist.transparency.usecases.certifying import Request, issue_certificate
from services.blacklist.transparency.usecases.printing import render_certificate
from services.cli import main
from shared.crypto import KeyRing
from shared.crypto.sm2 import Sm2Signer
from shared.loops import drain
from tests.integration.register_world import make_world

pytestmark = [
    pytest.mark.tables("services.blacklist"),
    pytest.mark.parametrize("any_db_url", ["sqlite"], indirect=True),
]
ASKED = {"subject_type": "organization", "name": "石家庄清白有限公司", "uscc": None, "id_number": None}


@pytest.fixture
def world(any_db, clock, tmp_path):
    made = make_world(any_db, clock, tmp_path)
    sequencer = LogSequencer(made.deps, "log.example/register", "test")
    drain([sequencer])
    sequencer.close()
    return made


def issue(world):
    request = Request(ASKED, "示例机关", "示例系统", "https://credit.example", "192.0.2.1")
    return issue_certificate(world.deps, request, world.clock.now())


def seen(world, made):
    with world.db.read() as session:
        return verification(session, world.keyring, made["code"], world.clock.today())


def checked(world, document):
    return check_certificate(document, [each["key"] for each in certificate_keys(world.keyring)])


def test_a_second_signature_is_shown_printed_and_kept_after_its_key_is_retired(world):
    plain = issue(world)
    assert "signatures" not in plain
    assert "also_signed" not in plain["payload"]
    signer = Sm2Signer.generate()
    world.keyring.add_sm2("certificate", signer)
    made = issue(world)
    (second,) = made["signatures"]
    assert second["key_id"] == signer.key_id
    assert render_certificate(made) != render_certificate(plain)
    world.keyring.retire_sm2("certificate")
    assert "signatures" not in issue(world)
    told = seen(world, made)
    assert told["genuine"] is True
    assert [(each["algorithm"], each["valid"]) for each in told["signatures"]] == [
        ("ed25519", True), ("sm2", True),
    ]  # fmt: skip
    found = checked(world, made)
    assert found.bad == []
    assert "SM2 签名有效，公钥是公布的证明公钥" in found.good
    kept = KeyRing.load(world.keyring._path).known_signers("certificate")
    assert [each.algorithm for each in kept] == ["ed25519", "sm2"]


def test_openssl_believes_the_second_signature(world, tmp_path):
    signer = Sm2Signer.generate()
    world.keyring.add_sm2("certificate", signer)
    made = issue(world)
    (tmp_path / "public.pem").write_text(signer.public_pem())
    (tmp_path / "signature.der").write_bytes(base64.b64decode(made["signatures"][0]["value"]))
    (tmp_path / "payload.json").write_bytes(canonical(made["payload"]))
    call = (
        "dgst -sm3 -sigopt distid:1234567812345678 -verify public.pem -signature signature.der payload.json"
    )
    done = subprocess.run(
        [shutil.which("openssl"), *call.split()], cwd=tmp_path, capture_output=True, check=True
    )
    assert b"Verified OK" in done.stdout


def test_a_second_signature_can_neither_be_taken_off_nor_put_on_nor_changed(world):
    world.keyring.add_sm2("certificate", Sm2Signer.generate())
    made = issue(world)
    stripped = {name: value for name, value in made.items() if name != "signatures"}
    assert "SM2 签名：缺少声明的签名" in checked(world, stripped).bad
    other = copy.deepcopy(made)
    value = bytearray(base64.b64decode(other["signatures"][0]["value"]))
    value[-1] ^= 1
    other["signatures"][0]["value"] = base64.b64encode(bytes(value)).decode()
    assert "SM2 签名：签名无效" in checked(world, other).bad
    world.keyring.retire_sm2("certificate")
    plain = issue(world) | {"signatures": made["signatures"]}
    assert "SM2 签名：未在证明中声明" in checked(world, plain).bad


def test_a_key_of_somebody_else_makes_nothing_genuine(world):
    world.keyring.add_sm2("certificate", Sm2Signer.generate())
    made = issue(world)
    stranger = Sm2Signer.generate()
    payload = {name: value for name, value in made["payload"].items() if name != "also_signed"}
    forged = signed_document([world.keyring.signing("certificate")[0], stranger], payload, [])
    found = checked(world, forged)
    assert any(text.startswith("没有公布的 SM2 公钥") for text in found.open)


def test_without_the_optional_package_sm2_is_said_to_be_unchecked(world, monkeypatch):
    world.keyring.add_sm2("certificate", Sm2Signer.generate())
    made = issue(world)
    monkeypatch.setitem(sys.modules, "gmssl_pyx", None)
    found = checked(world, made)
    assert found.ok
    assert any("没有核对" in text for text in found.open)
    assert [each["valid"] for each in seen(world, made)["signatures"]] == [True, None]


def test_the_tool_sets_the_key_and_checks_what_it_signed(world, tmp_path, monkeypatch):
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    own = Sm2Signer.generate()
    (tmp_path / "sm2.pem").write_text(own.private_pem())
    call = CliRunner().invoke(main, ["keys", "add-sm2", "--key", str(tmp_path / "sm2.pem"), "--json"])
    assert call.exit_code == 0, call.output
    listed = json.loads(call.output)["keys"]
    assert [(each["id"], each["active"]) for each in listed][1:] == [(own.key_id, True)]
    (tmp_path / "certificate.json").write_text(json.dumps(issue(world), ensure_ascii=False), "utf-8")
    known = {"certificates": certificate_keys(world.keyring), "log": []}
    (tmp_path / "public.json").write_text(json.dumps(known), "utf-8")
    check = ["verify-log", "--certificate", str(tmp_path / "certificate.json")]
    done = CliRunner().invoke(main, [*check, "--keys", str(tmp_path / "public.json")])
    assert done.exit_code == 0, done.output
    assert "SM2 签名有效，公钥是公布的证明公钥" in done.output
    retired = CliRunner().invoke(main, ["keys", "retire-sm2", "--json"])
    assert [each["active"] for each in json.loads(retired.output)["keys"]] == [True, False]
    wrong = CliRunner().invoke(main, ["keys", "add-sm2", "--key", str(tmp_path / "public.json")])
    assert wrong.exit_code != 0
