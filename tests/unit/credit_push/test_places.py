"""A profile written on the site leads out, or where the installation's settings say; nowhere else."""

import pytest

from services.credit_push.catalogue import FOLDER, SAMPLE_VALUES, read_profile

SHIPPED = (FOLDER / "credit-quanzhou.toml").read_text("utf-8")
ENDPOINT = 'endpoint = "${SANDBOX_URL}/platforms/credit-quanzhou"'
VALUES = {**SAMPLE_VALUES, "PLATFORM_URL": "https://10.1.2.3", "PLATFORM_STORE": "postgresql://inside/x"}


def _faults(place: str, *, of_site: bool = True) -> list[str]:
    field = place.partition(" ")[0]
    text = SHIPPED.replace(ENDPOINT, place if field == "endpoint" else f"{ENDPOINT}\n{place}")
    return [one.field for one in read_profile("credit-quanzhou.toml", text, VALUES, of_site=of_site)[1]]


@pytest.mark.parametrize(
    "place",
    [
        *(
            f'endpoint = "http://{host}/x"'
            for host in ("127.0.0.1", "127.1", "2130706433", "10.0.0.1.", "169.254.169.254", "[::1]:80")
        ),
        *(
            f'endpoint = "http://{host}"'
            for host in ("localhost", "LOCALHOST.", "blacklist:8000", "db.local")
        ),
        'endpoint = "http://platform.gov.cn@10.0.0.1/"',
        'endpoint = "https://platform.gov.cn/${PLATFORM_STORE}"',
        'endpoint = "${SANDBOX_URL}.evil.cn"',
        'endpoint = "${PLATFORM_STORE}"',
        'ledger = "http://10.0.0.1/x"',
        'database = "sqlite:///var/blacklist.db"',
        'database = "${PLATFORM_STORE}?host=evil.cn"',
        'directory = "/etc"',
        'directory = "${SANDBOX_DIR}/../../blacklist"',
        'events = "sqlite:///var/events.db"',
        'ca_file = "/etc/shadow"',
    ],
)
def test_a_profile_of_the_site_does_not_point_inside(place: str) -> None:
    assert _faults(place) == [f"transport.{place.partition(' ')[0]}"]


@pytest.mark.parametrize(
    "place",
    [
        'endpoint = "https://platform.gov.cn:8443/in?x=1"',
        'endpoint = "http://8.8.8.8/x"',
        'endpoint = "${PLATFORM_URL}/in"',
        'database = "${SANDBOX_EXCHANGE}/a.db"',
        'directory = "${SANDBOX_DIR}/packets/a"',
    ],
)
def test_a_profile_of_the_site_leads_out_or_by_settings(place: str) -> None:
    assert _faults(place) == []


def test_the_shipped_files_are_not_asked() -> None:
    assert _faults('endpoint = "http://127.0.0.1/x"', of_site=False) == []
