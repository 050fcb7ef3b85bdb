"""Typed client of a credit blacklist register; the standard library is all it needs."""

from credit_blacklist_client.client import Register
from credit_blacklist_client.http import NotFound, Problem
from credit_blacklist_client.models import (
    Change,
    Checked,
    Entity,
    Hit,
    Listing,
    Page,
    Purpose,
    Verified,
    Version,
)

__all__ = [
    "Change", "Checked", "Entity", "Hit", "Listing", "NotFound", "Page", "Problem", "Purpose", "Register",
    "Verified", "Version",
]  # fmt: skip
