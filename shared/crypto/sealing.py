"""Sealing at rest: AES-256-GCM ("intl") or SM4-GCM ("gm"), bound to its place by associated data.

A sealed value reads "v1.<algorithm>.<key id>.<base64url(nonce, ciphertext, tag)>".
"""

import base64
from collections.abc import Callable
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from shared.crypto.errors import CryptoError
from shared.random_bytes import random_bytes

ALGORITHMS = {"intl": "aes256gcm", "gm": "sm4gcm"}
_NONCE = 12
_TAG = 16


@lru_cache(maxsize=64)  # a ring has a handful of keys, and deriving takes longer than sealing
def algorithm_key(secret: bytes, algorithm: str) -> bytes:
    """The key of one algorithm, derived so that one secret never serves two ciphers."""
    digest: hashes.HashAlgorithm = hashes.SM3() if algorithm == "sm4gcm" else hashes.SHA256()
    length = 16 if algorithm == "sm4gcm" else 32
    return HKDF(digest, length, salt=None, info=b"credit-blacklist sealing " + algorithm.encode()).derive(
        secret
    )


def seal(secret: bytes, key_id: str, algorithm: str, plain: bytes, aad: str) -> str:
    """Seal `plain` to the place named by `aad`."""
    nonce = random_bytes(_NONCE)
    body = _ENCRYPT[algorithm](algorithm_key(secret, algorithm), nonce, plain, aad.encode())
    return f"v1.{algorithm}.{key_id}.{base64.urlsafe_b64encode(nonce + body).decode().rstrip('=')}"


def parts(token: str) -> tuple[str, str, bytes]:
    """Algorithm, key id and body of a sealed value; CryptoError if it is not one."""
    try:
        version, algorithm, key_id, text = token.split(".")
        body = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError as error:
        raise CryptoError("not a sealed value") from error
    if version != "v1" or algorithm not in _DECRYPT or len(body) < _NONCE + _TAG:
        raise CryptoError("not a sealed value")
    return algorithm, key_id, body


def unseal(secret: bytes, algorithm: str, body: bytes, aad: str) -> bytes:
    """Open the body of a sealed value; CryptoError if key, place or content do not fit."""
    key = algorithm_key(secret, algorithm)
    try:
        return _DECRYPT[algorithm](key, body[:_NONCE], body[_NONCE:], aad.encode())
    except InvalidTag as error:
        raise CryptoError("sealed value does not open here") from error


_aes = lru_cache(maxsize=64)(AESGCM)  # a handful of keys again, made ready once


def _aes_encrypt(key: bytes, nonce: bytes, plain: bytes, aad: bytes) -> bytes:
    return _aes(key).encrypt(nonce, plain, aad)


def _aes_decrypt(key: bytes, nonce: bytes, body: bytes, aad: bytes) -> bytes:
    return _aes(key).decrypt(nonce, body, aad)


def _sm4_encrypt(key: bytes, nonce: bytes, plain: bytes, aad: bytes) -> bytes:
    encryptor = Cipher(algorithms.SM4(key), modes.GCM(nonce)).encryptor()
    encryptor.authenticate_additional_data(aad)
    return encryptor.update(plain) + encryptor.finalize() + encryptor.tag


def _sm4_decrypt(key: bytes, nonce: bytes, body: bytes, aad: bytes) -> bytes:
    decryptor = Cipher(algorithms.SM4(key), modes.GCM(nonce, body[-_TAG:])).decryptor()
    decryptor.authenticate_additional_data(aad)
    return decryptor.update(body[:-_TAG]) + decryptor.finalize()


_Cipher = Callable[[bytes, bytes, bytes, bytes], bytes]
_ENCRYPT: dict[str, _Cipher] = {"aes256gcm": _aes_encrypt, "sm4gcm": _sm4_encrypt}
_DECRYPT: dict[str, _Cipher] = {"aes256gcm": _aes_decrypt, "sm4gcm": _sm4_decrypt}
