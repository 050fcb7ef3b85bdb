"""Routes that departments add for themselves. They only widen the circle: none can lower a floor."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from services.notifier.domain import Happening, Recipient
from services.notifier.routing.enforcement import CAUSES
from services.notifier.routing.scopes import Matter, Scope

OWN, OTHERS = "own", "others"
SOURCES = {OWN: "本部门的事项", OTHERS: "其他部门已公示的事项"}
SHOWN = ("case.published", "case.corrected", "case.annotated")
PUBLIC = frozenset({*SHOWN, *CAUSES})
"""What another department may be told of: what everybody could see on the public pages, and that it ended."""


@dataclass(frozen=True)
class Added:
    """One of them, as the routing needs it."""

    department_id: str
    source: str
    event_types: Sequence[str]
    scope: Scope
    roles: frozenset[str]

    def wants(self, happening: Happening, matter: Matter, concerned: str | None) -> bool:
        if self.event_types and not any(fnmatchcase(happening.type, each) for each in self.event_types):
            return False
        if not self.scope.admits(matter, surely=True):
            return False
        if self.source == OWN:
            return self.department_id == concerned
        elsewhere = self.department_id != concerned
        return elsewhere and happening.of_organization and happening.type in PUBLIC


def widen(
    told: Iterable[Recipient],
    added: Iterable[Added],
    happening: Happening,
    matter: Matter,
    concerned: str | None,
) -> list[Recipient]:
    """The recipients, and those who asked to hear of such matters too."""
    meant = {each.department_id: each for each in told}
    for each in added:
        if each.wants(happening, matter, concerned):
            before = meant.get(each.department_id) or Recipient(each.department_id, frozenset())
            more = before.added | (each.roles - before.roles)
            meant[each.department_id] = Recipient(each.department_id, before.roles | each.roles, more)
    return [meant[key] for key in sorted(meant)]
