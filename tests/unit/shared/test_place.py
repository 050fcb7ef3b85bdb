"""The site's address is a setting; whoever asks never chooses it."""

import pytest

from services.blacklist.settings import read_settings
from shared.settings import SettingsError
from shared.web.place import read_address


@pytest.mark.parametrize(
    ("env", "address"),
    [
        ({"SITE_DOMAIN": "credit.city.gov.cn"}, "https://credit.city.gov.cn"),
        ({"SITE_DOMAIN": "credit.city.gov.cn:8443"}, "https://credit.city.gov.cn:8443"),
        ({"SITE_DOMAIN": "a.gov.cn", "PUBLIC_URL": "http://b.gov.cn"}, "https://a.gov.cn"),
        ({"PUBLIC_URL": "http://10.1.2.3:8000/"}, "http://10.1.2.3:8000"),
        ({"BIND": "192.0.2.7:9000"}, "http://192.0.2.7:9000"),
        ({"BIND": "0.0.0.0:9000"}, "http://127.0.0.1:9000"),
        ({"BIND": "[::1]:9000"}, "http://[::1]:9000"),
        ({"BIND": "unix:/run/site.sock"}, "http://127.0.0.1:8000"),
        ({"PORT": "8100"}, "http://127.0.0.1:8000"),
        ({"PORT": "8100", "BIND": "127.0.0.1:9000"}, "http://127.0.0.1:9000"),
        ({}, "http://127.0.0.1:8000"),
    ],
)
def test_the_first_that_is_set_counts(env: dict[str, str], address: str) -> None:
    assert read_address(env, production=False) == address


@pytest.mark.parametrize(
    "env",
    [
        {"SITE_DOMAIN": "https://credit.city.gov.cn"},
        {"SITE_DOMAIN": "credit.city.gov.cn/path"},
        {"SITE_DOMAIN": "a b"},
        {"PUBLIC_URL": "credit.city.gov.cn"},
        {"PUBLIC_URL": "https://a.gov.cn/<b>"},
    ],
)
def test_what_is_no_address_is_refused_at_the_start(env: dict[str, str]) -> None:
    with pytest.raises(SettingsError):
        read_address(env, production=False)


def test_production_needs_a_domain(tmp_path) -> None:
    env = {"ENVIRONMENT": "production", "DATA_DIR": str(tmp_path), "PUBLIC_URL": "https://a.gov.cn"}
    with pytest.raises(SettingsError, match="SITE_DOMAIN"):
        read_settings(env)
    assert read_settings({**env, "SITE_DOMAIN": "b.gov.cn"}).address == "https://b.gov.cn"
