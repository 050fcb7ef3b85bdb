"""Asking a platform's public site what it shows: a signed question for several listings at a time."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from services.credit_push.catalogue import Profile
from services.credit_push.transports import Means, key_of
from services.credit_push.transports.base import TransportDown
from services.credit_push.transports.http import HttpClient
from shared.logs import get_log

log = get_log(__name__)


@dataclass(frozen=True)
class Sight:
    """What a site says of one listing: whether it shows it, since when, and on which page."""

    displayed: bool
    since: datetime | None = None
    url: str = ""


class Site(Protocol):
    """A public site that can be asked."""

    def ask(self, match_keys: Sequence[str]) -> dict[str, Sight]:
        """What it shows of these, by match key; TransportDown where there is no answer."""
        ...

    def close(self) -> None: ...


class HttpSite:
    """POST /appearances, signed; no identity number goes there, and none is in an address."""

    def __init__(self, client: HttpClient) -> None:
        self._client = client

    def ask(self, match_keys: Sequence[str]) -> dict[str, Sight]:
        body = json.dumps({"match_keys": list(match_keys)}, ensure_ascii=False).encode()
        reply = self._client.run(self._client.call("POST", "/appearances", body, "application/json"))
        if not reply.answered or reply.status >= 300:
            raise TransportDown(reply.problem or f"HTTP {reply.status}")
        try:
            rows = json.loads(reply.body)["rows"]
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise TransportDown("显示情况的答复无法读取") from error
        if not isinstance(rows, list):
            raise TransportDown("显示情况的答复无法读取")
        return dict(told for row in rows if (told := _told(row)))

    def close(self) -> None:
        self._client.close()


def _told(row: Any) -> tuple[str, Sight] | None:
    """None of a row that cannot be read: the others are not to wait for it."""
    try:
        return str(row["match_key"]), _sight(row)
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError):
        log.warning("row of a site not readable")
        return None


def _sight(row: Mapping[str, Any]) -> Sight:
    if not isinstance(row["displayed"], bool):
        raise TypeError("displayed")
    since = datetime.fromisoformat(row["since"]) if row.get("since") else None
    if since is not None and since.tzinfo is None:
        since = None
    return Sight(row["displayed"], since, str(row.get("url") or ""))


def open_sites(catalogue: Mapping[str, Profile], means: Means) -> dict[str, Site]:
    """The sites that can be asked, by platform; also of platforms that are only observed."""
    found: dict[str, Site] = {}
    for profile in catalogue.values():
        asking = profile.observation
        if not asking.endpoint:
            continue
        key, timeout = key_of(profile, means, asking.key), profile.transport.timeout_seconds
        client = HttpClient(means.runner, asking.endpoint, key, means.clock, 1, timeout, profile.signature)
        found[profile.id] = HttpSite(client)
    return found
