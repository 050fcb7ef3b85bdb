"""Asking the rules: lists on a day, measures, domains, duties of cases."""

from services.blacklist.rules.queries.catalogue import (
    action_codes,
    all_lists,
    all_measures,
    all_organs,
    domain,
    duty_terms,
    editions_of_measures,
    expiry_keys,
    known_list,
    list_rule,
    list_rule_version,
    measure,
    measure_names,
    measures_version,
    rules_folder,
    trade_domains,
    use_rules,
)
from services.blacklist.rules.queries.checking import check_additions, check_catalogue
from services.blacklist.rules.queries.duties import duties_of, open_duties

__all__ = [
    "action_codes",
    "all_lists",
    "all_measures",
    "all_organs",
    "check_additions",
    "check_catalogue",
    "domain",
    "duties_of",
    "duty_terms",
    "editions_of_measures",
    "expiry_keys",
    "known_list",
    "list_rule",
    "list_rule_version",
    "measure",
    "measure_names",
    "measures_version",
    "open_duties",
    "rules_folder",
    "trade_domains",
    "use_rules",
]
