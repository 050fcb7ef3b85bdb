"""Settings of the stand-ins; production refuses them altogether."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


class ProductionRefused(RuntimeError):
    """The stand-ins never run where real platforms are served."""


@dataclass(frozen=True)
class SandboxSettings:
    """Where to listen, where to keep things, whom to call back."""

    host: str
    port: int
    data_dir: Path
    clock_file: Path
    callback_url: str
    exchange_url: str
    events_url: str
    log_level: str = "info"

    @property
    def folder(self) -> Path:
        """The stand-ins' own folder: nowhere else under DATA_DIR may identity numbers stand in clear."""
        return self.data_dir / "sandbox"


def read_sandbox(env: Mapping[str, str]) -> SandboxSettings:
    """From the environment; ProductionRefused where ENVIRONMENT is production."""
    if env.get("ENVIRONMENT", "").strip().lower() == "production":
        raise ProductionRefused("the sandbox refuses to start where ENVIRONMENT=production")
    data_dir = Path(env.get("DATA_DIR") or "var").absolute()
    site = env.get("PUSH_CALLBACK_URL") or f"http://127.0.0.1:{env.get('PORT') or '8000'}"
    prefix = env.get("CREDIT_PUSH_URL_PREFIX", "/push").rstrip("/")
    return SandboxSettings(
        host=env.get("SANDBOX_HOST") or "127.0.0.1",
        port=int(env.get("SANDBOX_PORT") or "8090"),
        data_dir=data_dir,
        clock_file=Path(env.get("CLOCK_FILE") or data_dir / "clock.json").absolute(),
        callback_url=f"{site.rstrip('/')}{prefix}/api/v1/receipts",
        exchange_url=env.get("SANDBOX_EXCHANGE") or f"sqlite:///{data_dir}/sandbox/exchange",
        events_url=env.get("SANDBOX_EVENTS") or f"sqlite:///{data_dir}/sandbox/events.db",
        log_level=env.get("LOG_LEVEL") or "info",
    )
