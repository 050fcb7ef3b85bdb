"""Certificates: what they say, what proves them, what may still be learnt once the status has changed."""

import json
from datetime import timedelta

import pytest
from click.testing import CliRunner

from services.blacklist.register.usecases import correct_listing, remove_listing
from services.blacklist.transparency.domain.certificates import check_certificate
from services.blacklist.transparency.queries.certificates import certificate, verification
from services.blacklist.transparency.queries.keys import log_keys
from services.blacklist.transparency.usecases.appending import LogSequencer
from services.blacklist.transparency.usecases.certifying import PER_ADDRESS, Request, issue_certificate
from services.blacklist.transparency.usecases.printing import render_certificate
from services.cli import main
from shared.errors import NotFound, TooMany, Unavailable
from shared.identifiers import make_uscc
from shared.loops import drain
from tests.integration.register_world import (
    PERSON_NUMBER,
    PUBLICITY,
    TERMS,
    make_world,
    organisation,
    person,
)

pytestmark = pytest.mark.tables("services.blacklist")

ORIGIN = "log.example/register"
NAME = "石家庄示例建设有限公司"


@pytest.fixture
def world(any_db, clock, tmp_path):
    return make_world(any_db, clock, tmp_path)


@pytest.fixture
def sequencer(world):
    made = LogSequencer(world.deps, ORIGIN, "test")
    drain([made])
    yield made
    made.close()


def issue(world, address="192.0.2.1", **asked):
    whole = {"subject_type": "organization", "name": None, "uscc": None, "id_number": None} | asked
    request = Request(whole, "示例机关", "示例系统", "https://credit.example", address)
    return issue_certificate(world.deps, request, world.clock.now())


def verify(world, code):
    with world.db.read() as session:
        return verification(session, world.keyring, code, world.clock.today())


def again(world, code):
    with world.db.read() as session:
        return certificate(session, world.keyring, code, world.clock.today())


def checked(world, document):
    keys = [document["signature"]["public_key"]]
    return check_certificate(document, keys, log_keys(world.keyring, ORIGIN))


def remove(world, listing_id):
    with world.write() as session:
        remove_listing(
            session, world.keyring, listing_id, reason_code="repair", reason="修复", at=world.clock.now()
        )


def test_a_listed_organisation_is_certified_with_its_leaf(world, sequencer):
    listing = world.publish(organisation(NAME, 1))
    drain([sequencer])
    made = issue(world, uscc=make_uscc("91130102", 1))
    payload = made["payload"]
    assert (payload["result"], [each["id"] for each in payload["listings"]]) == ("listed", [listing])
    assert payload["log"]["size"] == 1
    found = checked(world, made)
    assert found.bad == []
    assert len(found.good) == 4
    assert made["proofs"][0]["parts"]["subject.name"]["value"]["name"] == NAME


def test_nothing_found_says_what_was_searched(world, sequencer):
    made = issue(world, name="石家庄清白有限公司")
    payload = made["payload"]
    assert payload["result"] == "none"
    assert payload["listings"] == []
    assert payload["scope"]["matched_by"] == "名称、曾用名、简称相同"
    assert "public-resource-blacklist" in {each["code"] for each in payload["scope"]["lists"]}
    assert checked(world, made).ok


def test_a_listed_name_under_another_code_is_never_certified_clean(world, sequencer):
    world.publish(organisation(NAME, 1))
    drain([sequencer])
    payload = issue(world, name=NAME, uscc=make_uscc("91130102", 9))["payload"]
    assert payload["result"] == "possible"
    assert len(payload["listings"]) == 1


def test_a_certificate_waits_for_the_log(world, sequencer):
    world.publish(organisation(NAME, 1))
    with pytest.raises(Unavailable):
        issue(world, name=NAME)
    drain([sequencer])
    assert issue(world, name=NAME)["payload"]["result"] == "listed"


def test_a_person_is_certified_by_name_and_number_and_never_named_to_others(world, sequencer):
    world.publish(person(world.keyring, "欧阳示例"))
    drain([sequencer])
    made = issue(world, subject_type="individual", name="欧阳示例", id_number=PERSON_NUMBER)
    assert made["payload"]["result"] == "listed"
    assert checked(world, made).ok
    assert PERSON_NUMBER not in json.dumps(made)
    shown = verify(world, made["code"])
    assert "欧阳示例" not in json.dumps(shown, ensure_ascii=False)
    other = issue(world, subject_type="individual", name="欧阳另人", id_number=PERSON_NUMBER)
    assert other["payload"]["result"] == "none"


def test_after_removal_only_the_signature_and_the_change_are_told(world, sequencer):
    listing = world.publish(organisation(NAME, 1))
    drain([sequencer])
    code = issue(world, name=NAME)["code"]
    assert verify(world, code)["status"] == "current"
    assert again(world, code)["payload"]["code"] == code
    remove(world, listing)
    assert verify(world, code) == {
        "genuine": True,
        "status": "changed",
        "statement": "签名有效，状态已经变化。",
    }
    with pytest.raises(NotFound):
        again(world, code)


def test_a_clean_certificate_changes_when_its_subject_is_listed(world, sequencer):
    code = issue(world, name=NAME)["code"]
    world.publish(organisation(NAME, 1))
    assert set(verify(world, code)) == {"genuine", "status", "statement"}


def test_expiry_by_date_alone_changes_the_status(world, sequencer):
    world.publish(organisation(NAME, 1))
    drain([sequencer])
    code = issue(world, name=NAME)["code"]
    world.clock.advance(timedelta(days=800))
    assert verify(world, code)["status"] == "changed"


def test_a_correction_is_told_as_such(world, sequencer):
    case = organisation(NAME, 1)
    listing = world.publish(case)
    drain([sequencer])
    code = issue(world, name=NAME)["code"]
    with world.write() as session:
        correct_listing(
            session, world.keyring, listing, case=case, terms=TERMS, publicity=PUBLICITY, reason="更正",
            at=world.clock.now(),
        )  # fmt: skip
    assert verify(world, code)["status"] == "amended"
    proofs = again(world, code)["proofs"]
    opened = [name for leaf in proofs for name, part in leaf["parts"].items() if "value" in part]
    assert opened == ["record"]


def test_a_code_is_read_however_it_is_typed_and_unknown_ones_are_not_found(world, sequencer):
    code = issue(world, name=NAME)["code"]
    typed = "-".join(code[at : at + 4] for at in range(0, 20, 4)).lower()
    assert verify(world, typed)["genuine"]
    with pytest.raises(NotFound):
        verify(world, "A" * 20)


def test_one_address_cannot_ask_without_end(world, sequencer):
    for _ in range(PER_ADDRESS):
        issue(world, name=NAME)
    with pytest.raises(TooMany):
        issue(world, name=NAME)
    assert issue(world, "192.0.2.2", name=NAME)
    world.clock.advance(timedelta(hours=1))
    assert issue(world, name=NAME)


@pytest.mark.parametrize(
    "change",
    [
        lambda made: made["payload"].update(result="none"),
        lambda made: made["payload"].update(issued_at="2020-01-01T00:00:00+08:00"),
        lambda made: made["payload"]["log"].update(size=99),
        lambda made: made["signature"].update(value="AAAA"),
        lambda made: made["signature"].update(public_key="AAAA"),
        lambda made: made["proofs"][0]["parts"]["subject.name"]["value"].update(name="另一家有限公司"),
        lambda made: made["proofs"][0].update(index=0, kind=2),
    ],
)
def test_a_changed_certificate_does_not_pass(world, sequencer, change):
    world.publish(organisation(NAME, 1))
    drain([sequencer])
    made = issue(world, name=NAME)
    change(made)
    assert not checked(world, made).ok


def test_a_certificate_signed_by_a_stranger_does_not_pass(world, sequencer):
    made = issue(world, name=NAME)
    assert not check_certificate(made, ["AAAA"]).ok
    assert not check_certificate(made, [], log_keys(world.keyring, "other.example/log")).ok


def test_rotating_the_key_leaves_old_certificates_valid(world, sequencer):
    made = issue(world, name=NAME)
    world.keyring.rotate("certificate")
    assert verify(world, made["code"])["genuine"]
    assert issue(world, name=NAME)["signature"]["key_id"] != made["signature"]["key_id"]


def test_the_paper_is_a_pdf_and_the_same_each_time(world, sequencer):
    world.publish(organisation(NAME, 1))
    drain([sequencer])
    made = issue(world, name=NAME)
    paper = render_certificate(made)
    assert paper.startswith(b"%PDF")
    assert paper == render_certificate(made)


def test_the_tool_checks_a_certificate_without_database_or_network(world, sequencer, tmp_path):
    world.publish(organisation(NAME, 1))
    drain([sequencer])
    made = issue(world, name=NAME)
    document, keys = tmp_path / "certificate.json", tmp_path / "keys.json"
    document.write_text(json.dumps(made, ensure_ascii=False), "utf-8")
    known = {
        "certificates": [{"key": made["signature"]["public_key"]}],
        "log": [str(key) for key in log_keys(world.keyring, ORIGIN)],
    }
    keys.write_text(json.dumps(known), "utf-8")
    call = ["verify-log", "--certificate", str(document), "--keys", str(keys)]
    done = CliRunner().invoke(main, call, env={"DATA_DIR": "/nowhere"})
    assert done.exit_code == 0, done.output
    assert done.output.count("成立：") == 4
    document.write_text(document.read_text("utf-8").replace("listed", "none"), "utf-8")
    assert CliRunner().invoke(main, call).exit_code == 1
