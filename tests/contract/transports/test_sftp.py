"""SFTP: what lies there is whole, the host is the pinned one, and which failures waiting can mend."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import asyncssh
import pytest

from services.credit_push.catalogue import FOLDER, SAMPLE_VALUES, Profile, load_catalogue, read_profile
from services.credit_push.domain import LIST
from services.credit_push.formats import encode
from services.credit_push.transports import AsyncRunner, Means, Transport, open_transport
from services.credit_push.transports.base import FAILED, TAKEN, UNKNOWN, UNSEEN, Job, TransportDown
from services.credit_push.transports.drops import LONG_REST
from shared.clock import SystemClock
from shared.ids import new_id
from shared.platform_keys import PlatformKey
from tests.harness.platforms import quick
from tests.harness.ports import free_port
from tests.harness.sftp import ACCOUNT, HOST, NAME, PASSWORD, SftpPlace, by_sftp, sftp_server
from tests.unit.credit_push.records import record

PLATFORM = quick(load_catalogue(SAMPLE_VALUES)["credit-hebei"])
FEEDBACK = "﻿line,idempotency_key,result,receipt_number,field,code,message\r\n1,{key},accepted,R1,,,\r\n"


@dataclass
class Desk:
    place: SftpPlace
    runner: AsyncRunner

    def way(self, profile: Profile = PLATFORM, url: str = "", **other: bytes) -> Transport:
        told = {
            name: PlatformKey(key["key_id"], key["secret"].encode()) for name, key in self.place.keys.items()
        }
        keys = told | {name: PlatformKey(NAME, secret) for name, secret in other.items()}
        there = by_sftp(profile, url or self.place.url)
        keys = {ACCOUNT: keys.get("account", keys[ACCOUNT]), HOST: keys.get("host", keys[HOST])}
        return open_transport(there, Means(SystemClock(), keys, self.runner, "test"))

    def lies(self, folder: str) -> list[str]:
        return sorted(path.name for path in (self.place.folder / folder).iterdir())


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    for folder in ("in", "out"):
        (tmp_path / folder).mkdir()
    runner = AsyncRunner()
    with sftp_server(tmp_path) as place:
        yield Desk(place, runner)
    runner.close()


def job() -> Job:
    made = record(listing_id=new_id())
    content = encode(PLATFORM, made, LIST)
    return Job(new_id(), f"credit-hebei:{made.listing_id}", made.listing_id, 1, LIST, new_id(), content)


@pytest.mark.parametrize("old", [False, True])
def test_the_mark_comes_last_and_nothing_half_is_left(desk: Desk, old: bool) -> None:
    desk.place.old, one = old, job()
    way = desk.way()
    assert way.send([one])[0].result == TAKEN
    names = [f"{one.batch_id}.csv", f"{one.batch_id}.manifest.json", f"{one.batch_id}.ok"]
    assert [Path(path).name for path in desk.place.renamed] == names
    assert desk.lies("in") == sorted(names)
    assert way.send([one])[0].result == TAKEN
    assert len(desk.place.renamed) == 3, "what lies there is not laid down again"
    assert len(desk.place.connections) == 1
    way.close()


def test_feedback_is_fetched_then_archived(desk: Desk) -> None:
    way, one = desk.way(replace(PLATFORM, receipts=replace(PLATFORM.receipts, wait_seconds=600.0))), job()
    way.send([one])
    stem = desk.place.folder / "out" / f"{one.batch_id}.feedback"
    Path(f"{stem}.csv").write_text(FEEDBACK.format(key=one.key), "utf-8")
    Path(f"{stem}.ok").touch()
    (desk.place.folder / "out/odd.feedback.csv").write_bytes(b"\xff\xfe no sheet")
    (desk.place.folder / "out/odd.feedback.ok").touch()
    assert way.query([one])[0].receipt_number == "R1"
    receipts = way.receipts([])
    assert [(receipt.key, receipt.receipt_number) for receipt in receipts] == [(one.key, "R1")]
    assert way.receipts([]) == [], "looked at a moment ago"
    way.forget(receipts)
    assert desk.lies("done") == [f"{one.batch_id}.feedback.csv", f"{one.batch_id}.feedback.ok"]
    assert desk.lies("out") == ["odd.feedback.csv", "odd.feedback.unreadable"]
    way.close()


@pytest.mark.parametrize("local", [True, False])
def test_one_odd_file_keeps_no_other_from_us(desk: Desk, local: bool) -> None:
    out = desk.place.folder / "out"
    head = FEEDBACK.partition("1,")[0]
    sheets = {
        "a-quote": head + '1,k,accepted,"' + "x" * 140_000,
        "a-large": head,
        "b-good": FEEDBACK.format(key="k1"),
    }
    for name, text in sheets.items():
        (out / f"{name}.feedback.csv").write_text(text, "utf-8")
    os.truncate(out / "a-large.feedback.csv", 33_000_000)
    (out / "a-folder.feedback.csv").mkdir()
    for name in (*sheets, "a-folder", "a-nothing"):
        (out / f"{name}.feedback.ok").touch()
    Path(os.fsdecode(os.fsencode(out) + b"/\xcb\xb5\xc3\xf7.feedback.ok")).touch()
    there = replace(PLATFORM, transport=replace(PLATFORM.transport, directory=str(desk.place.folder)))
    way = open_transport(there, Means(SystemClock(), {}, desk.runner, "test")) if local else desk.way()
    assert [receipt.key for receipt in way.receipts([])] == ["k1"]
    aside = {name.partition(".")[0] for name in desk.lies("out") if name.endswith(".unreadable")}
    assert aside - {"a-folder"} == {"a-quote", "a-nothing", "a-large"}
    asked = way.query([replace(job(), batch_id="a-folder"), replace(job(), batch_id="a-large")])
    assert {outcome.result for outcome in asked} <= {UNKNOWN, UNSEEN}
    way.close()


def test_another_host_key_is_refused_before_anything_is_told(desk: Desk) -> None:
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key()
    way = desk.way(host=other)
    (outcome,) = way.send([job()])
    assert (outcome.result, outcome.retry_after) == (FAILED, LONG_REST)
    assert "HostKeyNotVerifiable" in outcome.message
    assert desk.lies("in") == []
    way.close()


@pytest.mark.parametrize(
    "secret", [asyncssh.generate_private_key("ssh-ed25519").export_private_key(), b"wrong", b"-----BEGIN x"]
)
def test_an_account_that_is_not_let_in_is_not_tried_again_at_once(desk: Desk, secret: bytes) -> None:
    way = desk.way(account=secret)
    outcomes = [way.send([job()])[0] for _ in range(3)]
    assert {(outcome.result, outcome.retry_after) for outcome in outcomes} == {(FAILED, LONG_REST)}
    assert len(desk.place.connections) <= 1
    assert way.receipts([]) == []
    assert secret.decode() not in outcomes[0].message
    way.close()


def test_a_password_is_as_good_as_a_key(desk: Desk) -> None:
    way = desk.way(account=PASSWORD.encode())
    assert way.send([job()])[0].result == TAKEN
    way.close()


def test_nobody_listens_passes(desk: Desk) -> None:
    way = desk.way(url=f"sftp://127.0.0.1:{free_port()}/")
    (outcome,) = way.send([job()])
    assert (outcome.result, outcome.retry_after) == (FAILED, None)
    assert way.query([job()])[0].result == UNKNOWN
    with pytest.raises(TransportDown):
        way.ledger("run")
    way.close()


def test_a_folder_we_may_not_write_does_not_pass(desk: Desk) -> None:
    desk.place.read_only = True
    way = desk.way()
    (outcome,) = way.send([job()])
    assert (outcome.result, outcome.retry_after) == (FAILED, LONG_REST)
    desk.place.read_only = False
    assert way.send([job()])[0].result == TAKEN, "the connection stood"
    way.close()


@pytest.mark.parametrize(("ending", "result", "after"), [(".ok", UNKNOWN, TAKEN), (".csv", FAILED, UNSEEN)])
def test_a_connection_cut_in_between(desk: Desk, ending: str, result: str, after: str) -> None:
    desk.place.cut_after, one, way = ending, job(), desk.way()
    (outcome,) = way.send([one])
    assert (outcome.result, outcome.retry_after) == (result, None)
    assert way.query([one])[0].result == after
    way.close()


def test_keys_are_named_and_never_in_the_address() -> None:
    text = (FOLDER / "credit-hebei.toml").read_text("utf-8")
    written = text.replace('"${SANDBOX_DIR}/packets/credit-hebei"', '"${PLATFORM_HEBEI}/up"')
    values = {**SAMPLE_VALUES, "PLATFORM_HEBEI": "sftp://files.hebei.example:2222"}
    _, problems = read_profile("credit-hebei.toml", written, values, of_site=True)
    assert {problem.field for problem in problems} == {"transport.key", "transport.host_key"}
    named = written.replace('file = "csv"', 'file = "csv"\nkey = "hebei"\nhost_key = "hebei-host"')
    profile, problems = read_profile("credit-hebei.toml", named, values, of_site=True)
    assert not problems
    assert profile is not None
    assert profile.transport.directory == "sftp://files.hebei.example:2222/up"
    with pytest.raises(LookupError, match="hebei"):
        open_transport(profile, Means(SystemClock(), {}, AsyncRunner(), "test"))
