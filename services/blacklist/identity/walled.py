"""Which rows of which table stand behind the wall between departments, and why the other tables do not.

Texts of SQL, evaluated by PostgreSQL for each row; a table named in a policy is itself seen through the wall.
"""

from typing import NamedTuple

_OWN = "department_id = current_setting('app.department', true)"
_REGION = "region LIKE current_setting('app.region', true)"
_MINE = f"({_OWN} OR {_REGION})"
_GIVEN = "department_id = current_setting('app.receiver', true)"
"""What is being handed to another department is still seen by who does it, until the transaction ends."""


def _seen_with(table: str, key: str) -> str:
    return f"EXISTS (SELECT 1 FROM {table} AS t WHERE t.id = {key})"  # noqa: S608  our own names


def _ours_with(table: str, key: str, owner: str = _OWN) -> str:
    return f"EXISTS (SELECT 1 FROM {table} AS t WHERE t.id = {key} AND t.{owner})"  # noqa: S608


_MY_REGION = f"EXISTS (SELECT 1 FROM departments AS d WHERE d.id = department_id AND d.{_REGION})"  # noqa: S608
_MY_CASES, _OUR_CASES = _seen_with("cases", "case_id"), _ours_with("cases", "case_id")
_MY_REQUESTS, _OUR_REQUESTS = (
    _seen_with("disclosure_requests", "request_id"),
    _ours_with("disclosure_requests", "request_id"),
)
_MY_LETTERS = _seen_with("letters", "letter_id")
_OUR_LETTERS = f"EXISTS (SELECT 1 FROM letters AS l WHERE l.id = letter_id AND (l.{_OWN} OR {_OUR_CASES}))"  # noqa: S608
_MY_ITEMS, _OUR_ITEMS = _seen_with("openness_items", "item_id"), _ours_with("openness_items", "item_id")
_OUR_LISTINGS = _ours_with("register_listing", "listing_id")
_MY_LISTINGS = (
    "EXISTS (SELECT 1 FROM register_listing AS t WHERE t.id = listing_id"  # noqa: S608
    f" AND (t.{_OWN} OR t.{_REGION}))"
)
_MY_IMPORTS, _OUR_IMPORTS = _seen_with("case_imports", "import_id"), _ours_with("case_imports", "import_id")
_INSPECTING = "office_id = current_setting('app.department', true)"
_INSPECTED = "department_ids::jsonb @> to_jsonb(current_setting('app.department', true))"
_OUR_INSPECTIONS = _ours_with("inspections", "inspection_id", _INSPECTING)
_MY_INSPECTIONS = (
    "EXISTS (SELECT 1 FROM inspections AS t WHERE t.id = inspection_id"  # noqa: S608
    f" AND (t.{_INSPECTING} OR t.{_REGION}))"
)
_DUTY_OF_MINE = " OR ".join(
    _seen_with(table, "case_id")
    for table in ("cases", "disclosure_requests", "openness_items", "openness_opinions", "openness_reports")
)
"""A duty met by the department that was there before is read with the thing that was handed over."""
_NOTICE_OF_MINE = "EXISTS (SELECT 1 FROM cases AS t WHERE subject_id IN (t.id, t.listing_id))"


class Policy(NamedTuple):
    """Which rows are seen, which may be added, which may be changed; removed: as changed, unless said."""

    seen: str
    added: str
    changed: str
    removed: str = ""

    @property
    def taken(self) -> str:
        return self.removed or self.changed


def _hung_on(seen: str, ours: str) -> Policy:
    """Read and written on with the thing it belongs to, changed by the thing's department."""
    return Policy(seen, seen, ours)


_DEPARTMENT = Policy(_MINE, _OWN, _OWN)
"""A row with a department and a region."""
_OFFICE = Policy(f"({_OWN} OR {_MY_REGION})", _OWN, _OWN)
"""A row with a department alone."""
_PASSED_ON = Policy(f"({_MINE} OR {_GIVEN})", f"({_OWN} OR {_GIVEN})", f"({_OWN} OR {_GIVEN})")
POLICIES: dict[str, Policy] = {
    "cases": _DEPARTMENT,
    "case_steps": _hung_on(_MY_CASES, _OUR_CASES),
    "case_attachments": _hung_on(_MY_CASES, _OUR_CASES),
    "case_links": _hung_on(_MY_CASES, _OUR_CASES),
    "case_overlays": _hung_on(_MY_CASES, _OUR_CASES),
    "case_rejections": _hung_on(_MY_CASES, _OUR_CASES),
    "case_papers": Policy("true", _OUR_CASES, "true", _OUR_CASES),
    "case_adoptions": Policy(f"({_MINE} OR state = 'proposed')", _OWN, _OWN),
    "case_imports": _DEPARTMENT,
    "case_import_rows": _hung_on(_MY_IMPORTS, _OUR_IMPORTS),
    "case_import_mappings": _OFFICE,
    "case_notices": Policy(f"({_OWN} OR {_MY_REGION} OR {_NOTICE_OF_MINE})", _OWN, _OWN),
    "duties": Policy(
        f"({_OWN} OR {_GIVEN} OR {_MY_REGION} OR {_DUTY_OF_MINE})",
        f"({_OWN} OR {_MY_CASES})",
        f"({_OWN} OR {_GIVEN} OR {_OUR_CASES})",
    ),
    "disclosure_requests": _PASSED_ON,
    "disclosure_steps": _hung_on(_MY_REQUESTS, _OUR_REQUESTS),
    "disclosure_documents": _hung_on(_MY_REQUESTS, _OUR_REQUESTS),
    "letters": Policy(
        f"({_OWN} OR {_MY_CASES} OR {_MY_REQUESTS})", f"({_OWN} OR {_MY_CASES})", f"({_OWN} OR {_OUR_CASES})"
    ),
    "letter_copies": _hung_on(_MY_LETTERS, _OUR_LETTERS),
    "letter_services": _hung_on(_MY_LETTERS, _OUR_LETTERS),
    "letter_sendings": _hung_on(_MY_LETTERS, _OUR_LETTERS),
    "letter_counters": _OFFICE,
    "letter_series": _OFFICE,
    "ledger_decisions": _OFFICE,
    "ledger_explanations": _OFFICE,
    "ledger_gap_warnings": _OFFICE,
    "ledger_uploads": _OFFICE,
    "ledger_zero_returns": _OFFICE,
    "inspections": Policy(f"({_INSPECTING} OR {_REGION} OR {_INSPECTED})", _INSPECTING, _INSPECTING),
    "inspection_items": Policy(
        f"({_OWN} OR {_MY_INSPECTIONS})", _OUR_INSPECTIONS, f"({_OWN} OR {_OUR_INSPECTIONS})"
    ),
    "annual_reports": Policy("true", _OWN, _OWN),
    "openness_items": _DEPARTMENT,
    "openness_versions": _hung_on(_MY_ITEMS, _OUR_ITEMS),
    "openness_files": _hung_on(_MY_ITEMS, _OUR_ITEMS),
    "openness_channel_drafts": Policy(_MY_ITEMS, _OWN, _OWN),
    "openness_listing_outlets": _OFFICE,
    "openness_listing_texts": Policy(_MY_LISTINGS, _OUR_LISTINGS, _OUR_LISTINGS),
    "openness_opinions": _DEPARTMENT,
    "openness_watch_rounds": _DEPARTMENT,
    "openness_reports": _PASSED_ON,
}
"""Who oversees sees more than may be changed. COPY is refused by tables that have any policy.

Of a published paper anyone sees that it is held (its key and the case's id, nothing else): two departments
must not publish it both. A wish to take a listing over holds it for all until it is answered. Annual
reports are public; one region has one a year.
"""
KEY_ONLY = ("case_papers",)
"""Of these only the key may be written again; whose it is stays."""

_PUBLIC = "the public register and its proof: looked up by everyone, whichever department listed"
_PEOPLE = "read before it is known who asks, and by name everywhere; changed by administrators alone"
_TRAIL = "append-only for the role itself; read by auditors alone"
_ASKED = "belongs to whoever asked and is opened by the code of its link, in any department"
_SHARED = "the same for every department"
_INSIDE = "machinery of this service: no page shows it"
UNWALLED: dict[str, str] = {
    **dict.fromkeys(
        ("register_listing", "register_version", "register_change", "register_name", "register_delivery",
         "register_gram_count", "register_unlogged"), _PUBLIC
    ),
    **dict.fromkeys(
        ("log_beats", "log_checkpoints", "log_cosignatures", "log_leaves", "log_secrets", "log_tiles",
         "log_witnesses", "certificates"), _PUBLIC
    ),
    **dict.fromkeys(("users", "user_roles", "role_changes", "sessions", "api_keys", "departments"), _PEOPLE),
    **dict.fromkeys(("audit_entries", "audit_links", "audit_pending"), _TRAIL),
    **dict.fromkeys(
        ("check_jobs", "check_parts", "tender_projects", "tender_keys", "tender_news", "tender_sheets"),
        _ASKED,
    ),
    **dict.fromkeys(("calendar_years", "catalogue_changes", "disclosure_items", "data_users"), _SHARED),
    **dict.fromkeys(
        ("disclosure_counters", "tender_watch_place", "sign_in_failures", "budgets", "idempotency_keys",
         "inbox", "outbox", "leases"), _INSIDE
    ),
}  # fmt: skip
"""Table → why no policy stands around it. A table in neither list fails the build."""
