"""Signed notes and checkpoints (C2SP signed-note, tlog-checkpoint, tlog-cosignature) with Ed25519.

<origin>\\n<size>\\n<root in base64>\\n\\n— <key name> <key id and signature in base64>\\n
"""

import base64
import binascii
import re
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

LOG, WITNESS = 0x01, 0x04
"""Kinds of keys: one that signs the note as it is, one that cosigns it with a time."""
_DASH = "\u2014 "
_NAME = re.compile(r"[^\s+]{1,200}")
_LINE = re.compile(r"\u2014 ([^\s+]+) ([A-Za-z0-9+/]+={0,2})")
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")
MOST_SIGNATURES = 100
LARGEST_NOTE = 64 * 1024


class BadNote(ValueError):
    """Not a note, not a checkpoint, or not signed by a key that is trusted."""


@dataclass(frozen=True)
class NoteKey:
    """A public key by name: `<name>+<id>+<kind and key in base64>` when written (vkey)."""

    name: str
    kind: int
    public: bytes

    @property
    def id(self) -> bytes:
        return sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{_text(bytes([self.kind]) + self.public)}"

    @classmethod
    def parse(cls, text: str) -> "NoteKey":
        """From its written form; BadNote if name, id and key do not belong together."""
        name, _, rest = text.strip().partition("+")
        key_id, _, body = rest.partition("+")
        raw = _bytes(body)
        if not is_name(name) or len(raw) != 33 or raw[0] not in (LOG, WITNESS):
            raise BadNote("不是检查点密钥")
        found = cls(name, raw[0], raw[1:])
        if found.id.hex() != key_id:
            raise BadNote("密钥的编号与公钥不符")
        return found

    def message(self, text: str, signature: bytes) -> bytes:
        """What a signature of this kind of key was made over."""
        return text.encode() if self.kind == LOG else _timed(text, int.from_bytes(signature[:8], "big"))

    def check(self, text: str, signature: bytes) -> None:
        """BadNote unless the signature is this key's own."""
        head = 0 if self.kind == LOG else 8
        try:
            public = Ed25519PublicKey.from_public_bytes(self.public)
            public.verify(signature[head:], self.message(text, signature))
        except (InvalidSignature, ValueError) as error:
            raise BadNote(f"{self.name} 的签名无效") from error


@dataclass(frozen=True)
class Signature:
    """One signature line; `body` is the raw signature, behind the time if it is a witness's."""

    name: str
    key_id: bytes
    body: bytes

    def __str__(self) -> str:
        return f"{_DASH}{self.name} {_text(self.key_id + self.body)}\n"

    @property
    def time(self) -> int:
        """When a witness cosigned, in Unix seconds."""
        return int.from_bytes(self.body[:8], "big")

    def is_by(self, key: NoteKey) -> bool:
        return (self.name, self.key_id) == (key.name, key.id)


@dataclass(frozen=True)
class Note:
    """A text of whole lines and the signatures under it."""

    text: str
    signatures: tuple[Signature, ...] = ()

    def __str__(self) -> str:
        return self.text + "\n" + "".join(map(str, self.signatures))

    @classmethod
    def parse(cls, raw: str | bytes) -> "Note":
        """BadNote for anything that is not a note."""
        whole = _decoded(raw)
        text, found, lines = whole.rpartition("\n\n")
        if not found or not lines.endswith("\n"):
            raise BadNote("末尾没有空行和签名")
        signatures = tuple(parse_signature(line) for line in lines[:-1].split("\n"))
        if len(signatures) > MOST_SIGNATURES:
            raise BadNote("签名过多")
        return cls(text + "\n", signatures)

    def signed_by(self, keys: Iterable[NoteKey]) -> list[tuple[NoteKey, Signature]]:
        """The valid signatures of known keys; BadNote if one of a known key is wrong."""
        found = [(key, each) for key in keys for each in self.signatures if each.is_by(key)]
        for key, each in found:
            key.check(self.text, each.body)
        return found

    def require(self, keys: Iterable[NoteKey]) -> None:
        """BadNote unless at least one of the keys signed."""
        if not self.signed_by(keys):
            raise BadNote("没有已知密钥的签名")


@dataclass(frozen=True)
class Checkpoint:
    """What a log says of itself: its name, its size and the root of its tree."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        return f"{self.origin}\n{self.size}\n{_text(self.root)}\n"

    @classmethod
    def parse(cls, text: str) -> "Checkpoint":
        """From the text of a note; lines after the third are extensions and passed over."""
        lines = text.split("\n")
        if len(lines) < 4 or not is_name(lines[0]) or not _SIZE.fullmatch(lines[1]):
            raise BadNote("不是检查点")
        root = _bytes(lines[2])
        if len(root) != 32:
            raise BadNote("不是检查点")
        return cls(lines[0], int(lines[1]), root)


def is_name(text: str) -> bool:
    """Whether the text may name a key or a log."""
    return _NAME.fullmatch(text) is not None


def sign(text: str, name: str, private: Ed25519PrivateKey) -> Signature:
    """A log's own signature."""
    key = NoteKey(name, LOG, private.public_key().public_bytes_raw())
    return Signature(name, key.id, private.sign(text.encode()))


def cosign(text: str, name: str, private: Ed25519PrivateKey, at: int) -> Signature:
    """A witness's signature over a checkpoint and the time (cosignature/v1)."""
    key = NoteKey(name, WITNESS, private.public_key().public_bytes_raw())
    return Signature(name, key.id, at.to_bytes(8, "big") + private.sign(_timed(text, at)))


def parse_signature(line: str) -> Signature:
    """One signature line without its line break."""
    found = _LINE.fullmatch(line)
    raw = _bytes(found[2]) if found else b""
    if found is None or len(raw) < 5:
        raise BadNote("签名行的写法有误")
    return Signature(found[1], raw[:4], raw[4:])


def _timed(text: str, at: int) -> bytes:
    return f"cosignature/v1\ntime {at}\n{text}".encode()


def _decoded(raw: str | bytes) -> str:
    if len(raw) > LARGEST_NOTE:
        raise BadNote("内容过长")
    try:
        text = raw.decode() if isinstance(raw, bytes) else raw
    except UnicodeDecodeError as error:
        raise BadNote("不是 UTF-8 文本") from error
    if any(ord(char) < 32 and char != "\n" for char in text):
        raise BadNote("含有控制字符")
    return text


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadNote("不是 base64") from error
