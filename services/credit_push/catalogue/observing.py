"""`[observation]`: where a platform can be asked what its public site shows, and how often."""

from services.credit_push.catalogue.document import Document
from services.credit_push.catalogue.profile import Asking


def read_asking(doc: Document) -> Asking:
    """The table of a profile, with every problem noted."""
    asking = Asking(
        endpoint=doc.place("observation.endpoint"),
        key=doc.word("observation.key", "") or doc.word("transport.key", ""),
        rows_per_request=int(doc.number("observation.rows_per_request", 1, 500, Asking.rows_per_request)),
        requests_per_minute=doc.number(
            "observation.requests_per_minute", 0.01, 60_000, Asking.requests_per_minute
        ),
        pause_seconds=doc.numbers("observation.pause_seconds", list(Asking.pause_seconds)),
        settle_hours=doc.number("observation.settle_hours", 0.1, 8760, Asking.settle_hours),
        relay_hours=doc.number("observation.relay_hours", 0.1, 8760, Asking.relay_hours),
    )
    if asking.endpoint and not asking.key:
        doc.note("observation.key", "查询地址需要密钥")
    return asking
