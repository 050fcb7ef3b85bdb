"""Telling a platform what became of a request it brought: one signed message an outcome."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from services.credit_push.catalogue import Profile
from services.credit_push.transports import Means, key_of
from services.credit_push.transports.http import REFUSING, HttpClient, Reply

TAKEN, REFUSED, SILENT = "taken", "refused", "silent"


@dataclass(frozen=True)
class Told:
    """What the platform said: taken, refused for good, or nothing that could be read as an answer."""

    result: str
    receipt_number: str = ""
    problem: str = ""
    again_after: float = 0.0


class Post(Protocol):
    """Where outcomes go."""

    def tell(self, body: bytes) -> Told:
        """Send one; never raises for what network or platform do."""
        ...

    def close(self) -> None: ...


class HttpPost:
    """POST to the path the profile names."""

    def __init__(self, client: HttpClient, path: str) -> None:
        self._client, self._path = client, path

    def tell(self, body: bytes) -> Told:
        reply = self._client.run(self._client.call("POST", self._path, body, "application/json"))
        if reply.status in REFUSING:
            return Told(REFUSED, problem=f"HTTP {reply.status} {_said(reply, 'title')}".strip())
        if not reply.answered or reply.status >= 300:
            why = reply.problem or f"HTTP {reply.status}"
            return Told(SILENT, problem=why, again_after=reply.retry_after or 0.0)
        if _said(reply, "result") != "accepted":
            return Told(SILENT, problem="平台的答复无法读取")
        return Told(TAKEN, _said(reply, "receipt_number")[:100])

    def close(self) -> None:
        self._client.close()


def _said(reply: Reply, name: str) -> str:
    try:
        document = json.loads(reply.body)
    except (ValueError, RecursionError):
        return ""
    value = document.get(name) if isinstance(document, dict) else None
    return value[:200] if isinstance(value, str) else ""


def open_posts(catalogue: Mapping[str, Profile], means: Means) -> dict[str, Post]:
    """By platform, where outcomes are sent to it."""
    found: dict[str, Post] = {}
    for profile in catalogue.values():
        way = profile.answers
        if way.by != "http":
            continue
        timeout = profile.transport.timeout_seconds
        endpoint = way.endpoint or profile.transport.endpoint
        key, algorithm = key_of(profile, means, way.key), profile.signature
        client = HttpClient(means.runner, endpoint, key, means.clock, 1, timeout, algorithm)
        found[profile.id] = HttpPost(client, way.path)
    return found
