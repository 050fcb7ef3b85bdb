"""年度报告的公布 (R64, R65): who owes it by which day, and what may be done with it."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path

from shared.clock import SHANGHAI

DATA = Path(__file__).parents[1] / "data"
ANNUAL_DUTY = "publish-annual-report"
OWED, PROPOSED, PUBLISHED = "owed", "proposed", "published"
STATES: Mapping[str, str] = {OWED: "待公布", PROPOSED: "待审批", PUBLISHED: "已公布"}


@dataclass(frozen=True)
class AnnualRule:
    """By whom and by which day of the next year, with the law."""

    version: str
    valid_from: date
    organs: tuple[str, ...]
    month: int
    day: int
    soon_days: int
    basis: str
    source: str
    status: str

    def due_at(self, year: int) -> datetime:
        """The last instant of the day, in the year after the one reported on."""
        end = datetime(year + 1, self.month, self.day, 23, 59, 59, tzinfo=SHANGHAI)
        return end.astimezone(UTC)

    def soon_at(self, year: int) -> datetime:
        return self.due_at(year) - timedelta(days=self.soon_days)

    def owed_from(self, year: int) -> datetime:
        """The first instant after the year."""
        return datetime(year + 1, 1, 1, tzinfo=SHANGHAI).astimezone(UTC)


@cache
def annual_rule() -> AnnualRule:
    content = tomllib.loads((DATA / "annual.toml").read_text("utf-8"))
    return AnnualRule(**{**content, "organs": tuple(content["organs"])})
