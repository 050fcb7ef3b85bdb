"""Where a decision of the ledger stands: public in time or late, explained, still in time, or concealed."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from services.blacklist.supervision.domain.rates import Rate

ON_TIME, LATE, EXPLAINED, PENDING, CONCEALED = "on-time", "late", "explained", "pending", "concealed"
STATUS_NAMES = {
    ON_TIME: "按期公开",
    LATE: "逾期公开",
    EXPLAINED: "已说明不公开",
    PENDING: "公开期限内",
    CONCEALED: "逾期未公开",
}
PENALTY = "penalty-decision"
REASONS = {"not-public": "依法不予公开", "withdrawn-number": "文号作废或者撤回", "other": "其他"}


def decision_status(*, due: date, published_on: date | None, explained: bool, today: date) -> str:
    """Publication counts before any explanation; a decision is concealed from the day after its term."""
    if published_on is not None:
        return ON_TIME if published_on <= due else LATE
    if explained:
        return EXPLAINED
    return PENDING if today <= due else CONCEALED


@dataclass(frozen=True)
class Compliance:
    """A department's ledger in figures. What is still in time is in no rate."""

    counts: dict[str, int]

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def concealment(self) -> Rate:
        """瞒报率: concealed among those that had to be public by now."""
        return Rate(self._of(CONCEALED), self._of(ON_TIME, LATE, CONCEALED))

    @property
    def lateness(self) -> Rate:
        """迟报率: published after the term among the published."""
        return Rate(self._of(LATE), self._of(ON_TIME, LATE))

    @property
    def compliance(self) -> Rate:
        """合规率: published in time or explained, among all whose term is over or met."""
        return Rate(self._of(ON_TIME, EXPLAINED), self._of(ON_TIME, EXPLAINED, LATE, CONCEALED))

    def _of(self, *names: str) -> int:
        return sum(self.counts.get(name, 0) for name in names)


def compliance_of(statuses: Iterable[str]) -> Compliance:
    counted = Counter(statuses)
    return Compliance({name: counted.get(name, 0) for name in STATUS_NAMES})
