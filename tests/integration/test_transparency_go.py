"""What our log serves, judged by Go's sumdb: checkpoint, cosignature, tree, tiles and proofs."""

import json
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from services.blacklist.transparency.queries import proofs, store
from services.blacklist.transparency.queries.keys import log_keys
from services.blacklist.transparency.usecases.appending import LogSequencer
from services.blacklist.transparency.usecases.witness import WitnessKey, witness_once
from services.blacklist.transparency.usecases.witnessing import add_witness, take_cosignatures
from shared.clock import FixedClock
from shared.db import open_database
from shared.loops import drain
from shared.tlog.tiles import HEIGHT, WIDTH, tile_number
from tests.conftest import unavailable
from tests.harness.broker import NotAvailable
from tests.harness.go import build
from tests.integration.register_world import make_world, organisation

ORIGIN = "log.example/register"
PROGRAM = Path(__file__).resolve().parents[1] / "transparency_go"
SIZES = (1, 2, 3, 255, 256, 257, 700)
AT = 1_790_000_000


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    try:
        return build(PROGRAM, tmp_path_factory.mktemp("go"))
    except NotAvailable as error:
        unavailable(str(error))
        raise


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory):
    """A log grown in steps, with a witness, and the question for every size it had."""
    folder = tmp_path_factory.mktemp("log")
    db = open_database(f"sqlite:///{folder}/log.db")
    clock = FixedClock(datetime(2026, 11, 2, 2, 0, tzinfo=UTC))
    world = make_world(db, clock, folder)
    sequencer = LogSequencer(world.deps, ORIGIN, "test")
    witness = WitnessKey.create("witness.example", folder / "witness.json")
    with db.write() as session:
        add_witness(session, str(witness.public), clock.system_now())
    made = SimpleNamespace(world=world, witness=witness, folder=folder, sequencer=sequencer)
    questions = {size: grow(made, size) for size in SIZES}
    yield questions
    sequencer.close()
    db.close()


def grow(log, size):
    """Publish up to `size` versions, have the checkpoint cosigned, and write down what is served then."""
    world = log.world
    with world.db.read() as session:
        have = store.tree_size(session)
    for serial in range(have, size):
        world.publish(organisation(f"石家庄样例{serial}有限公司", serial + 1))
    drain([log.sequencer])
    tiles = log.folder / str(size)
    key = log_keys(world.keyring, ORIGIN)[0]
    with world.db.read() as session:
        save_tiles(session, size, tiles)
        note = store.signed_note(session, store.latest_checkpoint(session))
    state = log.folder / "state"
    cosigned = witness_once(lambda path: served(tiles, note, path), key, log.witness, state, AT + size)
    with world.db.write() as session:
        take_cosignatures(session, cosigned, world.clock.system_now())
    return question(log, size, tiles, str(key))


def served(tiles, note, path):
    return note.encode() if path == "checkpoint" else (tiles / path).read_bytes()


def save_tiles(session, size, folder):
    level = 0
    while count := size >> (HEIGHT * level):
        for number in range(-(-count // WIDTH)):
            width = min(WIDTH, count - number * WIDTH)
            name = f"tile/{level}/{tile_number(number)}" + ("" if width == WIDTH else f".p/{width}")
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(store.tile(session, level, number, width, size))
        level += 1


def question(log, size, tiles, key):
    with log.world.db.read() as session:
        entries = []
        for number in range(-(-size // WIDTH)):
            width = min(WIDTH, size - number * WIDTH)
            entries += [each.hex() for each in store.entries(session, number, width, size)]
        note = store.signed_note(session, store.latest_checkpoint(session))
        wanted = sorted({0, size // 3, size // 2, size - 1})
        included = [proofs.inclusion(session, index, size) | {"entry": entries[index]} for index in wanted]
        grown = [proofs.consistency(session, old, size) for old in SIZES if old <= size]
    consistent = [
        {"from": each["from"], "to": each["to"], "fromRoot": each["from_root"], "toRoot": each["to_root"],
         "proof": each["proof"]}
        for each in grown
    ]  # fmt: skip
    return {
        "key": key,
        "witness": str(log.witness.public),
        "note": note,
        "dir": str(tiles),
        "entries": entries,
        "inclusion": included,
        "consistency": consistent,
    }


def ask(program, asked):
    done = subprocess.run(
        [str(program)], input=json.dumps(asked), capture_output=True, text=True, timeout=60, check=False
    )
    return json.loads(done.stdout) if done.returncode == 0 else done.stderr


@pytest.mark.parametrize("size", SIZES)
def test_go_agrees_with_everything_we_serve(program, log, size):
    said = ask(program, log[size])
    assert said["size"] == size
    assert said["cosigned"] == AT + size
    assert said["root"] == log[size]["inclusion"][0]["root"]
    assert said["tree"], "the entries make another tree"
    assert said["tiles"], "the tiles do not hold"
    assert all(said["inclusion"])
    assert all(said["consistency"])


def test_go_refuses_what_was_altered(program, log):
    asked = json.loads(json.dumps(log[700]))
    asked["inclusion"][1]["entry"] = asked["inclusion"][0]["entry"]
    asked["inclusion"][2]["proof"][0] = "00" * 32
    asked["consistency"][3]["fromRoot"] = "00" * 32
    asked["entries"][5] = asked["entries"][6]
    said = ask(program, asked)
    assert said["inclusion"] == [True, False, False, True]
    assert said["consistency"].count(False) == 1
    assert not said["tree"]
    assert not said["tiles"]


def test_go_refuses_another_size_or_key(program, log):
    forged = log[257] | {"note": log[257]["note"].replace("\n257\n", "\n258\n")}
    assert "invalid signature" in ask(program, forged)
    assert "1 of 2 signatures" in ask(program, log[256] | {"note": log[256]["note"].rpartition("— ")[0]})
