"""Pure parts of the register: what a listing is (`facts`) and how names are compared (`naming`)."""

from services.blacklist.register.domain.facts import (
    CODE_FIELDS,
    HIDE_CODES,
    IDENTITY_FIELDS,
    OPERATIONS,
    SUSPENDED,
    CaseFacts,
    Kind,
    ListTerms,
    Organ,
    Publicity,
    SealedIdentity,
    Standing,
    Status,
    Subject,
    is_shield,
    status,
)
from services.blacklist.register.domain.naming import core_key, full_key, tail_value

__all__ = [
    "CODE_FIELDS",
    "HIDE_CODES",
    "IDENTITY_FIELDS",
    "OPERATIONS",
    "SUSPENDED",
    "CaseFacts",
    "Kind",
    "ListTerms",
    "Organ",
    "Publicity",
    "SealedIdentity",
    "Standing",
    "Status",
    "Subject",
    "core_key",
    "full_key",
    "is_shield",
    "status",
    "tail_value",
]
