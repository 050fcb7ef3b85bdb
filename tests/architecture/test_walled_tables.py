"""Every table stands behind the wall between departments, or somebody said why not."""

import services.blacklist.app  # noqa: F401  tables of every part
from services.blacklist.audit.models import APPEND_ONLY
from services.blacklist.identity.walled import POLICIES, UNWALLED
from services.blacklist.store import Base

TABLES = {table.name: table for table in Base.metadata.sorted_tables}


def test_every_table_has_a_policy_or_a_stated_reason():
    unsaid = set(TABLES) - set(POLICIES) - set(UNWALLED)
    assert not unsaid, f"identity/walled.py says nothing of {sorted(unsaid)}"
    assert not (set(POLICIES) | set(UNWALLED)) - set(TABLES), "of tables that are gone"
    assert not set(POLICIES) & set(UNWALLED)
    assert all(len(reason) > 20 for reason in UNWALLED.values())


def test_what_belongs_to_a_case_or_an_office_is_walled():
    """A column of a walled table's key is never reason enough to stand outside."""
    outside = {
        name
        for name, table in TABLES.items()
        if name in UNWALLED and {"case_id", "request_id", "letter_id", "import_id"} & set(table.c.keys())
    }
    assert outside == {"register_listing"}, "public, whichever case it came from"
    assert set(APPEND_ONLY) <= set(UNWALLED)
