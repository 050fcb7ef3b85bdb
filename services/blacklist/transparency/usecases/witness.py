"""Being a witness of somebody's log: cosign its checkpoint once it is shown to continue the last one signed.

Works on any log in C2SP tlog-tiles layout. What was last signed is kept in a file of the witness's own; two
checkpoints that do not continue each other are never both signed.
"""

import base64
import json
import os
import secrets
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from shared.tlog import tree
from shared.tlog.notes import WITNESS, BadNote, Checkpoint, Note, NoteKey, cosign, is_name
from shared.tlog.tiles import HEIGHT, WIDTH, Place, reader, tile_number

Fetch = Callable[[str], bytes]
"""The content of a path under the log's address."""


class WitnessError(Exception):
    """The log is not what it was, or cannot be read."""


@dataclass(frozen=True)
class WitnessKey:
    """The witness's own key, by name."""

    name: str
    private: Ed25519PrivateKey

    @property
    def public(self) -> NoteKey:
        return NoteKey(self.name, WITNESS, self.private.public_key().public_bytes_raw())

    @classmethod
    def create(cls, name: str, path: Path) -> "WitnessKey":
        """A new key in a new file of mode 600."""
        if not is_name(name):
            raise WitnessError("名称不能含空格和加号")
        made = cls(name, Ed25519PrivateKey.generate())
        secret = base64.b64encode(made.private.private_bytes_raw()).decode()
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump({"name": name, "secret": secret}, file)
        return made

    @classmethod
    def load(cls, path: Path) -> "WitnessKey":
        given = json.loads(path.read_text("utf-8"))
        return cls(given["name"], Ed25519PrivateKey.from_private_bytes(base64.b64decode(given["secret"])))


def witness_once(fetch: Fetch, log: NoteKey, key: WitnessKey, state: Path, at: int) -> str:
    """The checkpoint with our signature under it, after it was shown to continue the last one we signed."""
    try:
        note = Note.parse(fetch("checkpoint"))
        note.require([log])
        fresh = Checkpoint.parse(note.text)
    except BadNote as error:
        raise WitnessError(f"检查点无效：{error}") from error
    if fresh.origin != log.name:
        raise WitnessError(f"检查点属于另一个日志 {fresh.origin}")
    last = _last(state)
    if last is not None:
        _require_continues(fetch, last, fresh)
    _remember(state, note.text)
    return str(Note(note.text, (cosign(note.text, key.name, key.private, at),)))


def _last(state: Path) -> Checkpoint | None:
    return Checkpoint.parse(state.read_text("utf-8")) if state.exists() else None


def _require_continues(fetch: Fetch, last: Checkpoint, fresh: Checkpoint) -> None:
    if last.origin != fresh.origin or fresh.size < last.size:
        raise WitnessError(
            f"日志变小或者换了名称：上次 {last.origin} {last.size}，这次 {fresh.origin} {fresh.size}"
        )
    try:
        proof = tree.consistency_proof(last.size, fresh.size, _read(fetch, fresh.size))
        tree.verify_consistency(last.size, fresh.size, last.root, fresh.root, proof)
    except (tree.BadProof, ValueError) as error:
        raise WitnessError(
            f"日志没有延续上次见证的内容（大小 {last.size} 至 {fresh.size}）：{error}"
        ) from error


def _read(fetch: Fetch, size: int) -> tree.ReadHashes:
    def load(places: Collection[Place]) -> dict[Place, bytes]:
        return {place: fetch(_path(place, size)) for place in places}

    return reader(load)


def _path(place: Place, size: int) -> str:
    level, number = place
    width = min(WIDTH, (size >> (HEIGHT * level)) - number * WIDTH)
    part = "" if width == WIDTH else f".p/{width}"
    return f"tile/{level}/{tile_number(number)}{part}"


def _remember(state: Path, text: str) -> None:
    fresh = state.with_name(f".{state.name}.{secrets.token_hex(4)}")
    fresh.write_text(text, "utf-8")
    fresh.replace(state)
