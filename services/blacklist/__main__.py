"""`blacklist api|public|worker|migrate|sample-world`: one command per process of this service."""

import os
import sys
from collections.abc import Mapping, Sequence

from services.blacklist.app import PACKAGE, build_loops, open_deps
from services.blacklist.identity.wall import raise_wall
from services.blacklist.public.projection import drop_projection, project
from services.blacklist.sample import load_open_items, load_sample_world
from services.blacklist.settings import NAME, read_settings
from shared.db import is_migrated, migrate, open_database
from shared.logs import configure_logs
from shared.process import Command, become_web_server, choose, work

WSGI = "services.blacklist.app:from_environment()"
PUBLIC_WSGI = "services.blacklist.public.app:from_environment()"


def serve_api() -> None:
    become_web_server(WSGI, "127.0.0.1:8000", os.environ)


def serve_public() -> None:
    """The application is made once and shared by the processes; each opens its own connections."""
    become_web_server(PUBLIC_WSGI, "127.0.0.1:8000", os.environ, preload=True)


def run_worker() -> None:
    settings = read_settings(os.environ)
    configure_logs(settings.common.log_level, NAME)
    deps = open_deps(settings)
    work(build_loops(settings, deps), settings.common, deps.db)
    deps.db.close()


def run_migrations() -> None:
    """Tables, the wall between departments, what the public role may read; views would keep columns fixed."""
    settings = read_settings(os.environ)
    settings.common.data_dir.mkdir(parents=True, exist_ok=True)
    url, role = settings.common.db_url, settings.public.role
    db = open_database(url)
    if role and db.dialect == "postgresql" and not is_migrated(db, PACKAGE):
        drop_projection(db)
    migrate(url, PACKAGE)
    raise_wall(db)
    if role and db.dialect == "postgresql":
        project(db, role)
    db.close()


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
    "public": serve_public,
    "worker": run_worker,
    "migrate": run_migrations,
    "sample-world": load_sample,
}


def main(arguments: Sequence[str] | None = None) -> None:
    choose("blacklist", COMMANDS, arguments)


if __name__ == "__main__":
    main()
