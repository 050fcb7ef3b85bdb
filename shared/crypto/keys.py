"""The key ring: separate keys per purpose, each with an id, one active and older ones kept for opening.

Lives in one file of mode 600, created atomically so that processes starting together agree on one ring,
and re-read when another process rotated a key.
"""

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from threading import Lock
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from shared.crypto import blind, sealing
from shared.crypto.errors import CryptoError
from shared.crypto.keyfile import Key, create_file, new_key, read_file, update_file
from shared.crypto.signers import Ed25519Signer, Signer
from shared.crypto.sm2 import Sm2Signer

__all__ = ["CryptoError", "KeyRing", "RecipientKey", "TokenKey"]

REFRESH_SECONDS = 1.0
_SM2 = "-sm2"
"""What a kind's SM2 keys are called after it."""
FIRST_KEYS = (("storage", ""), ("blind", ""), ("token", ""), ("webhook", ""), ("recipient", "credit-push"))


class TokenKey(NamedTuple):
    """The active key for signing tokens."""

    kid: str
    private: Ed25519PrivateKey


class RecipientKey(NamedTuple):
    """One public key of a recipient of exchange events."""

    key_id: str
    public: X25519PublicKey


def _sm2(key: Key) -> Sm2Signer:
    return Sm2Signer(key.id, key.public, key.secret)


class KeyRing:
    """All keys of one installation; `suite` ("intl" or "gm") chooses the algorithms of new seals."""

    def __init__(self, path: Path, keys: list[Key], suite: str = "intl") -> None:
        self._path = path
        self._keys = keys
        self._suite = suite
        self._lock = Lock()
        self._refreshed = float("-inf")

    def __reduce__(self) -> tuple[Callable[..., "KeyRing"], tuple[Path]]:
        """Sent to another process of ours, a ring is the place of its file: no key travels."""
        return partial(KeyRing.load, suite=self._suite), (self._path,)

    @classmethod
    def load(cls, path: Path, *, suite: str = "intl") -> "KeyRing":
        """The ring in `path`; FileNotFoundError if there is none."""
        return cls(path, read_file(path), suite)

    @classmethod
    def create(cls, path: Path, *, suite: str = "intl") -> "KeyRing":
        """A fresh ring in `path`; FileExistsError if there is one already."""
        keys = [new_key(kind, name, suite) for kind, name in FIRST_KEYS]
        create_file(path, keys)
        return cls(path, keys, suite)

    @classmethod
    def load_or_create(cls, path: Path, *, suite: str = "intl") -> "KeyRing":
        """The ring in `path`, made first if need be; safe when several processes start at once."""
        try:
            return cls.load(path, suite=suite)
        except FileNotFoundError:
            pass
        try:
            return cls.create(path, suite=suite)
        except FileExistsError:
            return cls.load(path, suite=suite)

    def rotate(self, kind: str, name: str = "") -> str:
        """Make a new active key: storage, blind, token, webhook, letter, log, certificate or recipient."""
        fresh = new_key(kind, name, self._suite)

        def with_fresh(keys: list[Key]) -> list[Key]:
            return [key.retired() if (key.kind, key.name) == (kind, name) else key for key in keys] + [fresh]

        self._keys = update_file(self._path, with_fresh)
        return fresh.id

    def add_recipient(self, name: str, public: bytes) -> str:
        """Register an outside recipient by the 32 raw bytes of its X25519 key; returns the key's id."""
        fresh = Key.of_public(name, X25519PublicKey.from_public_bytes(public).public_bytes_raw())

        def with_fresh(keys: list[Key]) -> list[Key]:
            return [k.retired() if (k.kind, k.name) == ("recipient", name) else k for k in keys] + [fresh]

        self._keys = update_file(self._path, with_fresh)
        return fresh.id

    def seal(self, plain: bytes | str, aad: str) -> str:
        """Seal for storage at the place `aad`, e.g. "cases.subject_id_number.<row id>"."""
        key = self._active("storage")
        data = plain.encode() if isinstance(plain, str) else plain
        return sealing.seal(key.secret, key.id, sealing.ALGORITHMS[self._suite], data, aad)

    def unseal(self, token: str, aad: str) -> bytes:
        """Open what `seal` made for the same place, under any key of the ring; else CryptoError."""
        algorithm, key_id, body = sealing.parts(token)
        return sealing.unseal(self._by_id("storage", key_id).secret, algorithm, body, aad)

    def is_current(self, token: str) -> bool:
        """Whether a sealed value uses the active key and the chosen algorithm."""
        algorithm, key_id, _ = sealing.parts(token)
        return key_id == self._active("storage").id and algorithm == sealing.ALGORITHMS[self._suite]

    def reseal(self, token: str, aad: str) -> str:
        """The same content under the active key (the same text if it is already)."""
        return token if self.is_current(token) else self.seal(self.unseal(token, aad), aad)

    def blind_index(self, value: str) -> str:
        """ "<key id>:<hmac>" of the normalised value under the active index key, for storing."""
        key = self._active("blind")
        return blind.index(key.secret, key.id, key.algorithm, value)

    def blind_indexes(self, value: str) -> list[str]:
        """The indexes of a value under every key, active first: for searching during a rotation."""
        keys = sorted(self._all("blind"), key=lambda key: not key.active)
        return [blind.index(key.secret, key.id, key.algorithm, value) for key in keys]

    def token_private(self) -> TokenKey:
        """The active token signing key (kid, private)."""
        key = self._active("token")
        return TokenKey(key.id, Ed25519PrivateKey.from_private_bytes(key.secret))

    def token_public(self) -> dict[str, Ed25519PublicKey]:
        """kid → public key, old ones included until they are removed from the file."""
        return {
            key.id: Ed25519PrivateKey.from_private_bytes(key.secret).public_key()
            for key in self._all("token")
        }

    def refreshed_token_public(self) -> dict[str, Ed25519PublicKey]:
        """token_public after re-reading the file, once a second at most: for a kid not known yet.

        A flood of made-up kids costs one read a second; a fresh key is known after a second at the latest.
        """
        now = time.monotonic()
        if now - self._refreshed >= REFRESH_SECONDS:
            self._refreshed = now
            self._reload()
        return self.token_public()

    def signer(self, kind: str) -> TokenKey:
        """The active key that signs letters, the log or certificates; made when it is first asked for."""
        try:
            key = self._active(kind)
        except CryptoError:
            self._first(kind)
            key = self._active(kind)
        return TokenKey(key.id, Ed25519PrivateKey.from_private_bytes(key.secret))

    def _first(self, kind: str) -> None:
        """One key of the kind, however many processes ask at once."""
        fresh = new_key(kind, "", self._suite)

        def with_fresh(keys: list[Key]) -> list[Key]:
            return keys if any(key.kind == kind and key.active for key in keys) else [*keys, fresh]

        self._keys = update_file(self._path, with_fresh)

    def add_sm2(self, kind: str, signer: Sm2Signer) -> None:
        """Let SM2 sign beside the kind's Ed25519 key from now on; an earlier one is kept for checking."""
        fresh = Key.of_sm2(kind + _SM2, signer)
        self._retire(fresh.kind, fresh)

    def retire_sm2(self, kind: str) -> None:
        """Sign with Ed25519 alone again."""
        self._retire(kind + _SM2)

    def _retire(self, kind: str, *fresh: Key) -> None:
        ids = {key.id for key in fresh}

        def changed(keys: list[Key]) -> list[Key]:
            kept = [key for key in keys if key.kind != kind or key.id not in ids]
            return [key.retired() if key.kind == kind else key for key in kept] + list(fresh)

        self._keys = update_file(self._path, changed)

    def signing(self, kind: str) -> list[Signer]:
        """Who signs now: the kind's Ed25519 key, made when first asked for, then SM2 where there is one."""
        first = self.signer(kind)
        self._reload()
        second = [key for key in self._all(kind + _SM2) if key.active]
        return [Ed25519Signer(first.kid, first.private), *map(_sm2, second)]

    def known_signers(self, kind: str) -> list[Signer]:
        """Every key of a kind still in the file, Ed25519's before SM2's and the active ones first."""
        first = [Ed25519Signer(key.kid, key.private) for key in self.signers(kind)]
        second = sorted(self._all(kind + _SM2), key=lambda key: not key.active)
        return [*first, *map(_sm2, second)]

    def signers(self, kind: str) -> list[TokenKey]:
        """Every signing key of a kind still in the file, the active one first."""
        self._reload()
        keys = sorted(self._all(kind), key=lambda key: not key.active)
        return [TokenKey(key.id, Ed25519PrivateKey.from_private_bytes(key.secret)) for key in keys]

    def letter_private(self) -> TokenKey:
        """The active key that signs letters (电子签章)."""
        return self.signer("letter")

    def letter_public(self) -> dict[str, Ed25519PublicKey]:
        """Key id → public key of every letter key, retired ones too."""
        return {key.kid: key.private.public_key() for key in self.signers("letter")}

    def recipients(self) -> dict[str, list[RecipientKey]]:
        """Recipient name → its active public keys; every identity number in an event is sealed to each."""
        found: dict[str, list[RecipientKey]] = {}
        for key in self._all("recipient"):
            if key.active:
                public = X25519PublicKey.from_public_bytes(key.public)
                found.setdefault(key.name, []).append(RecipientKey(key.id, public))
        return found

    def hpke_private(self, name: str, key_id: str | None = None) -> X25519PrivateKey:
        """The private key of a recipient living here: by id, else the active one; CryptoError if unknown."""
        key = self._by_id("recipient", key_id) if key_id else self._active("recipient", name)
        if key.name != name or not key.secret:
            raise CryptoError(f"no private key of recipient {name} here")
        return X25519PrivateKey.from_private_bytes(key.secret)

    def _all(self, kind: str) -> list[Key]:
        return [key for key in self._keys if key.kind == kind]

    def _active(self, kind: str, name: str = "") -> Key:
        return self._find(lambda key: key.kind == kind and key.name == name and key.active)

    def _by_id(self, kind: str, key_id: str) -> Key:
        return self._find(lambda key: key.kind == kind and key.id == key_id)

    def _find(self, wanted: Callable[[Key], bool]) -> Key:
        for attempt in range(2):
            for key in self._keys:
                if wanted(key):
                    return key
            if attempt == 0:
                self._reload()
        raise CryptoError("no such key")

    def _reload(self) -> None:
        with self._lock:
            self._keys = read_file(self._path)
