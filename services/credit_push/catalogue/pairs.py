"""Which formats a way to a platform can carry: others fail at the first record, or go as another one."""

from services.credit_push.catalogue.profile import TransportSpec

CARRIED = {
    "http json": ("canonical",),
    "http xml": ("trade_v2",),
    "exchange_db": ("by-class", "penalty_2018", "trade_v2"),
    "packet": ("by-class", "penalty_2018"),
    "kafka": ("canonical",),
    "manual": ("procurement_sheet",),
    "pull": ("canonical", "trade_v2", "penalty_2018", "by-class", "procurement_sheet"),
    "observed": ("none",),
}
"""By kind of transport, of http by protocol too; who comes for events itself is sent no record."""
KNOWN = frozenset(layout for carried in CARRIED.values() for layout in carried)


def misfit(spec: TransportSpec, layout: str) -> str:
    """Why this format cannot go this way; empty where it can, or one of the two is no word we know."""
    way = f"http {spec.protocol}" if spec.kind == "http" else spec.kind
    carried = CARRIED.get(way)
    if carried is None or layout in carried or layout not in KNOWN:
        return ""
    return f"传输方式 {way} 不能传送 {layout} 格式，可用的格式：{'、'.join(carried)}"
