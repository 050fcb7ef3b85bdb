"""Pure parts of the register: what a listing is (`facts`) and how names are compared (`names`)."""

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
from services.blacklist.register.domain.names import core_key, full_key, name_record, tail_value

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
    "name_record",
    "status",
    "tail_value",
]
