"""Who gets a listing: the expected routes of the platforms' table, and what relay means."""

import pytest

from services.credit_push.catalogue import SAMPLE_VALUES, load_catalogue
from services.credit_push.routing import Facts, relay_chain, route

CATALOGUE = load_catalogue(SAMPLE_VALUES)


def routes(
    region: str,
    domain: str,
    list_class: str = "industry-misconduct",
    subject: str = "organization",
    level: str = "",
) -> set[str]:
    facts = Facts(region, domain, list_class, subject, level or None)
    return {profile.id for profile in route(CATALOGUE, facts)}


@pytest.mark.parametrize(
    ("region", "domain", "expected"),
    [
        (
            "130102",
            "engineering-tendering",
            {"credit-shijiazhuang", "tender-shijiazhuang", "trade-shijiazhuang"},
        ),
        ("350524", "engineering-tendering", {"credit-quanzhou", "trade-quanzhou"}),
        ("210000", "engineering-tendering", {"credit-liaoning", "trade-liaoning"}),
        ("130102", "housing-security", {"credit-shijiazhuang"}),
        ("130102", "government-procurement", {"credit-shijiazhuang", "trade-shijiazhuang", "procure-hebei"}),
        ("130000", "government-procurement", {"credit-hebei", "procure-hebei"}),
        ("130000", "tax", {"credit-hebei"}),
        ("350524", "forestry-rights", {"credit-quanzhou", "trade-quanzhou"}),
        ("350524", "work-safety", {"credit-quanzhou"}),
        ("350000", "land-transfer", {"trade-fujian"}),
        ("350000", "tax", set()),
        ("210102", "spot-check", {"credit-liaoning", "gsxt-liaoning"}),
        ("210102", "mining-rights", {"credit-liaoning", "trade-liaoning"}),
        ("000000", "state-assets", {"credit-china", "trade-china"}),
        ("000000", "tax", {"credit-china"}),
        ("110101", "engineering-tendering", set()),
    ],
)
def test_expected_routes(region: str, domain: str, expected: set[str]) -> None:
    assert routes(region, domain) == expected


def test_persons_are_not_sent_where_only_companies_are_shown() -> None:
    assert routes("210102", "spot-check", "notice", "individual") == {"credit-liaoning"}


def test_the_departments_level_decides_where_it_is_known() -> None:
    assert routes("130000", "tax", level="province") == {"credit-hebei"}
    assert "credit-shijiazhuang" not in routes("130102", "tax", level="province")


def test_what_is_relayed_is_never_pushed() -> None:
    for profile in CATALOGUE.values():
        if not profile.pushed:
            assert not any(profile.id in routes(code, "tax") for code in ("350524", "350500", "350000"))
    assert [hop.id for hop in relay_chain(CATALOGUE, "credit-quanzhou")] == ["credit-fujian", "credit-china"]
    assert relay_chain(CATALOGUE, "credit-china") == []
