"""`credit-push api|worker|migrate|sandbox`: one command per process of this service."""

import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping, Sequence

from services.credit_push.app import PACKAGE, build_loops, open_deps
from services.credit_push.settings import NAME, read_settings
from shared.db import migrate
from shared.logs import configure_logs
from shared.loops import run
from shared.metrics import serve_metrics

WSGI = "services.credit_push.app:from_environment()"


def serve_api() -> None:
    """Become gunicorn, with the deployment's configuration file or the same values as arguments."""
    env = os.environ
    given = ["-c", env["GUNICORN_CONF"]] if env.get("GUNICORN_CONF") else _gunicorn_arguments(env)
    os.execvp("gunicorn", ["gunicorn", "--no-control-socket", *given, WSGI])  # noqa: S606  replaces this process


def _gunicorn_arguments(env: Mapping[str, str]) -> list[str]:
    values = {
        "--bind": env.get("BIND", "127.0.0.1:8001"),
        "--worker-class": "gthread",
        "--workers": env.get("WEB_PROCESSES", "2"),
        "--threads": env.get("WEB_THREADS", "8"),
        "--timeout": "60",
        "--graceful-timeout": "8",
        "--keep-alive": "15",
    }
    return [part for pair in values.items() for part in pair]


def run_worker() -> None:
    settings = read_settings(os.environ)
    configure_logs(settings.common.log_level, NAME)
    serve_metrics(settings.common.metrics_port)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    deps = open_deps(settings)
    run(build_loops(settings, deps), stop)
    deps.db.close()


def run_migrations() -> None:
    settings = read_settings(os.environ)
    settings.common.data_dir.mkdir(parents=True, exist_ok=True)
    migrate(settings.common.db_url, PACKAGE)


def run_sandbox() -> None:
    """The stand-in platforms; they know nothing of the rest of this service."""
    from services.credit_push.sandbox.__main__ import main as serve

    sys.exit(serve([]))


COMMANDS: Mapping[str, Callable[[], None]] = {
    "api": serve_api,
    "worker": run_worker,
    "migrate": run_migrations,
    "sandbox": run_sandbox,
}


def main(arguments: Sequence[str] | None = None) -> None:
    given = list(sys.argv[1:] if arguments is None else arguments)
    chosen = COMMANDS.get(given[0]) if len(given) == 1 else None
    if chosen is None:
        sys.exit(f"usage: credit-push {'|'.join(COMMANDS)}")
    chosen()


if __name__ == "__main__":
    main()
