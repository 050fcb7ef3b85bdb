"""Typed client of a credit blacklist register; the standard library is all it needs."""

from credit_blacklist_client.client import Register
from credit_blacklist_client.http import Expired, NotFound, Problem
from credit_blacklist_client.models import (
    Change,
    Checked,
    Entity,
    Hit,
    Listing,
    Page,
    Purpose,
    Standing,
    Verified,
    Version,
)

__all__ = [
    "Change", "Checked", "Entity", "Expired", "Hit", "Listing", "NotFound", "Page", "Problem", "Purpose",
    "Register", "Standing", "Verified", "Version",
]  # fmt: skip
