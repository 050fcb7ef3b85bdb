"""Reading the register: only what is public on the business date asked for, unless a name says otherwise."""

from services.blacklist.register.queries.changes import changes_after, newest_position, oldest_position
from services.blacklist.register.queries.checks import Entity, Purpose, check_entities, version_of
from services.blacklist.register.queries.downloads import count_in_force, organisations_in_force
from services.blacklist.register.queries.lines import Criteria
from services.blacklist.register.queries.listings import (
    deliveries,
    full_versions,
    history,
    in_force,
    listing_by_id,
    public_listing,
    standing,
)
from services.blacklist.register.queries.persons import find_person
from services.blacklist.register.queries.search import search, search_on
from services.blacklist.register.queries.views import listing_view, masked_view

__all__ = [
    "Criteria",
    "Entity",
    "Purpose",
    "changes_after",
    "check_entities",
    "count_in_force",
    "deliveries",
    "find_person",
    "full_versions",
    "history",
    "in_force",
    "listing_by_id",
    "listing_view",
    "masked_view",
    "newest_position",
    "oldest_position",
    "organisations_in_force",
    "public_listing",
    "search",
    "search_on",
    "standing",
    "version_of",
]
