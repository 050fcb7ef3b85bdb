"""The wiring of the public process: the register's routes and pages on a database it can only read.

Looking up persons, certificates, the transparency log and everything behind the sign-in stay with
`blacklist api`; deploy/nginx sends each address to its process.
"""

import os
from functools import partial
from pathlib import Path

from apiflask import APIBlueprint, APIFlask

from services.blacklist.public import elsewhere
from services.blacklist.public.projection import HIDDEN, SCHEMA
from services.blacklist.register import api as register
from services.blacklist.register.api import reconciling
from services.blacklist.register.api.lane import SearchLane
from services.blacklist.rules import api as rules
from services.blacklist.rules.queries import use_rules
from services.blacklist.settings import NAME, TITLE, Settings, read_settings
from services.blacklist.snapshots import api as snapshots
from services.blacklist.snapshots.queries import refuse_while_blocked
from services.blacklist.store import Deps
from services.blacklist.syndication import api as syndication
from services.blacklist.web import blocked, data, data_users, embedding, statistics, wording
from services.blacklist.web import public as pages
from shared.calendar import builtin_calendar
from shared.clock import SystemClock
from shared.crypto import KeyRing
from shared.db import is_migrated, open_for_reading
from shared.logs import configure_logs
from shared.process import rest_from_collecting
from shared.web.app import create_service_app, finish
from shared.web.place import warn_unnamed
from shared.web.tally import Tally
from shared.web.turnstile import Turnstile

PACKAGE = "services.blacklist"


def open_public_deps(settings: Settings) -> Deps:
    """No key at all: nothing sealed can be opened here, whatever happens."""
    common = settings.common
    use_rules(common.data_dir / "rules")
    return Deps(
        db=open_for_reading(settings.public.db_url, schema=SCHEMA, hidden=HIDDEN),
        clock=SystemClock(common.clock_file),
        keyring=KeyRing(Path(os.devnull), []),
        calendar=builtin_calendar(),
        data_dir=common.data_dir,
        data_user_hours=settings.data_user_hours,
        cache_seconds=settings.public.cache_seconds,
        embed_ancestors=settings.public.embed_ancestors,
    )


def create_public_app(settings: Settings, deps: Deps | None = None) -> APIFlask:
    """Everything in it is public; nobody is signed in here."""
    given = deps or open_public_deps(settings)
    common = settings.common
    warn_unnamed(settings.site, settings.address)
    app = create_service_app(
        __name__,
        name=f"{NAME}-public",
        title=TITLE,
        prefix=common.url_prefix,
        authenticate=lambda _request: None,
        clock=given.clock,
        ready=lambda: {"database": is_migrated(given.db, PACKAGE)},
        production=common.production,
        proxies=common.trusted_proxies,
        metrics=not common.production,
        site=settings.site,
        address=settings.address,
    )
    for blueprint in FEATURES:
        app.register_blueprint(blueprint(given))
    app.wsgi_app = SearchLane(app, given, production=common.production)  # type: ignore[method-assign]
    _count_and_limit(app, settings)
    return finish(app)


def _count_and_limit(app: APIFlask, settings: Settings) -> None:
    folder = settings.common.data_dir
    limited = Turnstile(
        app.wsgi_app,
        folder / "public-limits.db",
        per_hour=settings.public.per_address,
        proxies=settings.common.trusted_proxies,
        prefix=settings.common.url_prefix,
    )
    app.wsgi_app = Tally(limited, folder / "query-audit")  # type: ignore[method-assign]


def page_blueprint(deps: Deps) -> APIBlueprint:
    """Search and browse, listings, lists, statistics, who is behind with removals."""
    made = APIBlueprint("web", __name__, enable_openapi=False, template_folder="../web/templates")
    made.app_context_processor(
        lambda: {"words": wording, "export_blocked": partial(blocked.export_blocked, deps)}
    )
    pages.add_routes(made, deps, persons=False)
    data.add_routes(made, deps)
    data_users.add_board(made, deps)
    statistics.add_routes(made, deps)
    embedding.add_routes(made, deps)
    return made


FEATURES = (
    partial(register.blueprint, halted=refuse_while_blocked, persons=False),
    reconciling.blueprint,
    partial(syndication.blueprint, users=False),
    rules.public_blueprint,
    snapshots.blueprint,
    page_blueprint,
    lambda _deps: elsewhere.blueprint(),
)


def from_environment() -> APIFlask:
    """What gunicorn calls, once before it forks."""
    settings = read_settings(os.environ)
    configure_logs(settings.common.log_level, NAME)
    settings.common.data_dir.mkdir(parents=True, exist_ok=True)
    app = create_public_app(settings)
    rest_from_collecting()  # what is made before the fork stays common to all processes
    return app
