"""What a use case may use of the outside, handed to it by `app` and `worker`."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from services.credit_push.catalogue import Profile
from services.credit_push.usecases.recent import RecentVersions
from shared.calendar import WorkingCalendar
from shared.clock import Clock
from shared.crypto import KeyRing
from shared.db import Database
from shared.platform_keys import PlatformKey


@dataclass(frozen=True)
class Deps:
    """The service's means."""

    db: Database
    clock: Clock
    keyring: KeyRing
    calendar: WorkingCalendar
    catalogue: Mapping[str, Profile]
    keys: Mapping[str, PlatformKey] = field(default_factory=dict, repr=False)
    recent: RecentVersions = field(default_factory=RecentVersions, repr=False)
