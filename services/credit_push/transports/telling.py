"""Telling a platform what became of a request it brought: by signed message, packet, or row of a table."""

import json
from collections.abc import Mapping
from dataclasses import replace

from services.credit_push.catalogue import Profile
from services.credit_push.transports import Means, drop_of, key_of
from services.credit_push.transports.base import Preview
from services.credit_push.transports.http import REFUSING, HttpClient, Reply, Request
from services.credit_push.transports.telling_packets import PacketPost
from services.credit_push.transports.telling_tables import TablePost
from services.credit_push.transports.told import REFUSED, SILENT, TAKEN, Post, Told


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

    def preview(self, body: bytes) -> Preview:
        return self._client.preview(Request("POST", self._path, body, "application/json"))

    def close(self) -> None:
        self._client.close()


def _said(reply: Reply, name: str) -> str:
    try:
        document = json.loads(reply.body)
    except (ValueError, RecursionError):
        return ""
    value = document.get(name) if isinstance(document, dict) else None
    return value[:200] if isinstance(value, str) else ""


def open_post(profile: Profile, means: Means) -> Post | None:
    """Where outcomes are sent to this platform; None where a person or nobody tells it."""
    way = profile.answers
    if way.by == "http":
        return HttpPost(_client(profile, means), way.path)
    if way.by == "packet":
        directory = way.directory or profile.transport.directory
        spec = replace(profile.transport, directory=directory, key=way.key)
        file, drop = way.file or profile.transport.file, drop_of(replace(profile, transport=spec), means)
        wait = profile.receipts.wait_seconds
        return PacketPost(drop, file, way.columns, means, wait)
    if way.by == "exchange_db":
        database = way.database or profile.transport.database
        return TablePost(database, way.table, way.columns, means.clock)
    return None


def _client(profile: Profile, means: Means) -> HttpClient:
    way, timeout = profile.answers, profile.transport.timeout_seconds
    endpoint = way.endpoint or profile.transport.endpoint
    key = key_of(profile, means, way.key)
    return HttpClient(means.runner, endpoint, key, means.clock, 1, timeout, profile.signature)


def open_posts(catalogue: Mapping[str, Profile], means: Means) -> dict[str, Post]:
    """By platform, where outcomes are sent to it."""
    opened = {profile.id: open_post(profile, means) for profile in catalogue.values()}
    return {name: post for name, post in opened.items() if post is not None}
