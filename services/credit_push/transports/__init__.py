"""Ways to a platform, one file each. `open_transports` gives every pushed platform its own."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from services.credit_push.catalogue import Profile
from services.credit_push.transports.base import Timing, Transport
from services.credit_push.transports.drops import Drop, LocalDrop
from services.credit_push.transports.exchange_db import ExchangeDb
from services.credit_push.transports.http import HttpClient
from services.credit_push.transports.http_json import HttpJson
from services.credit_push.transports.http_xml import HttpXml
from services.credit_push.transports.manual import Manual
from services.credit_push.transports.mirror import Mirror, Recipients
from services.credit_push.transports.packet import Packets
from services.credit_push.transports.pull import Pull
from shared.http import can_sign
from shared.platform_keys import PlatformKey
from shared.wire import AsyncRunner

__all__ = [
    "KINDS",
    "AsyncRunner",
    "Means",
    "Transport",
    "drop_of",
    "key_of",
    "open_transport",
    "open_transports",
]


LOOK_EVERY = 10.0
"""Seconds between two looks for feedback at a place that is not a folder of ours, at most."""


@dataclass(frozen=True)
class Means:
    """What transports are built with."""

    clock: Timing
    keys: Mapping[str, PlatformKey]
    runner: AsyncRunner
    sender: str
    recipients: Recipients = lambda _platform: ()


def _client(profile: Profile, means: Means, endpoint: str) -> HttpClient:
    spec = profile.transport
    key = key_of(profile, means, spec.key)
    return HttpClient(
        means.runner, endpoint, key, means.clock, spec.in_flight, spec.timeout_seconds, profile.signature
    )


def key_of(profile: Profile, means: Means, reference: str) -> PlatformKey:
    """A key the profile names; LookupError where there is none, or none for its way of signing."""
    if reference not in means.keys:
        raise LookupError(f"{profile.id}: no key {reference}")
    key = means.keys[reference]
    if not can_sign(profile.signature, key.secret):
        raise LookupError(f"{profile.id}: {reference} cannot be used for {profile.signature}")
    return key


def _http(profile: Profile, means: Means) -> Transport:
    client = _client(profile, means, profile.transport.endpoint)
    if profile.transport.protocol == "xml":
        return HttpXml(client, means.clock, means.sender)
    later = profile.receipts.by == "callback"
    return HttpJson(client, means.clock, means.sender, profile.transport.rows_per_request, later=later)


def drop_of(profile: Profile, means: Means) -> Drop:
    """Where a platform's packets lie; LookupError where a key is missing."""
    spec = profile.transport
    if not spec.directory.startswith("sftp:"):
        return LocalDrop(Path(spec.directory))
    from services.credit_push.transports.sftp import Place, SftpDrop  # a second of CPU where nobody needs it

    for reference in (spec.key, spec.host_key):
        if reference not in means.keys:
            raise LookupError(f"{profile.id}: no key {reference}")
    return SftpDrop(
        means.runner,
        Place.read(spec.directory),
        means.keys[spec.key],
        means.keys[spec.host_key].secret,
        seconds=spec.timeout_seconds,
        every=min(LOOK_EVERY, profile.receipts.wait_seconds / 2),
    )


def _manual(profile: Profile, means: Means) -> Transport:
    where = profile.transport.ledger
    return Manual(profile, _client(profile, means, where) if where else None)


def _mirror(profile: Profile, means: Means) -> Transport:
    key = profile.transport.key
    if key and key not in means.keys:
        raise LookupError(f"{profile.id}: no key {key}")
    return Mirror(profile, means.keys[key] if key else None, means.recipients)


KINDS: dict[str, Callable[[Profile, Means], Transport]] = {
    "http": _http,
    "exchange_db": lambda profile, means: ExchangeDb(profile, means.clock),
    "packet": lambda profile, means: Packets(profile, drop_of(profile, means), means.clock, means.sender),
    "kafka": _mirror,
    "manual": _manual,
    "pull": lambda _profile, _means: Pull(),
}


def open_transport(profile: Profile, means: Means) -> Transport:
    """The transport of one pushed platform; connects only when used."""
    return KINDS[profile.transport.kind](profile, means)


def open_transports(catalogue: Mapping[str, Profile], means: Means) -> dict[str, Transport]:
    """Transports by platform id, for every platform that is pushed."""
    return {profile.id: open_transport(profile, means) for profile in catalogue.values() if profile.pushed}
