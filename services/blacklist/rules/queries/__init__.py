"""Asking the rules: lists on a day, measures, domains, duties of cases."""

from services.blacklist.rules.queries.catalogue import (
    all_lists,
    all_measures,
    all_organs,
    domain,
    list_rule,
    measure,
    trade_domains,
)
from services.blacklist.rules.queries.checking import check_catalogue
from services.blacklist.rules.queries.duties import duties_of, open_duties

__all__ = [
    "all_lists",
    "all_measures",
    "all_organs",
    "check_catalogue",
    "domain",
    "duties_of",
    "list_rule",
    "measure",
    "open_duties",
    "trade_domains",
]
