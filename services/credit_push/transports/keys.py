"""Secrets shared with platforms; a profile names one as `sandbox:<platform>` (they lie in its folder)."""

import json
import os
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class PlatformKey:
    """Key id and secret of one platform."""

    key_id: str
    secret: bytes = field(repr=False)


def load_sandbox_keys(folder: Path, platforms: Iterable[str]) -> dict[str, PlatformKey]:
    """The sandbox's keys by reference, made first if need be; safe when several processes start at once."""
    path = folder / "keys.json"
    if not path.exists():
        _create(path, platforms)
    content: Mapping[str, Mapping[str, str]] = json.loads(path.read_text("utf-8"))
    return {
        f"sandbox:{platform}": PlatformKey(entry["key_id"], entry["secret"].encode())
        for platform, entry in content.items()
    }


def _create(path: Path, platforms: Iterable[str]) -> None:
    content = {
        platform: {"key_id": f"{platform}-1", "secret": secrets.token_urlsafe(32)} for platform in platforms
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"keys.{os.getpid()}.{secrets.token_hex(4)}.new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as out:
        json.dump(content, out, indent=1)
    try:
        os.link(fresh, path)
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
