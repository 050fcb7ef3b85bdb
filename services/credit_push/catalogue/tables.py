"""`[record.tables]`: an exchange database is of use only where every record routed there has its table."""

import re
from collections.abc import Iterator

from services.credit_push.catalogue.profile import ANY, Profile

LAYOUT_OF = {
    "penalty_organization": "penalty_2018",
    "penalty_individual": "penalty_2018",
    "blacklist_org": "blacklist_org",
    "blacklist_person": "blacklist_person",
    "trade_v2": "trade_v2",
}
"""What a profile names tables for, and the layout of each."""
_NAME = re.compile(r"[^\W\d]\w{0,62}")
Wrong = tuple[str, str]


def table_faults(profile: Profile) -> Iterator[Wrong]:
    """Field and message of everything wrong with the tables a profile names, or does not name."""
    tables = profile.record.tables
    if profile.transport.kind != "exchange_db":
        if tables:
            yield "record.tables", "只有前置库（exchange_db）平台写明表名"
        return
    for kind in sorted(_needed(profile) - set(tables)):
        yield "record.tables", f"前置库平台缺少 {kind} 的表名，这类记录将无处写入"
    for kind, name in tables.items():
        if kind not in LAYOUT_OF:
            yield f"record.tables.{kind}", f"应为 {'、'.join(LAYOUT_OF)} 之一"
        elif not _NAME.fullmatch(name):
            yield f"record.tables.{kind}", "表名应以字母开头，只含字母、数字和下划线，不超过 63 个字符"
        elif list(tables.values()).count(name) > 1:
            yield f"record.tables.{kind}", f"表 {name} 只能用于一类记录"


def _needed(profile: Profile) -> set[str]:
    """The kinds of record that are routed there."""
    takes, layout = profile.takes, profile.record.format
    both = ANY in takes.subject_types
    organizations, persons = (both or kind in takes.subject_types for kind in ("organization", "individual"))
    penalties = layout == "penalty_2018" or (bool(profile.record.penalty_classes) and layout == "by-class")
    listed = layout == "by-class" and not set(takes.list_classes) <= set(profile.record.penalty_classes)
    wanted = {
        "penalty_organization": penalties and organizations,
        "penalty_individual": penalties and persons,
        "blacklist_org": listed and organizations,
        "blacklist_person": listed and persons,
        "trade_v2": layout == "trade_v2",
    }
    return {kind for kind, needed in wanted.items() if needed}
