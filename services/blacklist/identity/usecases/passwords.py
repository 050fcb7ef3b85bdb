"""Password hashing: argon2id at OWASP's minimum (19 MiB, 2 passes, 1 lane), few at a time.

An unknown account costs the same hash as a known one, so time tells nothing.
"""

import secrets
import string
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from services.blacklist.identity.domain import password_problem
from shared.errors import FieldError, Invalid, Unavailable

HASHER = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)
SLOTS = BoundedSemaphore(4)  # 4 × 19 MiB at most, and as many guesses past the lockout check
WAIT_SECONDS = 10.0
_ALPHABET = "".join(sorted(set(string.ascii_letters + string.digits) - set("0O1lI"))) + "-_@%"


@contextmanager
def hashing_slot() -> Iterator[None]:
    """One of the few places for hashing; Unavailable when none frees in time."""
    if not SLOTS.acquire(timeout=WAIT_SECONDS):
        raise Unavailable("sign-in-busy", "登录请求过多", "请稍后再试。", retry_after=5)
    try:
        yield
    finally:
        SLOTS.release()


def hash_password(password: str) -> str:
    return HASHER.hash(password)


def password_matches(stored: str | None, password: str) -> bool:
    """Always one full hash, also where there is no account (`stored` is None)."""
    try:
        return HASHER.verify(stored or _nobody(), password) and stored is not None
    except (VerificationError, InvalidHashError):
        return False


def needs_rehash(stored: str) -> bool:
    return HASHER.check_needs_rehash(stored)


def draw_password() -> str:
    """A random password (about 100 bits) that the policy accepts for any user name."""
    while True:
        password = "".join(secrets.choice(_ALPHABET) for _ in range(18))
        if password_problem("-", password.replace("-", "~")) is None:
            return password


def require_good_password(username: str, password: str, pointer: str = "/new_password") -> None:
    problem = password_problem(username, password)
    if problem:
        raise Invalid("password-too-weak", "口令不符合要求", problem, fields=[FieldError(pointer, problem)])


@cache
def _nobody() -> str:
    return HASHER.hash(secrets.token_urlsafe(32))
