"""Names of organisations as the search sees them: key, parts, sound, grams, and how alike two are.

Everything here is pure and serves the writing and the asking side alike: what is kept of a name and what is
made of a question come from the same functions. docs/search.md tells the whole story.
"""

from services.blacklist.register.domain.names.edits import ONE_SIGN_APART
from services.blacklist.register.domain.names.grams import Gram, asked_grams, grams_of
from services.blacklist.register.domain.names.keys import full_key, other_key, same_writing, tail_value
from services.blacklist.register.domain.names.likeness import (
    Likeness,
    calibrated,
    compare,
    compare_sound,
    elsewhere,
)
from services.blacklist.register.domain.names.parts import Parts, core_key, split, split_name
from services.blacklist.register.domain.names.record import (
    GRAM_VERSION,
    NameRecord,
    name_record,
    name_records,
    numbered_records,
    record_at,
)

__all__ = [
    "GRAM_VERSION",
    "ONE_SIGN_APART",
    "Gram",
    "Likeness",
    "NameRecord",
    "Parts",
    "asked_grams",
    "calibrated",
    "compare",
    "compare_sound",
    "core_key",
    "elsewhere",
    "full_key",
    "grams_of",
    "name_record",
    "name_records",
    "numbered_records",
    "other_key",
    "record_at",
    "same_writing",
    "split",
    "split_name",
    "tail_value",
]
