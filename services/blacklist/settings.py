"""What the blacklist service reads from its environment; only `app` and `__main__` see it."""

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from services.blacklist.store import LookupLimits
from shared.settings import CommonSettings, SettingsError, read_common, read_count
from shared.tlog.notes import is_name
from shared.web.site import Site, read_site

NAME = "blacklist"
TITLE = "公共资源配置领域信用黑名单"


@dataclass(frozen=True)
class Settings:
    """The common settings, this process's name in leases, and what the site says of itself."""

    common: CommonSettings
    holder: str
    lookups: LookupLimits
    site: Site
    log_origin: str
    """The transparency log's name: what its checkpoints and keys are known by, never to be changed."""
    audit_heads: Path
    """Where the audit trail's signed heads are appended; best on another machine's disk."""


def read_settings(env: Mapping[str, str]) -> Settings:
    site, common = read_site(env), read_common(env, service=NAME)
    return Settings(
        common=common,
        holder=f"{socket.gethostname()}:{os.getpid()}",
        lookups=LookupLimits(
            read_count(env, "PERSON_LOOKUPS_PER_ADDRESS", LookupLimits.per_address),
            read_count(env, "PERSON_LOOKUPS_OVERALL", LookupLimits.overall),
        ),
        site=site,
        log_origin=_origin(env, site),
        audit_heads=Path(env.get("AUDIT_HEADS_FILE", "").strip() or common.data_dir / "audit-heads.jsonl"),
    )


def _origin(env: Mapping[str, str], site: Site) -> str:
    origin = env.get("LOG_ORIGIN", "").strip() or f"{site.domain}/log"
    if not is_name(origin):
        raise SettingsError(
            "LOG_ORIGIN must be a name without blanks and plus signs, such as credit.example/log"
        )
    return origin
