"""The register's calls, one method each."""

from collections.abc import Iterator, Sequence
from datetime import date

from credit_blacklist_client import models
from credit_blacklist_client.http import Caller, NotFound, Send, quoted, send
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

REGISTER = "/api/v1/register"
MOST_ENTITIES = 1000


class Register:
    """A register at an address such as https://credit.example.gov.cn; holds no connection and no state."""

    def __init__(
        self,
        base: str,
        *,
        key: str | None = None,
        timeout: float = 10.0,
        retries: int = 2,
        sending: Send = send,
    ) -> None:
        """`key` is a registered data user's; nothing but `acknowledge` needs one."""
        self._ask = Caller(base, sending, timeout, retries, key)

    def search(
        self,
        q: str = "",
        *,
        region: str | None = None,
        domain: str | None = None,
        list_code: str | None = None,
        list_class: str | None = None,
        as_of: date | None = None,
        limit: int = 20,
        cursor: str | None = None,
    ) -> Page[Hit]:
        """Organisations by name, code or document number, best first; without `q`, newest first."""
        narrowed = {"region": region, "domain": domain, "list": list_code, "class": list_class}
        raw = self._ask.get(REGISTER, q=q or None, limit=limit, cursor=cursor, as_of=as_of, **narrowed)
        return Page(tuple(map(models.hit, raw["items"])), raw["next"], raw)

    def check(
        self, entities: Sequence[Entity | str], *, as_of: date | None = None, purpose: Purpose | None = None
    ) -> list[Checked]:
        """An answer per entity, in order; more than a thousand are asked for in several calls."""
        given = [Entity(each) if isinstance(each, str) else each for each in entities]
        found: list[Checked] = []
        for start in range(0, len(given), MOST_ENTITIES):
            body: dict[str, object] = {
                "entities": [each.document() for each in given[start : start + MOST_ENTITIES]]
            }
            if as_of:
                body["as_of"] = as_of.isoformat()
            if purpose:
                body["purpose"] = purpose.document()
            found += map(models.checked, self._ask.post(f"{REGISTER}/check", body)["items"])
        return found

    def listing(self, listing_id: str) -> Listing:
        """What is public about one listing; NotFound once nothing is."""
        return models.listing(self._ask.get(f"{REGISTER}/{quoted(listing_id)}"))

    def versions(self, listing_id: str) -> list[Version]:
        """What changed in it, newest first."""
        items = self._ask.get(f"{REGISTER}/{quoted(listing_id)}/versions")["items"]
        return [models.version(raw) for raw in items]

    def changes(self, after: int = 0, *, limit: int = 500) -> Iterator[Change]:
        """Every change behind the position, until there is none; keep the last one's position.

        Expired where the feed no longer reaches back so far.
        """
        while items := self._ask.get(f"{REGISTER}/changes", after=after, limit=limit)["items"]:
            yield from map(models.change, items)
            after = items[-1]["position"]

    def acknowledge(self, position: int) -> Standing:
        """As a registered data user: everything up to here was processed. Only forward."""
        return models.standing(self._ask.post("/api/v1/data-users/me/cursor", {"position": position}))

    def verify(self, code: str) -> Verified:
        """What the register says of a certificate by its code; an unknown code is not genuine."""
        try:
            raw = self._ask.get(f"{REGISTER}/certificates/{quoted(code)}")
        except NotFound:
            return Verified(genuine=False, status="unknown", statement="", raw={})
        return Verified(bool(raw["genuine"]), str(raw["status"]), str(raw["statement"]), raw)
