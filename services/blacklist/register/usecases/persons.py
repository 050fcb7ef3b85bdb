"""Looking up one person, for the API and the page: so many an hour, whether anybody is found or not.

A name and four digits can be guessed; what is spent before the search makes guessing take days, and a
refusal says nothing about the person.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from services.blacklist.register.queries import find_person, listing_view
from services.blacklist.store import Deps, budgets
from shared.budgets import Budget, forget_whole, spend, whose
from shared.errors import TooMany
from shared.web.access import Principal


def look_up_person(deps: Deps, asked: Mapping[str, Any], address: str) -> list[dict[str, Any]]:
    """The person's public listings; TooMany says when to come back. The address is kept as a keyed hash."""
    spend_lookup(deps, address)
    with deps.db.read() as session:
        rows = find_person(
            session,
            deps.keyring,
            asked["name"],
            id_number=asked["id_number"],
            id_tail=asked["id_tail"],
            today=deps.clock.today(),
        )
        return [listing_view(row, name_known=True) for row in rows]


def spend_lookup(deps: Deps, address: str) -> None:
    """One lookup of a person out of the client's budget and everybody's; TooMany when either is empty."""
    own = deps.keyring.blind_index(f"person-lookup {whose(address)}")
    _spend(deps, [Budget(own, deps.lookups.per_address), Budget("person-lookup", deps.lookups.overall)])


def spend_past(deps: Deps, actor: Principal) -> None:
    """One look at a person's past out of the official's own budget: as much as the public has."""
    own = deps.keyring.blind_index(f"person-past {actor.user_id}")
    _spend(deps, [Budget(own, deps.lookups.per_address)])


def _spend(deps: Deps, wanted: Sequence[Budget]) -> None:
    now = deps.clock.system_now()
    with deps.db.write() as session:
        forget_whole(session, budgets, now)
        late = spend(session, budgets, wanted, now)
    if late is not None:
        raise TooMany(
            "too-many-requests",
            "查询过于频繁",
            "请按 Retry-After 指示的秒数等待后再查询。",
            retry_after=late.total_seconds(),
        )
