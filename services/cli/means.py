"""A service's means for a command, on a database that stands as this code expects it; none is made."""

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from services.blacklist.store import Deps as BlacklistDeps
    from services.credit_push.usecases import Deps as PushDeps
    from shared.crypto import KeyRing


def blacklist_means() -> "BlacklistDeps":
    """The register's; imported here, so that help needs no service."""
    from services.blacklist.app import open_deps
    from services.blacklist.settings import read_settings
    from shared.db.readiness import require_migrated

    settings = read_settings(os.environ)
    require_migrated(settings.common.db_url, "services.blacklist", "blacklist migrate")
    return open_deps(settings)


def own_keys() -> "KeyRing":
    """The installation's key ring, which needs no database."""
    from services.blacklist.settings import read_settings
    from shared.crypto import KeyRing

    common = read_settings(os.environ).common
    return KeyRing.load_or_create(common.keys_file, suite=common.crypto_suite)


def push_means() -> "PushDeps":
    """The push side's."""
    from services.credit_push.app import open_deps
    from services.credit_push.settings import read_settings
    from shared.db.readiness import require_migrated

    settings = read_settings(os.environ)
    require_migrated(settings.common.db_url, "services.credit_push", "credit-push migrate")
    return open_deps(settings)
