"""`credit-push api|worker|migrate|sandbox`: one command per process of this service."""

import os
import sys
from collections.abc import Mapping, Sequence

from services.credit_push.app import PACKAGE, build_loops, open_deps
from services.credit_push.settings import NAME, read_settings
from shared.db import migrate
from shared.logs import configure_logs
from shared.process import Command, become_web_server, choose, work

WSGI = "services.credit_push.app:from_environment()"


def serve_api() -> None:
    become_web_server(WSGI, "127.0.0.1:8001", os.environ)


def run_worker() -> None:
    settings = read_settings(os.environ)
    configure_logs(settings.common.log_level, NAME)
    deps = open_deps(settings)
    work(build_loops(settings, deps), settings.common, deps.db)
    deps.db.close()


def run_migrations() -> None:
    settings = read_settings(os.environ)
    settings.common.data_dir.mkdir(parents=True, exist_ok=True)
    migrate(settings.common.db_url, PACKAGE)


def run_sandbox() -> None:
    """The stand-in platforms; they know nothing of the rest of this service."""
    from services.credit_push.sandbox.__main__ import main as serve

    sys.exit(serve([]))


COMMANDS: Mapping[str, Command] = {
    "api": serve_api,
    "worker": run_worker,
    "migrate": run_migrations,
    "sandbox": run_sandbox,
}


def main(arguments: Sequence[str] | None = None) -> None:
    choose("credit-push", COMMANDS, arguments)


if __name__ == "__main__":
    main()
