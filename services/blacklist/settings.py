"""What the blacklist service reads from its environment; only `app` and `__main__` see it."""

import os
import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from services.blacklist.store import LookupLimits
from shared.settings import CommonSettings, SettingsError, read_common, read_count
from shared.tlog.notes import is_name
from shared.web.place import read_address
from shared.web.site import Site, read_site

NAME = "blacklist"
_SOURCES = re.compile(
    r"(?:'self'|'none'|\*|https?://[A-Za-z0-9.*:-]+)(?: (?:'self'|https?://[A-Za-z0-9.*:-]+))*"
)
TITLE = "公共资源配置领域信用黑名单"


@dataclass(frozen=True)
class PublicSide:
    """The public read process and what outsiders may do with its answers."""

    db_url: str
    role: str
    """The database role the projection is granted to; empty where there is none."""
    per_address: int
    cache_seconds: int
    embed_ancestors: str
    """Sources that may frame the column, as in a content policy."""


@dataclass(frozen=True)
class Settings:
    """The common settings, this process's name in leases, and what the site says of itself."""

    common: CommonSettings
    holder: str
    lookups: LookupLimits
    site: Site
    address: str
    """Where the site is found from outside; what every paper, feed and message names."""
    log_origin: str
    """The transparency log's name: what its checkpoints and keys are known by, never to be changed."""
    audit_heads: Path
    """Where the audit trail's signed heads are appended; best on another machine's disk."""
    public: PublicSide
    tender_keep_days: int
    data_user_hours: int
    feed_keep_days: int


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
        address=read_address(env, production=common.production),
        log_origin=_origin(env, site),
        audit_heads=Path(env.get("AUDIT_HEADS_FILE", "").strip() or common.data_dir / "audit-heads.jsonl"),
        public=_public_side(env, common),
        tender_keep_days=read_count(env, "TENDER_KEEP_DAYS", 365),
        feed_keep_days=read_count(env, "FEED_KEEP_DAYS", 400),
        data_user_hours=read_count(env, "DATA_USER_OVERDUE_HOURS", 24),
    )


def _public_side(env: Mapping[str, str], common: CommonSettings) -> PublicSide:
    ancestors = env.get("EMBED_ANCESTORS", "").strip() or "'self'"
    if not _SOURCES.fullmatch(ancestors):
        raise SettingsError("EMBED_ANCESTORS must be addresses such as https://www.example.gov.cn by blanks")
    return PublicSide(
        db_url=env.get("PUBLIC_DB_URL", "").strip() or common.db_url,
        role=env.get("PUBLIC_DB_ROLE", "").strip(),
        per_address=read_count(env, "PUBLIC_REQUESTS_PER_ADDRESS", 60_000),
        cache_seconds=read_count(env, "PUBLIC_CACHE_SECONDS", 1) if env.get("PUBLIC_CACHE_SECONDS") else 0,
        embed_ancestors=ancestors,
    )


def _origin(env: Mapping[str, str], site: Site) -> str:
    origin = env.get("LOG_ORIGIN", "").strip() or f"{site.domain}/log"
    if not is_name(origin):
        raise SettingsError(
            "LOG_ORIGIN must be a name without blanks and plus signs, such as credit.example/log"
        )
    return origin
