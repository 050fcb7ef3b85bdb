"""Which platforms are played here and how each is spoken to (data/platforms.toml)."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shared.regions import NATION

_DATA = Path(__file__).parent / "data" / "platforms.toml"
TRANSPORT_NAMES = {
    "json": "HTTP 接口（JSON）",
    "xml": "HTTP 接口（XML 报文）",
    "packet": "数据包文件",
    "exchange_db": "前置库",
    "topic": "消息主题（镜像）",
    "manual": "人工报送",
    "observed": "仅观察（下级转送）",
}


@dataclass(frozen=True)
class Platform:
    """One stand-in. `tables` maps exchange tables to layouts; `domains` is a code set or one domain."""

    id: str
    name: str
    transport: str
    region: str
    receipts: str
    layouts: tuple[str, ...] = ()
    domains: str = ""
    file: str = ""
    tables: tuple[tuple[str, str], ...] = ()
    relayed_by: tuple[str, ...] = ()
    """Platforms below that pass on to it what they hold."""
    files_requests: bool = False
    """Whether parties file objections and repairs here."""
    signature: str = "hmac-sha256"
    """How requests are signed in both directions: hmac-sha256, hmac-sm3 or sm2."""
    reports_display: bool = False
    """Whether its receipts say since when its site shows the record, or no longer does."""

    @property
    def topic(self) -> str:
        """Its own topic, where it reads one."""
        return f"platform.{self.id}.v1"

    @property
    def receipts_topic(self) -> str:
        """Where it writes its receipts then."""
        return f"platform.{self.id}.receipts.v1"

    @property
    def everywhere(self) -> bool:
        """Whether records of any region are taken."""
        return self.region == NATION

    @property
    def transport_name(self) -> str:
        """For the pages."""
        return TRANSPORT_NAMES[self.transport]


def _platform(name: str, entry: dict[str, Any]) -> Platform:
    tables = tuple(entry.pop("tables", {}).items())
    layouts, below = tuple(entry.pop("layouts", ())), tuple(entry.pop("relayed_by", ()))
    return Platform(id=name, layouts=layouts, tables=tables, relayed_by=below, **entry)


PLATFORMS: dict[str, Platform] = {
    name: _platform(name, entry) for name, entry in tomllib.loads(_DATA.read_text("utf-8")).items()
}


def played_by(transport: str) -> list[Platform]:
    """The platforms reached by one kind of transport."""
    return [platform for platform in PLATFORMS.values() if platform.transport == transport]
