"""Settings: defaults of embedded mode, and every mistake named at once."""

from pathlib import Path

import pytest

from shared.settings import SettingsError, read_common


def test_defaults(tmp_path):
    common = read_common({"DATA_DIR": str(tmp_path)}, service="credit_push")
    assert common.events_url == f"sqlite:///{tmp_path}/events.db"
    assert common.db_url == f"sqlite:///{tmp_path}/credit_push.db"
    assert common.clock_file == tmp_path / "clock.json"
    assert common.keys_file == tmp_path / "keys.json"
    assert common.url_prefix == "/push"
    assert not common.production


def test_given_values():
    env = {
        "ENVIRONMENT": "production",
        "EVENTS_URL": "kafka://a:9092,b:9092",
        "BLACKLIST_DB_URL": "postgresql+psycopg://u:p@h/db",
        "KEYS_FILE": "/run/secrets/keys.json",
        "BLACKLIST_URL_PREFIX": "/register/",
        "CRYPTO_SUITE": "gm",
        "METRICS_PORT": "9101",
    }
    common = read_common(env, service="blacklist")
    assert common.production
    assert common.clock_file is None
    assert common.keys_file == Path("/run/secrets/keys.json")
    assert (common.url_prefix, common.crypto_suite, common.metrics_port) == ("/register", "gm", 9101)


def test_all_mistakes_are_named_without_values():
    env = {
        "ENVIRONMENT": "production",
        "CLOCK_FILE": "/x",
        "EVENTS_URL": "redis://secret",
        "NOTIFIER_DB_URL": "mysql://user:secret@x",
        "NOTIFIER_URL_PREFIX": "notices",
        "METRICS_PORT": "many",
        "LOG_LEVEL": "loud",
    }
    with pytest.raises(SettingsError) as raised:
        read_common(env, service="notifier")
    text = str(raised.value)
    for name in (
        "CLOCK_FILE",
        "EVENTS_URL",
        "NOTIFIER_DB_URL",
        "NOTIFIER_URL_PREFIX",
        "METRICS_PORT",
        "LOG_LEVEL",
    ):
        assert name in text
    assert "secret" not in text
