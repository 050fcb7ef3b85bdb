"""Optimistic versions: who acts on an outdated view is told the current version and nothing changes."""

from services.blacklist.cases.models import Case
from shared.errors import Conflict


def require_version(case: Case, version: int) -> None:
    if case.version != version:
        raise Conflict(
            "stale-version",
            "案件已被他人更新",
            f"您看到的是第 {version} 版，当前为第 {case.version} 版，请刷新后再办理。",
            current_version=case.version,
            state=case.state,
        )
