"""`notifier api|worker|migrate`: one command per process of this service."""

import os
from collections.abc import Mapping, Sequence

from services.notifier.app import PACKAGE, build_loops, open_deps
from services.notifier.settings import NAME, read_settings
from shared.db import migrate
from shared.logs import configure_logs
from shared.process import Command, become_web_server, choose, work

WSGI = "services.notifier.app:from_environment()"


def serve_api() -> None:
    become_web_server(WSGI, "127.0.0.1:8002", os.environ)


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


COMMANDS: Mapping[str, Command] = {
    "api": serve_api,
    "worker": run_worker,
    "migrate": run_migrations,
}


def main(arguments: Sequence[str] | None = None) -> None:
    choose("notifier", COMMANDS, arguments)


if __name__ == "__main__":
    main()
