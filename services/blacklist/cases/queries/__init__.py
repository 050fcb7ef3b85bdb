"""Reading cases: who may see which, where a case stands, and how it is shown."""

from services.blacklist.cases.queries.finding import (
    case_to_act_on,
    cases_to_act_on,
    find_case,
    list_cases,
    visible_to,
)
from services.blacklist.cases.queries.standing import open_overlays, standing_of
from services.blacklist.cases.queries.views import case_view, case_views

__all__ = [
    "case_to_act_on",
    "case_view",
    "case_views",
    "cases_to_act_on",
    "find_case",
    "list_cases",
    "open_overlays",
    "standing_of",
    "visible_to",
]
