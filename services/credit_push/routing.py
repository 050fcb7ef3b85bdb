"""Which platforms get a listing: region × domain × list class × subject type × level of the department.

A platform reached by relay is never pushed; the chain of hops above a platform is only observed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from services.credit_push.catalogue import Profile, Takes
from shared.regions import is_known, region, within

NATION = "000000"


@dataclass(frozen=True)
class Facts:
    """What routing looks at. `department_level` is the publishing department's level where it is known."""

    region: str
    domain: str
    list_class: str
    subject_type: str
    department_level: str | None = None


def level_of(facts: Facts) -> str:
    """The department's level, else the level of the listing's region."""
    if facts.department_level:
        return facts.department_level
    return str(region(facts.region).level) if is_known(facts.region) else ""


def takes(rule: Takes, facts: Facts) -> bool:
    """Whether a platform's rule takes a listing."""
    return (
        any(within(facts.region, code) for code in rule.regions)
        and _admits(rule.domains, facts.domain)
        and _admits(rule.list_classes, facts.list_class)
        and _admits(rule.subject_types, facts.subject_type)
        and _admits(rule.department_levels, level_of(facts))
    )


def _admits(allowed: Iterable[str], value: str) -> bool:
    return any(item in ("*", value) for item in allowed)


def route(catalogue: Mapping[str, Profile], facts: Facts) -> list[Profile]:
    """The platforms that are pushed this listing, in catalogue order."""
    return [profile for profile in catalogue.values() if profile.pushed and takes(profile.takes, facts)]


def relay_chain(catalogue: Mapping[str, Profile], platform: str) -> list[Profile]:
    """The hops above a platform that it relays to, nearest first."""
    chain: list[Profile] = []
    following = catalogue[platform].relay_to
    while following in catalogue and catalogue[following] not in chain:
        chain.append(catalogue[following])
        following = catalogue[following].relay_to
    return chain
