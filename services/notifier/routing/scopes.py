"""Which matters a receiver or an added route is for: fields, regions, lists, severities; empty means all.

A receiver's filter lets pass what it cannot judge; a route that widens the circle takes only what is certain.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from services.notifier.domain import SEVERITIES, SEVERITY_NAMES
from services.notifier.routing.enforcement import FIELDS
from shared.errors import FieldError
from shared.regions import full_name, is_known, within

MOST_EACH = 50
LIST_CODE = r"[a-z][a-z0-9-]{0,63}"
KINDS = ("domains", "regions", "lists", "severities")


@dataclass(frozen=True)
class Matter:
    """What a message is about, as far as its event says so."""

    region: str | None = None
    domain: str | None = None
    list_code: str | None = None
    severity: str = "info"


@dataclass(frozen=True)
class Scope:
    """What is wanted of each kind; within a region counts as in it."""

    domains: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    severities: tuple[str, ...] = ()

    @classmethod
    def read(cls, stored: Mapping[str, Any] | None) -> Self:
        return cls(**{kind: tuple((stored or {}).get(kind) or ()) for kind in KINDS})

    def stored(self) -> dict[str, list[str]]:
        """As it is kept and shown: every kind, sorted, each once."""
        return {kind: sorted(set(getattr(self, kind))) for kind in KINDS}

    def admits(self, matter: Matter, *, surely: bool = False) -> bool:
        """Whether such a matter passes; what the event does not say passes unless it must be certain."""
        judged = (
            (self.domains, matter.domain, _equal),
            (self.regions, matter.region, within),
            (self.lists, matter.list_code, _equal),
            (self.severities, matter.severity, _equal),
        )
        return all(
            not wanted or (not surely if value is None else any(fits(value, each) for each in wanted))
            for wanted, value, fits in judged
        )

    def wrong(self) -> list[FieldError]:
        """What of it could never match, by field."""
        return [
            *_unknown("domains", self.domains, FIELDS, "没有这个领域，请从清单中选择。"),
            *_unknown("severities", self.severities, SEVERITIES, "没有这个程度，请从清单中选择。"),
            *(
                FieldError(f"/scope/regions/{at}", "应为六位行政区划代码。")
                for at, code in enumerate(self.regions)
                if not is_known(code)
            ),
        ]


def _equal(value: str, wanted: str) -> bool:
    return value == wanted


def _unknown(
    kind: str, given: Sequence[str], known: Mapping[str, str] | Sequence[str], told: str
) -> list[FieldError]:
    return [FieldError(f"/scope/{kind}/{at}", told) for at, each in enumerate(given) if each not in known]


def in_words(scope: Scope) -> str:
    """For pages: what a filter lets through, or nothing where it lets everything through."""
    parts = [
        ("领域", [FIELDS.get(each, each) for each in scope.domains]),
        ("地区", [full_name(each) if is_known(each) else each for each in scope.regions]),
        ("名单", list(scope.lists)),
        ("程度", [SEVERITY_NAMES.get(each, each) for each in scope.severities]),
    ]
    return "；".join(f"{name}：{'、'.join(values)}" for name, values in parts if values)
