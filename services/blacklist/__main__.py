"""`blacklist api|worker|migrate|sample-world`: one command per process of this service."""

import os
import sys
from collections.abc import Mapping, Sequence

from services.blacklist.app import PACKAGE, build_loops, open_deps
from services.blacklist.sample import load_open_items, load_sample_world
from services.blacklist.settings import NAME, read_settings
from shared.db import migrate
from shared.logs import configure_logs
from shared.process import Command, become_web_server, choose, work

WSGI = "services.blacklist.app:from_environment()"


def serve_api() -> None:
    become_web_server(WSGI, "127.0.0.1:8000", os.environ)


def run_worker() -> None:
    settings = read_settings(os.environ)
    configure_logs(settings.common.log_level, NAME)
    deps = open_deps(settings)
    work(build_loops(settings, deps), settings.common.metrics_port)
    deps.db.close()


def run_migrations() -> None:
    settings = read_settings(os.environ)
    settings.common.data_dir.mkdir(parents=True, exist_ok=True)
    migrate(settings.common.db_url, PACKAGE)


def load_sample() -> None:
    """Departments, accounts, public items of the sample world; adds what is missing. Never in production."""
    settings = read_settings(os.environ)
    if settings.common.production:
        sys.exit("the sample world is refused where ENVIRONMENT=production")
    deps = open_deps(settings)
    load_sample_world(deps.db, clock=deps.clock, data_dir=deps.data_dir)
    with deps.db.write() as session:
        load_open_items(session, deps)
    deps.db.close()


COMMANDS: Mapping[str, Command] = {
    "api": serve_api,
    "worker": run_worker,
    "migrate": run_migrations,
    "sample-world": load_sample,
}


def main(arguments: Sequence[str] | None = None) -> None:
    choose("blacklist", COMMANDS, arguments)


if __name__ == "__main__":
    main()
