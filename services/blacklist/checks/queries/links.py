"""Codes of links: 100 random bits, known to their holder alone; the database has their digest."""

import hashlib

from services.blacklist.transparency.domain.certificates import normal_code


def digest(code: str) -> str:
    return hashlib.sha256(normal_code(code).encode()).hexdigest()
