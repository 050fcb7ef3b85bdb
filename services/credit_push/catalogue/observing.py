"""`[observation]`: where a platform can be asked what its public site shows, and how often."""

from typing import Protocol

from services.credit_push.catalogue.profile import Asking


class Reads(Protocol):
    """The part of a profile's reader that is used here."""

    def place(self, field: str) -> str: ...

    def word(self, field: str, default: str | None = None) -> str: ...

    def number(self, field: str, low: float, high: float, default: float | None = None) -> float: ...

    def numbers(self, field: str, default: list[float] | None = None) -> tuple[float, ...]: ...

    def note(self, field: str, message: str) -> None: ...


def read_asking(doc: Reads) -> Asking:
    """The table of a profile, with every problem noted."""
    asking = Asking(
        endpoint=doc.place("observation.endpoint"),
        key=doc.word("observation.key", "") or doc.word("transport.key", ""),
        rows_per_request=int(doc.number("observation.rows_per_request", 1, 500, Asking.rows_per_request)),
        requests_per_minute=doc.number(
            "observation.requests_per_minute", 0.01, 60_000, Asking.requests_per_minute
        ),
        pause_seconds=doc.numbers("observation.pause_seconds", list(Asking.pause_seconds)),
    )
    if asking.endpoint and not asking.key:
        doc.note("observation.key", "查询地址需要密钥")
    return asking
