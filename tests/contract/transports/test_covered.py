"""Every platform of the catalogue that is pushed to is held to what transports promise, in its own format."""

from services.credit_push.catalogue import SAMPLE_VALUES, Profile, load_catalogue
from services.credit_push.transports import KINDS
from tests.contract.transports.conftest import NOT_SENT, PLATFORMS, PROFILES
from tests.e2e.every_platform import LEGS

SHIPPED = {name: each for name, each in load_catalogue(SAMPLE_VALUES).items() if each.transport.kind in KINDS}


def shape(profile: Profile) -> tuple[str, ...]:
    """Way, body and format: what makes one platform's traffic unlike another's."""
    way, transport = profile.transport.kind, profile.transport
    return (way, transport.protocol or "", transport.file or "", profile.record.format)


def held() -> set[tuple[str, ...]]:
    names = {name.split(" ")[0] for named in PLATFORMS.values() for name in named}
    known = {**SHIPPED, **load_catalogue(SAMPLE_VALUES, PROFILES)}
    return {shape(known[name]) for name in names}


def test_each_way_and_format_of_the_catalogue_passes_the_suite() -> None:
    sent = {name: shape(each) for name, each in SHIPPED.items() if each.transport.kind not in NOT_SENT}
    assert {name: each for name, each in sent.items() if each not in held()} == {}


def test_each_platform_is_reached_end_to_end() -> None:
    assert {platform for leg in LEGS for platform in leg.platforms} == set(SHIPPED)
