"""Which formats a way to a platform can carry: others fail at the first record, or go as another one."""

import re
from collections.abc import Iterator, Mapping

from services.credit_push.catalogue.profile import TransportSpec

CARRIED = {
    "http json": ("canonical",),
    "http xml": ("trade_v2",),
    "exchange_db": ("by-class", "penalty_2018", "trade_v2"),
    "packet xlsx": ("by-class", "penalty_2018"),
    "packet csv": ("by-class", "penalty_2018"),
    "packet xml": ("canonical", "by-class", "penalty_2018"),
    "packet json": ("canonical", "by-class", "penalty_2018"),
    "kafka": ("canonical",),
    "manual": ("procurement_sheet", "penalty_2018"),
    "pull": ("canonical", "trade_v2", "penalty_2018", "by-class", "procurement_sheet"),
    "observed": ("none",),
}
"""By kind of transport, of http by protocol too, of packets by file; a sheet holds no lists of measures, so
no canonical record. Who comes for events itself is sent no record."""
_ELEMENT = re.compile(r"[^\W\d][\w.-]*")
KNOWN = frozenset(layout for carried in CARRIED.values() for layout in carried)


def misfit(spec: TransportSpec, layout: str) -> str:
    """Why this format cannot go this way; empty where it can, or one of the two is no word we know."""
    variant = {"http": spec.protocol, "packet": spec.file}.get(spec.kind, "")
    way = f"{spec.kind} {variant}".strip()
    carried = CARRIED.get(way)
    if carried is None or layout in carried or layout not in KNOWN:
        return ""
    return f"传输方式 {way} 不能传送 {layout} 格式，可用的格式：{'、'.join(carried)}"


def unwritable(spec: TransportSpec, columns: Mapping[str, str]) -> Iterator[str]:
    """Standard columns whose own names cannot be elements of an XML packet."""
    if spec.kind == "packet" and spec.file == "xml":
        yield from (code for code, name in columns.items() if not _ELEMENT.fullmatch(name))
