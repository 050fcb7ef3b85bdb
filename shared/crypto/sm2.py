"""SM2 signatures with SM3 (GB/T 32918.2, GM/T 0009): DER of r and s, the standard's default signer id.

Signing and verifying are GmSSL's, which the extra `gm` installs; without it CryptoError says so. GmSSL writes
two lines to standard error for every signature that it does not find good, and no call of it does not: so a
signature is reckoned here first, and only a good one reaches GmSSL, whose word it needs as well.
Keys are PEM as OpenSSL writes them (PKCS#8), PEM of SEC 1, or the 32 secret bytes as 64 hexadecimal digits.
"""

import base64
import binascii
import re
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from shared.crypto.errors import CryptoError
from shared.crypto.sm2_curve import N, is_point, is_signed, times

ALGORITHM = "sm2"
_CURVE = bytes.fromhex("2a811ccf5501822d")  # 1.2.156.10197.1.301
_EC_KEY = bytes.fromhex("2a8648ce3d0201")
_PKCS8 = bytes.fromhex("308187020100301306072a8648ce3d020106082a811ccf5501822d046d306b0201010420")
_SPKI = bytes.fromhex("3059301306072a8648ce3d020106082a811ccf5501822d034200")
_PEM = re.compile(r"-----BEGIN ((?:EC |SM2 )?PRIVATE KEY|PUBLIC KEY)-----([A-Za-z0-9+/=\s]+)-----END \1-----")
_INTEGER, _BITS, _OCTETS, _OID, _SEQUENCE = 2, 3, 4, 6, 0x30


class _Field(NamedTuple):
    """One value of DER: its tag and content, and what follows it."""

    tag: int
    content: bytes
    rest: bytes


@dataclass(frozen=True)
class Sm2Signer:
    """One SM2 key. `public` has 65 bytes (04, x, y) and tells `key_id`: both sides arrive at the same."""

    key_id: str
    public: bytes
    secret: bytes = field(repr=False)
    algorithm: str = ALGORITHM

    @classmethod
    def from_secret(cls, secret: bytes) -> "Sm2Signer":
        """The key of 32 bytes; CryptoError where they are none."""
        number = int.from_bytes(secret)
        if len(secret) != 32 or not 1 <= number < N - 1:
            raise CryptoError("not an SM2 private key")
        x, y = times(number)
        public = b"\x04" + x.to_bytes(32) + y.to_bytes(32)
        return cls(key_id_of(public), public, secret)

    @classmethod
    def from_text(cls, text: str) -> "Sm2Signer":
        """The key in a PEM text, or of 64 hexadecimal digits; CryptoError where it is neither."""
        stripped = text.strip()
        if re.fullmatch(r"[0-9A-Fa-f]{64}", stripped):
            return cls.from_secret(bytes.fromhex(stripped))
        return cls.from_secret(_secret_of(_unarmoured(stripped, "PRIVATE KEY")))

    @classmethod
    def from_file(cls, path: Path) -> "Sm2Signer":
        return cls.from_text(path.read_text("ascii", errors="replace"))

    @classmethod
    def generate(cls) -> "Sm2Signer":
        _, secret = _library().sm2_key_generate()
        return cls.from_secret(secret)

    def sign(self, message: bytes) -> bytes:
        """The signature over the message, in DER."""
        made: bytes = _library().sm2_sign(self.secret, self.public[1:], message)
        return made

    def verify(self, message: bytes, signature: bytes) -> bool:
        return verify(self.public, message, signature)

    def private_pem(self) -> str:
        return _armoured(_PKCS8 + self.secret + b"\xa1\x44\x03\x42\x00" + self.public, "PRIVATE KEY")

    def public_pem(self) -> str:
        return _armoured(_SPKI + self.public, "PUBLIC KEY")


def is_available() -> bool:
    """Whether the extra `gm` is installed here."""
    try:
        _library()
    except CryptoError:
        return False
    return True


def verify(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the signature (DER) is over exactly this message by this key (65 bytes; 64 without the 04)."""
    library, point = _library(), public[1:] if len(public) == 65 else public
    try:
        r, s = decode_dss_signature(signature)
        return is_signed(point, message, r, s) and bool(library.sm2_verify(point, message, signature))
    except (ValueError, library.GmsslInnerError):
        return False


def public_from_text(text: str) -> bytes:
    """The 65 bytes of a public key in PEM, or of 130 or 128 hexadecimal digits; CryptoError otherwise."""
    stripped = text.strip()
    try:
        raw = bytes.fromhex(stripped)
    except ValueError:
        raw = _point_of(_unarmoured(stripped, "PUBLIC KEY"))
    point = raw[1:] if len(raw) == 65 and raw[0] == 4 else raw
    if not is_point(point):
        raise CryptoError("not an SM2 public key")
    return b"\x04" + point


def key_id_of(public: bytes) -> str:
    """ "sm2-" and the first half of the key's SM3."""
    digest = hashes.Hash(hashes.SM3())
    digest.update(public)
    return f"sm2-{digest.finalize()[:8].hex()}"


def _library() -> ModuleType:
    try:
        return import_module("gmssl_pyx")
    except ImportError as error:
        raise CryptoError("SM2 needs the optional package gmssl-pyx (the extra gm)") from error


def _armoured(content: bytes, label: str) -> str:
    text = base64.b64encode(content).decode()
    lines = [text[at : at + 64] for at in range(0, len(text), 64)]
    return "\n".join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""])


def _unarmoured(text: str, label: str) -> bytes:
    for found in _PEM.finditer(text):
        if found[1].endswith(label):
            try:
                return base64.b64decode("".join(found[2].split()), validate=True)
            except binascii.Error as error:
                raise CryptoError("not an SM2 key") from error
    raise CryptoError("not an SM2 key")


def _read(data: bytes, *tags: int) -> _Field:
    """The first value of DER; CryptoError unless it is whole and has one of the tags."""
    if len(data) < 2 or data[0] not in tags:
        raise CryptoError("not an SM2 key")
    size, at = data[1], 2
    if size >= 0x80:
        at += size - 0x80
        size = int.from_bytes(data[2:at])
    if len(data) < at + size:
        raise CryptoError("not an SM2 key")
    return _Field(data[0], data[at : at + size], data[at + size :])


def _secret_of(data: bytes) -> bytes:
    """Out of PKCS#8, or out of SEC 1 that names the curve."""
    version = _read(_read(data, _SEQUENCE).content, _INTEGER)
    inner = _read(version.rest, _SEQUENCE, _OCTETS)
    if inner.tag == _OCTETS:
        if bytes([_OID, len(_CURVE)]) + _CURVE not in inner.rest:
            raise CryptoError("not an SM2 key")
        return inner.content
    _require_curve(inner.content)
    wrapped = _read(_read(inner.rest, _OCTETS).content, _SEQUENCE).content
    return _read(_read(wrapped, _INTEGER).rest, _OCTETS).content


def _point_of(data: bytes) -> bytes:
    algorithm = _read(_read(data, _SEQUENCE).content, _SEQUENCE)
    _require_curve(algorithm.content)
    return _read(algorithm.rest, _BITS).content[1:]


def _require_curve(content: bytes) -> None:
    kind = _read(content, _OID)
    if kind.content != _EC_KEY or _read(kind.rest, _OID).content != _CURVE:
        raise CryptoError("not an SM2 key")
