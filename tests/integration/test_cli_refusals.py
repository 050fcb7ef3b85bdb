"""The operator's tool refuses in a sentence, in Chinese, without a trace; certificates need a trusted key."""

import base64
import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.blacklist.app import open_deps
from services.blacklist.sample import load_sample_world
from services.blacklist.settings import read_settings
from services.blacklist.transparency.domain.commitments import canonical
from services.blacklist.transparency.domain.signatures import FORMAT
from services.cli import main
from services.credit_push.app import open_deps as open_push
from services.credit_push.settings import read_settings as read_push
from shared.db import migrate
from shared.tlog.notes import LOG, NoteKey

HALF_WIDTH = ("Usage", "Error", "Missing", "No such", "Invalid", "Traceback")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cli")
    deps = open_deps(read_settings({"DATA_DIR": str(folder)}))
    push = open_push(read_push({"DATA_DIR": str(folder)}))
    migrate(str(deps.db.engine.url), "services.blacklist")
    migrate(str(push.db.engine.url), "services.credit_push")
    load_sample_world(deps.db, clock=deps.clock, data_dir=folder)
    deps.db.close()
    push.db.close()
    return folder


def tool(folder: Path, *words: str) -> Result:
    return CliRunner().invoke(main, words, env={"DATA_DIR": str(folder)})


def forged(folder: Path) -> tuple[Path, bytes]:
    """A certificate anybody can make: right in itself, signed with a key of his own."""
    private = Ed25519PrivateKey.generate()
    public = private.public_key().public_bytes_raw()
    log = NoteKey("log.example", LOG, Ed25519PrivateKey.generate().public_key().public_bytes_raw())
    line = base64.b64encode(log.id + b"x" * 64).decode()
    root = base64.b64encode(bytes(32)).decode()
    checkpoint = f"log.example\n9\n{root}\n\n\u2014 log.example {line}\n"
    payload = {"format": FORMAT, "statement": "未查到", "log": {"checkpoint": checkpoint}, "listings": []}
    signature = {
        "algorithm": "ed25519",
        "public_key": base64.b64encode(public).decode(),
        "value": base64.b64encode(private.sign(canonical(payload))).decode(),
    }
    file = folder / "forged.json"
    file.write_text(json.dumps({"payload": payload, "signature": signature, "proofs": []}), "utf-8")
    return file, public


def test_a_certificate_is_believed_only_on_a_trusted_key(tmp_path: Path) -> None:
    file, public = forged(tmp_path)
    call = ["verify-log", "--certificate", str(file), "--json"]
    alone = tool(tmp_path, *call)
    assert (alone.exit_code, json.loads(alone.output)["trusted"]) == (3, False)
    assert json.loads(alone.output)["ok"] is False
    assert "没有用可信的公钥核对" in tool(tmp_path, *call[:-1]).output
    strange = tool(tmp_path, *call, "--key-hash", "0" * 64)
    assert (strange.exit_code, json.loads(strange.output)["trusted"]) == (1, False)
    keys = tmp_path / "keys.json"
    keys.write_text('{"certificates": [], "log": []}')
    assert tool(tmp_path, *call, "--keys", str(keys)).exit_code == 3
    pinned = tool(tmp_path, *call, "--key-hash", hashlib.sha256(public).hexdigest())
    assert (pinned.exit_code, json.loads(pinned.output)["trusted"]) == (0, True)


WRONG = {
    "empty": b"",
    "list": b"[]",
    "number": b"9" * 5000,
    "deep": b"[" * 100_000,
    "bytes": b"\xff\xfe\x00{",
    "strange": b'{"payload": [], "signature": "x", "proofs": 5, "certificates": 7, "log": "x", "name": 1}',
    "stranger": b'{"payload": {"format": []}, "signature": {"public_key": 3}, "proofs": [1]}',
}
READERS = [
    ("verify-log", "--certificate", "{}"),
    ("verify-log", "--certificate", "{forged}", "--keys", "{}"),
    ("verify-log", "--heads", "{}"),
    ("catalogue", "check", "{}"),
    ("import", "listings", "{}"),
    ("import", "cases", "{}", "--as", "changan-clerk"),
    ("witness", "run", "--url", "http://127.0.0.1:9", "--origin", "o", "--log-key", "{key}", "--key", "{}",
     "--state", "{forged}"),
]  # fmt: skip


@pytest.mark.parametrize("words", READERS, ids=lambda words: " ".join(words[:4:2]))
def test_a_file_that_is_none_of_ours_is_a_sentence(words: tuple[str, ...], world: Path) -> None:
    certificate, _ = forged(world)
    key = str(NoteKey("o", LOG, bytes(32)))
    for name, content in {**WRONG, "folder": None}.items():
        file = world / f"wrong-{name}"
        if content is None:
            file.mkdir(exist_ok=True)
        else:
            file.write_bytes(content)
        named = [
            {"{}": str(file), "{forged}": str(certificate), "{key}": key}.get(word, word) for word in words
        ]
        done = tool(world, *named)
        assert isinstance(done.exception, SystemExit | None), (name, done.exception)
        assert done.exit_code in ((0, 1, 2) if name == "empty" else (1, 2)), (name, done.output)
        assert done.output.strip()
        assert not any(word in done.output for word in HALF_WIDTH), done.output


REFUSED = [
    ("export", "/nope/x"),
    ("witness", "new", "w", "--key", "/nope/k"),
    ("witness", "add", "x"),
    ("witness", "remove", "x"),
    ("witness", "run", "--url", "x", "--origin", "o", "--log-key", "x", "--key", "/nope", "--state", "/s"),
    ("consumer-kit", "notaurl"),
    ("consumer-kit", "http://["),
    ("consumer-kit", "http://127.0.0.1:port/"),
    ("consumer-kit", "http://例.example/"),
    ("replay", "no-such"),
    ("replay", "--dead", "--platform", "no-such"),
    ("reconcile", "no-such"),
    ("account", "create", "x", "--name", "甲", "--department", "没有", "--role", "clerk"),
    ("account", "create", "x", "--name", "甲", "--department", "没有", "--role", "boss"),
    ("account", "disable", "nobody", "--reason", "离职"),
    ("openapi", "x"),
    ("openapi",),
    ("nothing",),
    ("export",),
    ("reconcile", "--wait", "x"),
    ("import", "listings", "/nope"),
]


@pytest.mark.parametrize("words", REFUSED, ids=lambda words: " ".join(words)[:40])
def test_a_refusal_is_a_sentence_that_says_what_to_do(words: tuple[str, ...], world: Path) -> None:
    done = tool(world, *words)
    assert isinstance(done.exception, SystemExit)
    assert done.exit_code == 2, done.output
    assert not done.output.rstrip().endswith(("\uff1a", ":"))
    assert not any(word in done.output for word in HALF_WIDTH), done.output


def test_a_department_is_named_by_its_code_or_name(world: Path) -> None:
    listed = json.loads(tool(world, "account", "departments", "--json").output)["departments"]
    for number, how in enumerate(("code", "name", "id")):
        made = tool(
            world, "account", "create", f"fresh-{number}", "--name", "新人", "--department", listed[0][how],
            "--role", "clerk", "--json",
        )  # fmt: skip
        assert made.exit_code == 0, made.output
        assert json.loads(made.output)["password"]


def test_help_needs_no_service() -> None:
    asked = (
        "import sys; from services.cli import main; sys.argv[1:] = ['--help']\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print(sorted(name for name in sys.modules if name.startswith(('services.b', 'services.credit',"
        " 'services.n', 'sqlalchemy', 'flask', 'rich'))))"
    )
    done = subprocess.run(
        [sys.executable, "-c", asked], capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout.splitlines()[-1] == "[]"
    assert not any(word in done.stdout for word in (*HALF_WIDTH, "Options", "Commands", "Show this"))
