"""Settings every service shares, read once from the environment by the service's own settings module.

All mistakes are reported together. Defaults make embedded mode work with nothing set but DATA_DIR.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ENVIRONMENTS = ("development", "production")
LOG_LEVELS = ("debug", "info", "warning", "error")
CRYPTO_SUITES = ("intl", "gm")
_SERVICES = {"blacklist": "", "credit_push": "/push", "notifier": "/notices"}  # name -> default prefix
MOST = 10**9


class SettingsError(ValueError):
    """One or more settings cannot be used; the text lists them all."""


@dataclass(frozen=True)
class CommonSettings:
    """What every service needs to start. `clock_file` is None in production: nobody moves time there."""

    environment: str
    data_dir: Path
    events_url: str
    db_url: str
    clock_file: Path | None
    keys_file: Path
    url_prefix: str
    log_level: str
    crypto_suite: str
    metrics_port: int
    metrics_host: str
    trusted_proxies: int
    """How many proxies of ours stand in front: the client's address is what the outermost of them saw."""

    @property
    def production(self) -> bool:
        """Whether this is a production installation."""
        return self.environment == "production"


class _Reader:
    def __init__(self, env: Mapping[str, str]) -> None:
        self._env = env
        self.problems: list[str] = []

    def text(self, name: str, default: str) -> str:
        return self._env.get(name, "").strip() or default

    def choice(self, name: str, allowed: tuple[str, ...], default: str) -> str:
        value = self.text(name, default).lower()
        if value not in allowed:
            self.problems.append(f"{name} must be one of {', '.join(allowed)}")
        return value

    def url(self, name: str, default: str, schemes: tuple[str, ...]) -> str:
        value = self.text(name, default)
        if not value.startswith(schemes):
            self.problems.append(f"{name} must start with {' or '.join(schemes)}")
        return value

    def prefix(self, name: str, default: str) -> str:
        value = self.text(name, default).rstrip("/")
        if value and not value.startswith("/"):
            self.problems.append(f"{name} must be empty or start with /")
        return value

    def count(self, name: str, default: int) -> int:
        value = self.text(name, str(default))
        if not value.isdecimal() or int(value) > MOST:
            self.problems.append(f"{name} must be a whole number")
            return default
        return int(value)

    def port(self, name: str) -> int:
        value = self.text(name, "0")
        if not value.isdecimal() or int(value) > 65535:
            self.problems.append(f"{name} must be a port number (0 = off)")
            return 0
        return int(value)


def read_common(env: Mapping[str, str], *, service: str) -> CommonSettings:
    """The common settings of "blacklist", "credit_push" or "notifier"; SettingsError if any is wrong."""
    reader = _Reader(env)
    environment = reader.choice("ENVIRONMENT", ENVIRONMENTS, "development")
    data_dir = Path(reader.text("DATA_DIR", "var")).absolute()
    upper = service.upper()
    settings = CommonSettings(
        environment=environment,
        data_dir=data_dir,
        events_url=reader.url("EVENTS_URL", f"sqlite:///{data_dir}/events.db", ("sqlite:///", "kafka://")),
        db_url=reader.url(
            f"{upper}_DB_URL", f"sqlite:///{data_dir}/{service}.db", ("sqlite:///", "postgresql+psycopg://")
        ),
        clock_file=_clock_file(reader, environment, data_dir),
        keys_file=Path(reader.text("KEYS_FILE", str(data_dir / "keys.json"))).absolute(),
        url_prefix=reader.prefix(f"{upper}_URL_PREFIX", _SERVICES[service]),
        log_level=reader.choice("LOG_LEVEL", LOG_LEVELS, "info"),
        crypto_suite=reader.choice("CRYPTO_SUITE", CRYPTO_SUITES, "intl"),
        metrics_port=reader.port("METRICS_PORT"),
        metrics_host=reader.text("METRICS_HOST", "127.0.0.1"),
        trusted_proxies=reader.count("TRUSTED_PROXIES", 0),
    )
    if reader.problems:
        raise SettingsError("; ".join(reader.problems))
    return settings


def read_count(env: Mapping[str, str], name: str, default: int) -> int:
    """A number above zero that one service alone reads; SettingsError if it is none."""
    reader = _Reader(env)
    found = reader.count(name, default)
    if reader.problems or not found:
        raise SettingsError(f"{name} must be a whole number above 0")
    return found


def _clock_file(reader: _Reader, environment: str, data_dir: Path) -> Path | None:
    if environment != "production":
        return Path(reader.text("CLOCK_FILE", str(data_dir / "clock.json"))).absolute()
    if reader.text("CLOCK_FILE", ""):
        reader.problems.append("CLOCK_FILE must not be set in production: business time is real time there")
    return None
