"""The sample world: the departments and duties the founding documents name, accounts, and made-up penalties.

Refused in production. Every subject is generated: valid codes, no real company or person.
"""

from services.blacklist.sample.disclosure import DisclosureItem, disclosure_items
from services.blacklist.sample.openness import load_open_items
from services.blacklist.sample.penalties import (
    SampleBatch,
    canary_numbers,
    sample_batches,
    write_sample_penalties,
)
from services.blacklist.sample.world import ACCOUNTS_FILE, load_sample_world

__all__ = [
    "ACCOUNTS_FILE",
    "DisclosureItem",
    "SampleBatch",
    "canary_numbers",
    "disclosure_items",
    "load_open_items",
    "load_sample_world",
    "sample_batches",
    "write_sample_penalties",
]
