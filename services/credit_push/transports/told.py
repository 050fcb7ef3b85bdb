"""The port by which a platform is told what became of a request it brought."""

from dataclasses import dataclass
from typing import Protocol

from services.credit_push.transports.base import Preview

TAKEN, REFUSED, SILENT, LAID = "taken", "refused", "silent", "laid"


@dataclass(frozen=True)
class Told:
    """What the platform said: taken, refused for good, nothing that could be read; or laid down for it to
    take, its answer to be looked for later.
    """

    result: str
    receipt_number: str = ""
    problem: str = ""
    again_after: float = 0.0


class Post(Protocol):
    """Where outcomes go."""

    def tell(self, body: bytes) -> Told:
        """Send one, or look what became of it; never raises for what network or platform do."""
        ...

    def preview(self, body: bytes) -> Preview:
        """What `tell` would send; nothing leaves the house."""
        ...

    def close(self) -> None: ...


WAITS = "等待平台反馈"
"""Beside what is laid down."""
